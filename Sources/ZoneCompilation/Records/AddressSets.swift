import DNSAuthority
import IPAddressing
import ProviderRegistry

/// The sets of addresses that a service's hosts have, each once: hosts with the same addresses share octets, however many they are.
struct AddressSets {
    /// Providers with the same addresses count as one with all their weight. Without references: it is copied for every provider.
    fileprivate struct AddressSet {
        /// How many addresses there are of each family; nil while that is not known.
        let counts: Families<Int?>
        /// The only address; nil if there are others.
        let only: IPAddress?
        /// Where in `several` the addresses stand that are not one.
        let place: Int
        /// Whether some of the addresses may be out of date.
        let hasHeldAddresses: Bool
        var weight: UInt64 = 0
        var isHeld = false
        /// The lowest rank of its providers.
        var rank = Int.max
        /// Where its first provider lies on the ring.
        var ringPlace: UInt32 = 0
        /// Its first record among the candidates of each family.
        var firsts = Families(ipv4: 0, ipv6: 0)
        /// What its instances have: of those that are not held, of those that are.
        var own: (current: Own?, held: Own?) = (nil, nil)
    }

    /// Something of each family of addresses.
    fileprivate struct Families<Value> {
        var ipv4: Value
        var ipv6: Value

        subscript(_ isIPv4: Bool) -> Value {
            get { isIPv4 ? ipv4 : ipv6 }
            set { if isIPv4 { ipv4 = newValue } else { ipv6 = newValue } }
        }
    }

    /// The RRsets of one instance: none for a family that it definitely lacks.
    struct Own {
        /// Both families, those included whose addresses are not known.
        var all = RecordBlockBuilder.Additional()
        /// What can go along with an SRV record.
        var known = RecordBlockBuilder.Additional()
    }

    private let policy: ZonePolicy
    private var sets: [AddressSet] = []
    private var several: [HostAddresses] = []
    private var placesOfOne: [IPAddress: Int] = [:]
    private var placesOfSeveral: [HostAddresses: Int] = [:]
    private var placesOfNames: [String: Int] = [:]
    private var families = Families(ipv4: Family(), ipv6: Family())

    /// Sets for at most so many hosts.
    init(_ policy: ZonePolicy, hosts: Int) {
        self.policy = policy
        sets.reserveCapacity(hosts)
        placesOfOne.reserveCapacity(hosts)
    }

    /// The place of the set of a host's addresses, which `addresses` gives, and whether it is a new one.
    mutating func place(of host: ProviderHost, _ addresses: (ProviderHost) -> HostAddresses) -> (Int, isNew: Bool) {
        switch host {
        case .ipv4(let address): return place(of: .v4(address))
        case .ipv6(let address): return place(of: .v6(address))
        case .name(let name):
            if let place = placesOfNames[name] { return (place, false) }
            let found = addresses(host)
            let result = found.only.map { place(of: $0) } ?? place(of: found)
            placesOfNames[name] = result.0
            return result
        }
    }

    private mutating func place(of address: IPAddress) -> (Int, isNew: Bool) {
        let next = sets.count
        let place = Self.value(&placesOfOne[address, default: next])
        guard place == next else { return (place, false) }
        let isIPv4 = if case .v4 = address { true } else { false }
        let counts = Families<Int?>(ipv4: isIPv4 ? 1 : 0, ipv6: isIPv4 ? 0 : 1)
        sets.append(AddressSet(counts: counts, only: address, place: 0, hasHeldAddresses: false))
        return (place, true)
    }

    private mutating func place(of addresses: HostAddresses) -> (Int, isNew: Bool) {
        let next = sets.count
        let place = Self.value(&placesOfSeveral[addresses, default: next])
        guard place == next else { return (place, false) }
        let counts = Families(ipv4: addresses.ipv4.count, ipv6: addresses.ipv6.count)
        sets.append(AddressSet(counts: counts, only: nil, place: several.count, hasHeldAddresses: addresses.isHeld))
        several.append(addresses)
        return (place, true)
    }

    /// The value at a place of a dictionary, which has it from now on.
    private static func value(_ place: inout Int) -> Int { place }

