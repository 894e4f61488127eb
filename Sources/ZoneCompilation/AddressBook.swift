import DNSAuthority
import IPAddressing
import ProviderRegistry

/// Where addresses of hosts come from: the literal itself, the resolver's word, or for hosts inside served zones the registry.
struct AddressBook {
    /// What the resolver has said, by host name in lower case without a final dot.
    var resolved: [String: HostAddresses] = [:]

    /// How many names inside the served zones may lead to each other before there is an address, and how many hosts are looked at for one.
    /// What lies beyond is left unknown, so that providers which name each other without end cost little.
    static let longestChain = 16
    static let mostHosts = 10_000

    /// The zones' content as far as hosts inside them need it.
    protocol Interior {
        /// What stands at a name, or nil if the name is in no served zone.
        func hosts(at name: DomainName) -> InteriorHosts?
    }

    /// All addresses of a host. Hosts inside the zones that lead back to themselves add nothing.
    func addresses(of host: ProviderHost, in interior: some Interior) -> HostAddresses {
        if let addresses = host.literalAddresses { return addresses }
        var collector = Collector()
        var seen: Set<DomainName> = []
        var count = 0
        var level = [host]
        for _ in 0...Self.longestChain {
            var next: [ProviderHost] = []
            for host in level {
                count += 1
                guard count <= Self.mostHosts else { return collector.result(isComplete: false) }
                switch hosts(behind: host, &seen, in: interior) {
                case .addresses(let addresses): collector.add(addresses)
                case .hosts(let hosts): next += hosts
                }
            }
            if next.isEmpty { return collector.result(isComplete: true) }
            level = next
        }
        return collector.result(isComplete: false)
    }

    /// What one host leads to; a name that has been met before, to nothing more.
    private func hosts(behind host: ProviderHost, _ seen: inout Set<DomainName>, in interior: some Interior) -> InteriorHosts {
        guard case .name(let text) = host else { return .addresses(host.literalAddresses ?? HostAddresses()) }
        guard let name = DomainName(text: text), let inside = interior.hosts(at: name) else {
            return .addresses(resolved[text] ?? HostAddresses())
        }
        return seen.insert(name).inserted ? inside : .hosts([])
    }
}

/// What a name inside a served zone leads to.
enum InteriorHosts {
    /// These addresses.
    case addresses(HostAddresses)
    /// The hosts of these providers; none where nobody offers anything.
    case hosts([ProviderHost])
}

/// Adds up addresses: distinct ones, in the order they came; unknown only while nothing is known and something is missing.
private struct Collector {
    private var ipv4 = Family<IPv4Address>()
    private var ipv6 = Family<IPv6Address>()

    private struct Family<Address: Hashable & Sendable> {
        var addresses: [Address] = []
        var seen: Set<Address> = []
        var isMissing = false

        mutating func add(_ known: KnownAddresses<Address>) {
            if known.isUnknown { isMissing = true }
            for address in known.addresses where seen.insert(address).inserted { addresses.append(address) }
        }

        var result: KnownAddresses<Address> { addresses.isEmpty && isMissing ? .unknown : .known(addresses) }
    }

    mutating func add(_ addresses: HostAddresses) {
        ipv4.add(addresses.ipv4)
        ipv6.add(addresses.ipv6)
    }

    func result(isComplete: Bool) -> HostAddresses {
        var whole = self
        if !isComplete { whole.add(HostAddresses()) }
        return HostAddresses(ipv4: whole.ipv4.result, ipv6: whole.ipv6.result)
    }
}

extension ProviderHost {
    /// The address of a host that is one; nil for a name.
    fileprivate var literalAddresses: HostAddresses? {
        switch self {
        case .ipv4(let address): HostAddresses(ipv4: .known([address]), ipv6: .known([]))
        case .ipv6(let address): HostAddresses(ipv4: .known([]), ipv6: .known([address]))
        case .name: nil
        }
    }
}
