import DNSAuthority
import IPAddressing
import ProviderRegistry

/// The A and AAAA RRsets of a service and, sharing their octets, those of its instances.
struct AddressSets {
    private let ttl: UInt32
    private var families: [Family] = []
    private var owned: [Sharing: Own] = [:]

    /// What instances have in common that have the same RRsets.
    private struct Sharing: Hashable {
        let host: ProviderHost
        let isHeld: Bool
    }

    /// The service's RRset of one type.
    private struct Family {
        let type: RecordType
        let handle: RecordBlockBuilder.Handle?
        /// Where in the RRset each address stands.
        let positions: [RecordData: Int]
    }

    /// The RRsets of one instance: none for a family that it definitely lacks.
    struct Own {
        /// Both families, those included whose addresses are not known at present.
        var all: [RecordBlockBuilder.Handle] = []
        /// What can go along with an SRV record.
        var known = RecordBlockBuilder.Additional()
    }

    /// The RRsets of the service itself.
    var whole: [RecordBlockBuilder.Handle] { families.compactMap(\.handle) }

    /// Providers on one host count as one with all their weight.
    private struct Host {
        let addresses: HostAddresses
        var weight: UInt64
        var isHeld: Bool
    }

    /// Adds the service's RRsets: each distinct address once, in the order of the providers.
    /// `isUnknown`: there may be others.
    init(of providers: [(Registration, HostAddresses)], isUnknown: Bool, ttl: UInt32, _ builder: inout RecordBlockBuilder) {
        self.ttl = ttl
        var hosts: [Host] = []
        var places: [ProviderHost: Int] = [:]
        for (registration, addresses) in providers {
            let weight = UInt64(registration.provider.weight)
            if let place = places[registration.provider.host] {
                hosts[place].weight += weight
                hosts[place].isHeld = hosts[place].isHeld || registration.isHeld
            } else {
                places[registration.provider.host] = hosts.count
                hosts.append(Host(addresses: addresses, weight: weight, isHeld: registration.isHeld))
            }
        }
        let isWeighted = Set(providers.map(\.0.provider.weight)).count > 1
        for type in [RecordType.a, .aaaa] { families.append(Self.add(type, of: hosts, isUnknown, isWeighted: isWeighted, ttl, &builder)) }
    }

    private static func add(
        _ type: RecordType, of hosts: [Host], _ isUnknown: Bool, isWeighted: Bool, _ ttl: UInt32, _ builder: inout RecordBlockBuilder
    ) -> Family {
        var rrset = RRset(type, ttl: ttl)
        rrset.isUnknown = isUnknown
        var positions: [RecordData: Int] = [:]
        for host in hosts {
            guard let records = host.addresses.records(type) else {
                rrset.isUnknown = true
                continue
            }
            // So fine that small weights over many addresses do not vanish. Overflows with 2³² providers, which no machine holds.
            let share = isWeighted ? host.weight << 16 / UInt64(max(records.count, 1)) : 0
            if !records.isEmpty, host.isHeld { rrset.isHeld = true }
            for record in records {
                let position = positions[record] ?? rrset.records.count
                if position == rrset.records.count {
                    positions[record] = position
                    rrset.records.append(record)
                    rrset.weights.append(0)
                }
                rrset.weights[position] += share
            }
        }
        let isWorthAdding = rrset.isUnknown || !rrset.records.isEmpty
        return Family(type: type, handle: isWorthAdding ? builder.add(rrset) : nil, positions: positions)
    }

    /// Adds the RRsets of one of the providers, which share those of an earlier one on the same host.
    mutating func add(_ registration: Registration, _ addresses: HostAddresses, _ builder: inout RecordBlockBuilder) -> Own {
        let sharing = Sharing(host: registration.provider.host, isHeld: registration.isHeld)
        if let own = owned[sharing] { return own }
        let own = make(registration, addresses, &builder)
        owned[sharing] = own
        return own
    }

    private func make(_ registration: Registration, _ addresses: HostAddresses, _ builder: inout RecordBlockBuilder) -> Own {
        var own = Own()
        for family in families {
            var rrset = RRset(family.type, ttl: ttl)
            rrset.isHeld = registration.isHeld
            guard let records = addresses.records(family.type) else {
                rrset.isUnknown = true
                own.all.append(builder.add(rrset))
                continue
            }
            guard let first = records.first else { continue }
            let handle: RecordBlockBuilder.Handle
            if records.count == 1, let whole = family.handle, let position = family.positions[first] {
                handle = builder.add(record: position, of: whole, isHeld: registration.isHeld)
            } else {
                rrset.records = records
                handle = builder.add(rrset)
            }
            own.all.append(handle)
            if family.type == .a { own.known.ipv4 = handle } else { own.known.ipv6 = handle }
        }
        return own
    }
}

extension HostAddresses {
    /// The host's records of type A or AAAA; nil while they are not known.
    fileprivate func records(_ type: RecordType) -> [RecordData]? {
        type == .a ? ipv4.map { .a($0.value) } : ipv6.map { .aaaa($0.value) }
    }
}

extension KnownAddresses {
    fileprivate func map(_ transform: (Address) -> RecordData) -> [RecordData]? { isUnknown ? nil : addresses.map(transform) }
}