    /// Has a set stand for one provider more.
    mutating func add(_ provider: Provider, isHeld: Bool, to place: Int) {
        let rank = RecordChoice.rank(priority: provider.priority, weight: provider.weight)
        sets[place].weight += UInt64(provider.weight)
        if rank < sets[place].rank { sets[place].rank = rank }
        if isHeld || sets[place].hasHeldAddresses { sets[place].isHeld = true }
    }

    /// Takes the newest set out again, which stands for no provider.
    mutating func removeLast() { sets.removeLast() }

    /// Most octets that a set takes: among the service's addresses, as those of its instances, and as those of instances that are held.
    func room(_ place: Int) -> Int {
        let counts = sets[place].counts
        return 3 * RecordBlockBuilder.room(forRecords: counts.ipv4 ?? 0, ofLength: 4)
            + 3 * RecordBlockBuilder.room(forRecords: counts.ipv6 ?? 0, ofLength: 16)
    }

    /// One of the addresses of a set as a record.
    private func record(_ isIPv4: Bool, _ index: Int, of set: AddressSet) -> RecordData {
        switch set.only {
        case .v4(let address): .a(address.value)
        case .v6(let address): .aaaa(address.value)
        case nil where isIPv4: .a(several[set.place].ipv4.addresses[index].value)
        case nil: .aaaa(several[set.place].ipv6.addresses[index].value)
        }
    }
}

// MARK: The service's RRsets

extension AddressSets {
    /// The service's RRset of one family.
    private struct Family {
        var handle: RecordBlockBuilder.Handle?
        /// Where in the RRset each candidate stands; nil for one that is left out.
        var positions: [Int?] = []
    }

    /// An address record that the service may have.
    private struct Candidate: RecordChoice.Candidate {
        let record: RecordData
        let place: UInt32
        let rank: Int
        var weight: UInt64
        var isHeld: Bool
    }

    /// Adds the RRsets of the service itself: each distinct address once, as far as there may be so many. `order`: the instances in the ring's
    /// order. `isUnknown`: there may be others.
    mutating func addWhole(
        _ instances: [ServiceCompiler.Instance], in order: [Int], isWeighted: Bool, isUnknown: Bool, _ builder: inout RecordBlockBuilder
    ) -> RecordBlockBuilder.Additional {
        var seen = [Bool](repeating: false, count: sets.count)
        var firsts: [Int] = []
        firsts.reserveCapacity(sets.count)
        for index in order {
            let (set, place) = (instances[index].addresses, instances[index].place)
            if seen[set] { continue }
            seen[set] = true
            firsts.append(set)
            sets[set].ringPlace = place
        }
        for isIPv4 in [true, false] {
            families[isIPv4] = addWhole(isIPv4, of: firsts, isWeighted: isWeighted, isUnknown: isUnknown, &builder)
        }
        return RecordBlockBuilder.Additional(ipv4: families.ipv4.handle, ipv6: families.ipv6.handle)
    }

    /// The most records that an RRset of the service would have.
    var mostRecords: Int { max(families.ipv4.positions.count, families.ipv6.positions.count) }

    private mutating func addWhole(
        _ isIPv4: Bool, of order: [Int], isWeighted: Bool, isUnknown: Bool, _ builder: inout RecordBlockBuilder
    ) -> Family {
        var rrset = RRset(isIPv4 ? .a : .aaaa, ttl: policy.ttl)
        rrset.isUnknown = isUnknown || order.contains { sets[$0].counts[isIPv4] == nil }
        let candidates = candidates(isIPv4, of: order)
        guard rrset.isUnknown || !candidates.isEmpty else { return Family() }
        let choice = RecordChoice(candidates, most: policy.mostAnswers)
        rrset.records = choice.indices.map { candidates[$0].record }
        rrset.places = choice.indices.map { candidates[$0].place }
        if isWeighted { rrset.weights = choice.indices.map { candidates[$0].weight } }
        rrset.isHeld = choice.indices.contains { candidates[$0].isHeld }
        return Family(handle: builder.add(rrset), positions: choice.positions)
    }

