import DNSAuthority
import IPAddressing
import ProviderRegistry

/// The sets of addresses that a service's hosts have, each once: hosts with the same addresses share octets, however many they are.
struct AddressSets {
    /// Providers with the same addresses count as one with all their weight.
    fileprivate struct Set {
        let addresses: Addresses
        var weight: UInt64 = 0
        var isHeld = false
        /// The lowest rank of its providers.
        var rank = Int.max
        /// Where its first provider lies on the ring.
        var place: UInt32 = 0
        /// Its first record among the candidates of each type, IPv4 first.
        var firsts = (0, 0)
        /// What its instances have: of those that are not held, of those that are.
        var own: (current: Own?, held: Own?) = (nil, nil)
    }

    /// The addresses of one host; nearly every host has one.
    fileprivate enum Addresses: Hashable {
        case one(IPAddress)
        case several(HostAddresses)
    }

    /// The RRsets of one instance: none for a family that it definitely lacks.
    struct Own {
        /// Both families, those included whose addresses are not known.
        var all = RecordBlockBuilder.Additional()
        /// What can go along with an SRV record.
        var known = RecordBlockBuilder.Additional()
    }

    private let policy: ZonePolicy
    private var sets: [Set] = []
    private var places: [Addresses: Int] = [:]
    private var placesOfNames: [String: Int] = [:]
    private var families: [Family] = []

    /// Sets for at most so many hosts.
    init(_ policy: ZonePolicy, hosts: Int) {
        self.policy = policy
        sets.reserveCapacity(hosts)
        places.reserveCapacity(hosts)
    }

    /// The place of the set of a host's addresses, which `addresses` gives, and whether it is a new one.
    mutating func place(of host: ProviderHost, _ addresses: (ProviderHost) -> HostAddresses) -> (Int, isNew: Bool) {
        guard case .name(let name) = host else { return place(of: host.literal.map(Addresses.one) ?? Addresses(addresses(host))) }
        if let place = placesOfNames[name] { return (place, false) }
        let result = place(of: Addresses(addresses(host)))
        placesOfNames[name] = result.0
        return result
    }

    private mutating func place(of addresses: Addresses) -> (Int, isNew: Bool) {
        if let place = places[addresses] { return (place, false) }
        places[addresses] = sets.count
        sets.append(Set(addresses: addresses))
        return (sets.count - 1, true)
    }

    /// Has a set stand for one provider more.
    mutating func add(_ member: MergedService.Member, to place: Int) {
        sets[place].weight += UInt64(member.provider.weight)
        sets[place].rank = min(sets[place].rank, RecordChoice.rank(member.provider))
        sets[place].isHeld = sets[place].isHeld || member.isHeld || sets[place].addresses.isHeld
    }

    /// Takes the newest set out again, which stands for no provider.
    mutating func removeLast() { sets.removeLast() }

    /// Most octets that a set takes: among the service's addresses, as those of its instances, and as those of instances that are held.
    func room(_ place: Int) -> Int {
        let addresses = sets[place].addresses
        return 3 * RecordBlockBuilder.room(forRecords: addresses.count(.a) ?? 0, ofLength: 4)
            + 3 * RecordBlockBuilder.room(forRecords: addresses.count(.aaaa) ?? 0, ofLength: 16)
    }
}

// MARK: The service's RRsets

extension AddressSets {
    /// The service's RRset of one type.
    private struct Family {
        let type: RecordType
        let handle: RecordBlockBuilder.Handle?
        /// Where in the RRset each candidate stands; nil for one that is left out.
        let positions: [Int?]
    }

    /// An address record that the service may have.
    private struct Candidate: RecordChoice.Candidate {
        let record: RecordData
        let place: UInt32
        let rank: Int
        var weight: UInt64
        var isHeld: Bool
    }

