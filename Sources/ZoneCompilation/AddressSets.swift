import DNSAuthority
import IPAddressing
import ProviderRegistry

/// The A and AAAA RRsets of a service and, sharing their octets, those of its instances.
struct AddressSets {
    private let ttl: UInt32
    private var families: [Family] = []

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

    /// Adds the service's RRsets: each distinct address once, in the order of the providers.
    init(of providers: [(Registration, HostAddresses)], ttl: UInt32, _ builder: inout RecordBlockBuilder) {
        self.ttl = ttl
        for type in [RecordType.a, .aaaa] { families.append(Self.add(type, of: providers, ttl, &builder)) }
    }

    private static func add(
        _ type: RecordType, of providers: [(Registration, HostAddresses)], _ ttl: UInt32, _ builder: inout RecordBlockBuilder
    ) -> Family {
        var rrset = RRset(type, ttl: ttl)
        var positions: [RecordData: Int] = [:]
        let isWeighted = Set(providers.map(\.0.provider.weight)).count > 1
        for (registration, addresses) in providers {
            guard let records = addresses.records(type) else {
                rrset.isUnknown = true
                continue
            }
            let share = isWeighted ? weight(of: registration.provider, spreadOver: records.count) : 0
            if !records.isEmpty, registration.isHeld { rrset.isHeld = true }
            for record in records {
                let position = positions[record] ?? rrset.records.count
                if position == rrset.records.count {
                    positions[record] = position
                    rrset.records.append(record)
                    rrset.weights.append(0)
                }
                rrset.weights[position] =
                    rrset.weights[position].addingReportingOverflow(share).overflow ? .max : rrset.weights[position] + share
            }
        }
        let isWorthAdding = rrset.isUnknown || !rrset.records.isEmpty
        return Family(type: type, handle: isWorthAdding ? builder.add(rrset) : nil, positions: positions)
    }

    /// A provider's weight over its addresses, so fine that small weights do not vanish.
    private static func weight(of provider: Provider, spreadOver count: Int) -> UInt32 {
        UInt32(provider.weight) << 12 / UInt32(clamping: max(count, 1))
    }

    /// Adds the RRsets of one of the providers.
    func add(_ registration: Registration, _ addresses: HostAddresses, _ builder: inout RecordBlockBuilder) -> Own {
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