    /// The distinct addresses of sets in their order.
    private mutating func candidates(_ isIPv4: Bool, of order: [Int]) -> [Candidate] {
        let most = order.reduce(0) { $0 + (sets[$1].counts[isIPv4] ?? 0) }
        guard most > 0 else { return [] }
        var candidates: [Candidate] = []
        candidates.reserveCapacity(most)
        // Sets of one address differ in it.
        var known: [RecordData: Int]? = several.isEmpty ? nil : [:]
        for place in order {
            let set = sets[place]
            let count = set.counts[isIPv4] ?? 0
            // So fine that small weights over many addresses do not vanish. Overflows with 2³² providers, which no machine holds.
            let share = set.weight << 16 / UInt64(max(count, 1))
            for index in 0..<count {
                let record = record(isIPv4, index, of: set)
                let candidate = known?[record] ?? candidates.count
                if index == 0 { sets[place].firsts[isIPv4] = candidate }
                if candidate < candidates.count {
                    candidates[candidate].weight += share
                    candidates[candidate].isHeld = candidates[candidate].isHeld || set.isHeld
                } else {
                    known?[record] = candidate
                    candidates.append(
                        Candidate(
                            record: record, place: set.place(of: record, among: count), rank: set.rank, weight: share, isHeld: set.isHeld))
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
        let set = sets[place]
        let isHeld = isHeld || set.hasHeldAddresses
        if let own = isHeld ? set.own.held : set.own.current { return own }
        var own = Own()
        own.all.ipv4 = addOwn(set, true, isHeld: isHeld, &builder)
        own.all.ipv6 = addOwn(set, false, isHeld: isHeld, &builder)
        own.known.ipv4 = set.counts.ipv4 == nil ? nil : own.all.ipv4
        own.known.ipv6 = set.counts.ipv6 == nil ? nil : own.all.ipv6
        if isHeld { sets[place].own.held = own } else { sets[place].own.current = own }
        return own
    }

    private func addOwn(
        _ set: AddressSet, _ isIPv4: Bool, isHeld: Bool, _ builder: inout RecordBlockBuilder
    ) -> RecordBlockBuilder.Handle? {
        guard let count = set.counts[isIPv4] else {
            var rrset = RRset(isIPv4 ? .a : .aaaa, ttl: policy.ttl)
            (rrset.isHeld, rrset.isUnknown) = (isHeld, true)
            return builder.add(rrset)
        }
        guard count > 0 else { return nil }
        if let whole = families[isIPv4].handle {
            // All that the service has is this one's, in the same order: the same octets.
            if sets.count == 1, set.isHeld == isHeld { return whole }
            if count == 1, let position = families[isIPv4].positions[set.firsts[isIPv4]] {
                return builder.add(record: position, of: whole, isHeld: isHeld)
            }
        }
        let candidates = (0..<count).map { index in
            let record = record(isIPv4, index, of: set)
            return Candidate(record: record, place: set.place(of: record, among: count), rank: set.rank, weight: 0, isHeld: isHeld)
        }
        let choice = RecordChoice(candidates, most: policy.mostAnswers)
        var rrset = RRset(isIPv4 ? .a : .aaaa, ttl: policy.ttl, records: choice.indices.map { candidates[$0].record })
        rrset.places = choice.indices.map { candidates[$0].place }
        rrset.isHeld = isHeld
        return builder.add(rrset)
    }
}

extension AddressSets.AddressSet {
    /// Where a record of the set lies on the ring. The only one of a type lies at its provider's place, so that addresses and SRV records have
    /// one order; several are spread.
    fileprivate func place(of record: RecordData, among count: Int) -> UInt32 {
        guard count > 1 else { return ringPlace }
        let octets = withUnsafeBytes(of: ringPlace) { Array($0) } + record.octets
        return octets.withUnsafeBytes(Ring.place)
    }
}

extension KnownAddresses {
    /// How many there are; nil while that is not known.
    fileprivate var count: Int? { isUnknown ? nil : addresses.count }
}

extension HostAddresses {
    /// The only address of a host that certainly has no other; nil for any other host.
    fileprivate var only: IPAddress? {
        guard !isHeld, let ipv4 = ipv4.count, let ipv6 = ipv6.count, ipv4 + ipv6 == 1 else { return nil }
        return self.ipv4.addresses.first.map(IPAddress.v4) ?? self.ipv6.addresses.first.map(IPAddress.v6)
    }
}
