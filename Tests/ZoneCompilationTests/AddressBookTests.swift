import DNSAuthority
import IPAddressing
import ProviderRegistry
import Testing

@testable import ZoneCompilation

/// A zone `z` in which each host leads to others.
private struct Hosts: AddressBook.Interior {
    let hosts: [String: [ProviderHost]]

    func hosts(at name: DomainName) -> InteriorHosts? { name.text.hasSuffix(".z.") ? .hosts(hosts[name.text] ?? []) : nil }
}

@Suite struct AddressBookTests {
    private let one = IPv4Address(value: 1)

    @Test func `a literal is its own address, and definitely has none of the other family`() {
        let addresses = AddressBook().addresses(of: .ipv4(one), in: Hosts(hosts: [:]))
        #expect(addresses == HostAddresses(ipv4: .known([one]), ipv6: .known([])))
    }

    @Test func `hosts in the zone lead to others, and in a circle to nothing`() {
        let hosts = Hosts(hosts: ["a.z.": [.name("b.z"), .ipv4(one)], "b.z.": [.name("a.z")]])
        #expect(AddressBook().addresses(of: .name("b.z"), in: hosts).ipv4 == .known([one]))
        let circle = Hosts(hosts: ["a.z.": [.name("b.z")], "b.z.": [.name("a.z")]])
        #expect(AddressBook().addresses(of: .name("a.z"), in: circle) == HostAddresses(ipv4: .known([]), ipv6: .known([])))
    }

    @Test func `unknown is what has no address and misses an answer`() {
        let book = AddressBook(resolved: ["known.test": HostAddresses(ipv4: .known([one]), ipv6: .unknown)])
        let hosts = Hosts(hosts: ["a.z.": [.name("known.test"), .name("new.test")]])
        #expect(book.addresses(of: .name("a.z"), in: hosts) == HostAddresses(ipv4: .known([one]), ipv6: .unknown))
    }

    @Test func `many hosts behind one name are all found`() {
        let hosts = (1...300).map { ProviderHost.ipv4(IPv4Address(value: $0)) }
        let links = Dictionary(uniqueKeysWithValues: hosts.enumerated().map { ("h\($0).z.", [$1]) })
        let all = Hosts(hosts: links.merging(["a.z.": (0..<300).map { .name("h\($0).z") }]) { $1 })
        #expect(AddressBook().addresses(of: .name("a.z"), in: all).ipv4.addresses.count == 300)
    }

    @Test func `a chain that is too long leaves the rest unknown`() {
        let links = (0...AddressBook.longestChain).map { ("h\($0).z.", [ProviderHost.name("h\($0 + 1).z")]) }
        let addresses = AddressBook().addresses(of: .name("h0.z"), in: Hosts(hosts: Dictionary(uniqueKeysWithValues: links)))
        #expect(addresses == HostAddresses())
    }
}