    /// Adds the RRsets of the service itself: each distinct address once, as far as there may be so many. `order`: the places of sets, each
    /// with that of a provider on the ring, in the ring's order. `isUnknown`: there may be others.
    mutating func addWhole(
        in order: some Sequence<(set: Int, place: UInt32)>, isWeighted: Bool, isUnknown: Bool, _ builder: inout RecordBlockBuilder
    ) -> RecordBlockBuilder.Additional {
        var seen = [Bool](repeating: false, count: sets.count)
        var firsts: [Int] = []
        firsts.reserveCapacity(sets.count)
        for item in order where !seen[item.set] {
            seen[item.set] = true
            firsts.append(item.set)
            sets[item.set].place = item.place
        }
        families = [RecordType.a, .aaaa].map { addWhole($0, of: firsts, isWeighted: isWeighted, isUnknown: isUnknown, &builder) }
        return RecordBlockBuilder.Additional(ipv4: families[0].handle, ipv6: families[1].handle)
    }

    /// The most records that an RRset of the service would have.
    var mostRecords: Int { families.map(\.positions.count).max() ?? 0 }

    private mutating func addWhole(
        _ type: RecordType, of order: [Int], isWeighted: Bool, isUnknown: Bool, _ builder: inout RecordBlockBuilder
    ) -> Family {
        var rrset = RRset(type, ttl: policy.ttl)
        rrset.isUnknown = isUnknown || order.contains { sets[$0].addresses.count(type) == nil }
        let candidates = candidates(type, of: order)
        let choice = RecordChoice(candidates, most: policy.mostAnswers)
        rrset.records = choice.indices.map { candidates[$0].record }
        rrset.places = choice.indices.map { candidates[$0].place }
        if isWeighted { rrset.weights = choice.indices.map { candidates[$0].weight } }
        rrset.isHeld = choice.indices.contains { candidates[$0].isHeld }
        let isWorthAdding = rrset.isUnknown || !rrset.records.isEmpty
        return Family(type: type, handle: isWorthAdding ? builder.add(rrset) : nil, positions: choice.positions)
    }

    /// The distinct addresses of sets in their order.
    private mutating func candidates(_ type: RecordType, of order: [Int]) -> [Candidate] {
        var candidates: [Candidate] = []
        candidates.reserveCapacity(order.count)
        // Sets of one address differ in it.
        var known: [RecordData: Int]? = order.allSatisfy { sets[$0].addresses.isOne } ? nil : [:]
        for set in order {
            let count = sets[set].addresses.count(type) ?? 0
            // So fine that small weights over many addresses do not vanish. Overflows with 2³² providers, which no machine holds.
            let share = sets[set].weight << 16 / UInt64(max(count, 1))
            for index in 0..<count {
                let record = sets[set].addresses.record(type, index)
                let place = known?[record] ?? candidates.count
                if index == 0 { if type == .a { sets[set].firsts.0 = place } else { sets[set].firsts.1 = place } }
                if place < candidates.count {
                    candidates[place].weight += share
                    candidates[place].isHeld = candidates[place].isHeld || sets[set].isHeld
                } else {
                    known?[record] = place
                    candidates.append(
                        Candidate(
                            record: record, place: sets[set].place(of: record, among: count), rank: sets[set].rank, weight: share,
                            isHeld: sets[set].isHeld))
                }
            }
        }
        return candidates
    }
}

// MARK: The instances' RRsets

extension AddressSets {
    /// Adds the RRsets of one of the providers, which has the set at this place. Those that share a set share them.
    mutating func addOwn(_ place: Int, isHeld: Bool, _ builder: inout RecordBlockBuilder) -> Own {
        let isHeld = isHeld || sets[place].addresses.isHeld
        if let own = isHeld ? sets[place].own.held : sets[place].own.current { return own }
        var own = Own()
        for family in families {
            let handle = addOwn(sets[place], family, isHeld: isHeld, &builder)
            let isKnown = sets[place].addresses.count(family.type) != nil
            if family.type == .a {
                own.all.ipv4 = handle
                own.known.ipv4 = isKnown ? handle : nil
            } else {
                own.all.ipv6 = handle
                own.known.ipv6 = isKnown ? handle : nil
            }
        }
        if isHeld { sets[place].own.held = own } else { sets[place].own.current = own }
        return own
    }

