import DNSAuthority
import IPAddressing
import ProviderRegistry
import Testing

@testable import ZoneCompilation

/// A zone `z` in which each host leads to others.
private final class Hosts: AddressBook.Names {
    let hosts: [String: [ProviderHost]]
    /// How often it was asked.
    private(set) var count = 0

    init(_ hosts: [String: [ProviderHost]]) { self.hosts = hosts }

    func hosts(at name: DomainName) -> InZoneHosts? {
        count += 1
        return name.text.hasSuffix(".z.") ? .hosts(hosts[name.text] ?? [], isHeld: false) : nil
    }
}

@Suite struct AddressBookTests {
    private let one = IPv4Address(value: 1)
    private let none = HostAddresses(ipv4: .known([]), ipv6: .known([]))

    private func addresses(of host: ProviderHost, _ hosts: [String: [ProviderHost]]) -> HostAddresses {
        var book = AddressBook()
        return book.addresses(of: host, in: Hosts(hosts))
    }

    @Test func `a literal is its own address, and definitely has none of the other family`() {
        #expect(addresses(of: .ipv4(one), [:]) == HostAddresses(ipv4: .known([one]), ipv6: .known([])))
    }

    @Test func `hosts in the zone lead to others, and in a circle to nothing`() {
        #expect(addresses(of: .name("b.z"), ["a.z.": [.name("b.z"), .ipv4(one)], "b.z.": [.name("a.z")]]).ipv4 == .known([one]))
        #expect(addresses(of: .name("a.z"), ["a.z.": [.name("b.z")], "b.z.": [.name("a.z")]]) == none)
    }

    @Test func `names that lead to each other have the same addresses, whichever is asked for first`() {
        let two = IPv4Address(value: 2)
        let circles: [String: [ProviderHost]] = [
            "a.z.": [.name("b.z"), .name("c.z")], "b.z.": [.name("a.z"), .ipv4(one)], "c.z.": [.name("d.z")],
            "d.z.": [.name("c.z"), .ipv4(two), .name("d.z")],
        ]
        let names = ["a.z", "b.z", "c.z", "d.z"]
        for start in names {
            var book = AddressBook()
            let hosts = Hosts(circles)
            _ = book.addresses(of: .name(start), in: hosts)
            let found = names.map { book.addresses(of: .name($0), in: hosts).ipv4 }
            #expect(found == [.known([one, two]), .known([one, two]), .known([two]), .known([two])], "from \(start)")
        }
    }

    @Test func `unknown is what has no address and misses an answer`() {
        var book = AddressBook()
        _ = book.resolve("known.test", to: HostAddresses(ipv4: .known([one]), ipv6: .unknown))
        let hosts = Hosts(["a.z.": [.name("known.test"), .name("new.test")], "b.z.": [.name("a.z"), .name("c.z")]])
        for name in ["a.z", "b.z"] {
            let found = book.addresses(of: .name(name), in: hosts)
            #expect(found == HostAddresses(ipv4: .known([one]), ipv6: .unknown))
        }
        let found = book.addresses(of: .name("c.z"), in: hosts)
        #expect(found == none)
    }

    @Test func `what the resolver no longer knows is not known`() {
        var book = AddressBook()
        let known = HostAddresses(ipv4: .known([one]), ipv6: .known([]))
        let (isNews, isNewsAgain) = (book.resolve("h.test", to: known), book.resolve("h.test", to: known))
        #expect(isNews && !isNewsAgain)
        let found = book.addresses(of: .name("h.test"), in: Hosts([:]))
        #expect(found == known)
        let isLost = book.resolve("h.test", to: HostAddresses())
        #expect(isLost)
        let later = book.addresses(of: .name("h.test"), in: Hosts([:]))
        #expect(later == HostAddresses())
    }

    /// In whatever order they come: the zone must not depend on the way to it.
    @Test func `a name has the lowest of its addresses, as many as a host may have`() {
        let most = HostAddresses.mostOfOneFamily
        let hosts = (1...3 * most).map { ProviderHost.ipv4(IPv4Address(value: UInt32($0))) }
        let lowest = KnownAddresses.known((1...most).map { IPv4Address(value: UInt32($0)) })
        for order in [hosts, hosts.reversed(), hosts.shuffled()] {
            #expect(addresses(of: .name("a.z"), ["a.z.": order]).ipv4 == lowest)
            let links = Dictionary(uniqueKeysWithValues: order.enumerated().map { ("h\($0).z.", [$1]) })
            let all = links.merging(["a.z.": order.indices.map { .name("h\($0).z") }]) { $1 }
            #expect(addresses(of: .name("a.z"), all).ipv4 == lowest)
        }
        var book = AddressBook()
        let many = (1...3 * most).reversed().map { IPv4Address(value: UInt32($0)) }
        _ = book.resolve("h.test", to: HostAddresses(ipv4: .known(many), ipv6: .unknown))
        let found = book.addresses(of: .name("h.test"), in: Hosts([:])).ipv4
        #expect(found == lowest)
    }

    @Test func `a chain of any length is followed to its end`() {
        // A cost of its square would be minutes.
        let length = 100_000
        var links = Dictionary(uniqueKeysWithValues: (0..<length).map { ("h\($0).z.", [ProviderHost.name("h\($0 + 1).z")]) })
        links["h\(length).z."] = [.ipv4(one)]
        #expect(addresses(of: .name("h0.z"), links).ipv4 == .known([one]))
    }

    @Test func `what no service that waits can have looked at is not kept`() {
        let links: [String: [ProviderHost]] = ["a.z.": [.ipv4(one)], "i.b.z.": [.ipv4(one)], "c.z.": [.ipv4(one)]]
        let hosts = Hosts(links)
        var book = AddressBook()
        for name in ["a.z", "i.b.z", "c.z"] { _ = book.addresses(of: .name(name), in: hosts) }
        book.unsettle { [DomainName(text: "a.z"), DomainName(text: "b.z")].contains($0) }
        let count = hosts.count
        for name in ["a.z", "i.b.z"] { _ = book.addresses(of: .name(name), in: hosts) }
        #expect(hosts.count == count)
        _ = book.addresses(of: .name("c.z"), in: hosts)
        #expect(hosts.count == count + 1)
        let wasSettled = book.unsettle(DomainName(text: "b.z") ?? .root)
        #expect(wasSettled, "as an owner whose instance was looked at")
    }

    /// Aliases times hosts: 200 × 200 would be 40,000.
    @Test func `what a name leads to is worked out once, and again when it is different`() {
        var links: [String: [ProviderHost]] = ["f.z.": (0..<200).map { .name("n\($0).z") }, "g.z.": [.name("f.z")]]
        for number in 0..<200 { links["i\(number).g.z."] = [.name("g.z")] }
        let hosts = Hosts(links)
        var book = AddressBook()
        for number in 0..<200 { #expect(book.addresses(of: .name("i\(number).g.z"), in: hosts) == none) }
        #expect(hosts.count == 402)
        let (wasSettled, isStill) = (book.unsettle(DomainName(text: "f.z") ?? .root), book.unsettle(DomainName(text: "f.z") ?? .root))
        #expect(wasSettled && !isStill)
        links["f.z."] = [.ipv4(one)]
        let found = book.addresses(of: .name("f.z"), in: Hosts(links)).ipv4
        #expect(found == .known([one]))
        _ = book.unsettle(DomainName(text: "g.z") ?? .root)
        let beyond = book.addresses(of: .name("i7.g.z"), in: Hosts(links)).ipv4
        #expect(beyond == .known([one]))
    }
}
