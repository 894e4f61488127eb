import DNSAuthority
import IPAddressing
import ProviderRegistry

/// The sets of addresses that a service's hosts have, each once: hosts with the same addresses share octets, however many they are.
struct AddressSets {
    /// Providers with the same addresses count as one with all their weight.
    private struct Set {
        let addresses: HostAddresses
        var weight: UInt64 = 0
        var isHeld = false
        /// What its instances have: of those that are not held, of those that are.
        var own: (current: Own?, held: Own?) = (nil, nil)
    }

    /// The RRsets of one instance: none for a family that it definitely lacks.
    struct Own {
        /// Both families, those included whose addresses are not known.
        var all: [RecordBlockBuilder.Handle] = []
        /// What can go along with an SRV record.
        var known = RecordBlockBuilder.Additional()
    }

    private let ttl: UInt32
    private var sets: [Set] = []
    private var places: [HostAddresses: Int] = [:]
    private var placesOfHosts: [ProviderHost: Int] = [:]
    private var families: [Family] = []

    init(ttl: UInt32) { self.ttl = ttl }

    /// The place of the set of a host's addresses, which `addresses` gives, and whether it is a new one.
    mutating func place(of host: ProviderHost, _ addresses: (ProviderHost) -> HostAddresses) -> (Int, isNew: Bool) {
        if let place = placesOfHosts[host] { return (place, false) }
        let found = addresses(host)
        let place = places[found] ?? sets.count
        let isNew = place == sets.count
        if isNew {
            sets.append(Set(addresses: found))
            places[found] = place
        }
        placesOfHosts[host] = place
        return (place, isNew)
    }

    /// Has a set stand for one provider more.
    mutating func add(_ registration: Registration, to place: Int) {
        sets[place].weight += UInt64(registration.provider.weight)
        sets[place].isHeld = sets[place].isHeld || registration.isHeld || sets[place].addresses.isHeld
    }

    /// Takes the newest set out again, which stands for no provider.
    mutating func removeLast() { sets.removeLast() }

    /// Most octets that a set takes: among the service's addresses, as those of its instances, and as those of instances that are held.
    func room(_ place: Int) -> Int {
        let addresses = sets[place].addresses
        return 3 * RecordBlockBuilder.room(forRecords: addresses.ipv4.addresses.count, ofLength: 4)
            + 3 * RecordBlockBuilder.room(forRecords: addresses.ipv6.addresses.count, ofLength: 16)
    }
}

// MARK: The service's RRsets

extension AddressSets {
    /// The service's RRset of one type.
    private struct Family {
        let type: RecordType
        let handle: RecordBlockBuilder.Handle?
        /// Where in the RRset each address stands.
        let positions: [RecordData: Int]
    }

    /// Adds the RRsets of the service itself: each distinct address once, in the order of the providers. `isUnknown`: there may be others.
    mutating func addWhole(isWeighted: Bool, isUnknown: Bool, _ builder: inout RecordBlockBuilder) -> [RecordBlockBuilder.Handle] {
        for type in [RecordType.a, .aaaa] { families.append(whole(type, isWeighted: isWeighted, isUnknown: isUnknown, &builder)) }
        return families.compactMap(\.handle)
    }

    private func whole(_ type: RecordType, isWeighted: Bool, isUnknown: Bool, _ builder: inout RecordBlockBuilder) -> Family {
        var rrset = RRset(type, ttl: ttl)
        rrset.isUnknown = isUnknown
        var positions: [RecordData: Int] = [:]
        for set in sets {
            guard let records = set.addresses.records(type) else {
                rrset.isUnknown = true
                continue
            }
            // So fine that small weights over many addresses do not vanish. Overflows with 2³² providers, which no machine holds.
            let share = isWeighted ? set.weight << 16 / UInt64(max(records.count, 1)) : 0
            if !records.isEmpty, set.isHeld { rrset.isHeld = true }
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
}

// MARK: The instances' RRsets

extension AddressSets {
    /// Adds the RRsets of one of the providers, which has the set at this place. Those that share a set share them.
    mutating func addOwn(_ place: Int, isHeld: Bool, _ builder: inout RecordBlockBuilder) -> Own {
        let isHeld = isHeld || sets[place].addresses.isHeld
        if let own = isHeld ? sets[place].own.held : sets[place].own.current { return own }
        let own = makeOwn(sets[place].addresses, isHeld: isHeld, &builder)
        if isHeld { sets[place].own.held = own } else { sets[place].own.current = own }
        return own
    }

    private func makeOwn(_ addresses: HostAddresses, isHeld: Bool, _ builder: inout RecordBlockBuilder) -> Own {
        var own = Own()
        for family in families {
            var rrset = RRset(family.type, ttl: ttl)
            rrset.isHeld = isHeld
            guard let records = addresses.records(family.type) else {
                rrset.isUnknown = true
                own.all.append(builder.add(rrset))
                continue
            }
            guard let first = records.first else { continue }
            let handle: RecordBlockBuilder.Handle
            if let whole = family.handle, sets.count == 1, sets[0].isHeld == isHeld {
                // All that the service has is this one's, in the same order: the same octets.
                handle = whole
            } else if records.count == 1, let whole = family.handle, let position = family.positions[first] {
                handle = builder.add(record: position, of: whole, isHeld: isHeld)
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