    private func addOwn(
        _ set: Set, _ family: Family, isHeld: Bool, _ builder: inout RecordBlockBuilder
    ) -> RecordBlockBuilder.Handle? {
        guard let count = set.addresses.count(family.type) else {
            var rrset = RRset(family.type, ttl: policy.ttl)
            (rrset.isHeld, rrset.isUnknown) = (isHeld, true)
            return builder.add(rrset)
        }
        guard count > 0 else { return nil }
        if let whole = family.handle {
            // All that the service has is this one's, in the same order: the same octets.
            if sets.count == 1, sets[0].isHeld == isHeld { return whole }
            if count == 1, let position = family.positions[family.type == .a ? set.firsts.0 : set.firsts.1] {
                return builder.add(record: position, of: whole, isHeld: isHeld)
            }
        }
        let candidates = (0..<count).map { index in
            let record = set.addresses.record(family.type, index)
            return Candidate(record: record, place: set.place(of: record, among: count), rank: set.rank, weight: 0, isHeld: isHeld)
        }
        let choice = RecordChoice(candidates, most: policy.mostAnswers)
        var rrset = RRset(family.type, ttl: policy.ttl, records: choice.indices.map { candidates[$0].record })
        rrset.places = choice.indices.map { candidates[$0].place }
        rrset.isHeld = isHeld
        return builder.add(rrset)
    }
}

extension AddressSets.Set {
    /// Where a record of the set lies on the ring. The only one of a type lies at its provider's place, so that addresses and SRV records have
    /// one order; several are spread.
    fileprivate func place(of record: RecordData, among count: Int) -> UInt32 {
        guard count > 1 else { return place }
        let octets = withUnsafeBytes(of: place) { Array($0) } + record.octets
        return octets.withUnsafeBytes(Ring.place)
    }
}

extension AddressSets.Addresses {
    fileprivate init(_ addresses: HostAddresses) {
        switch (addresses.ipv4, addresses.ipv6, addresses.isHeld) {
        case (.known(let ipv4), .known(let ipv6), false) where ipv4.count == 1 && ipv6.isEmpty: self = .one(.v4(ipv4[0]))
        case (.known(let ipv4), .known(let ipv6), false) where ipv4.isEmpty && ipv6.count == 1: self = .one(.v6(ipv6[0]))
        default: self = .several(addresses)
        }
    }

    fileprivate var isOne: Bool { if case .one = self { true } else { false } }

    /// Whether some may be out of date.
    fileprivate var isHeld: Bool { if case .several(let addresses) = self { addresses.isHeld } else { false } }

    /// How many there are of type A or AAAA; nil while that is not known.
    fileprivate func count(_ type: RecordType) -> Int? {
        switch self {
        case .one(.v4): type == .a ? 1 : 0
        case .one(.v6): type == .aaaa ? 1 : 0
        case .several(let addresses):
            if type == .a {
                addresses.ipv4.isUnknown ? nil : addresses.ipv4.addresses.count
            } else {
                addresses.ipv6.isUnknown ? nil : addresses.ipv6.addresses.count
            }
        }
    }

    /// One of the addresses of type A or AAAA as a record.
    fileprivate func record(_ type: RecordType, _ index: Int) -> RecordData {
        switch self {
        case .one(.v4(let address)): .a(address.value)
        case .one(.v6(let address)): .aaaa(address.value)
        case .several(let addresses):
            type == .a ? .a(addresses.ipv4.addresses[index].value) : .aaaa(addresses.ipv6.addresses[index].value)
        }
    }
}

extension ProviderHost {
    /// The address that a host is; nil for a name.
    fileprivate var literal: IPAddress? {
        switch self {
        case .ipv4(let address): .v4(address)
        case .ipv6(let address): .v6(address)
        case .name: nil
        }
    }
}
