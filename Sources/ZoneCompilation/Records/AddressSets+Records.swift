import DNSAuthority
import IPAddressing

// MARK: The service's RRsets

extension AddressSets {
    /// The service's RRset of one family.
    struct Family {
        fileprivate var handle: RecordBlockBuilder.Handle?
        /// The RRset of which an answer has one record.
        fileprivate var one: RecordBlockBuilder.Handle?
        fileprivate var candidateCount = 0
        /// Which candidates it has.
        fileprivate var choice: RecordChoice?
    }

    /// An address record that the service may have.
    private struct Candidate: RecordChoice.Candidate {
        /// The address as a number.
        let address: UInt128
        let place: UInt32
        let rank: Int
        var weight: UInt64
        var isHeld: Bool
    }

    /// Which RRsets are made of the same addresses.
    struct Forms: OptionSet {
        let rawValue: UInt8
        /// That of which an answer has all.
        static let all = Forms(rawValue: 1)
        /// That of which an answer has one.
        static let one = Forms(rawValue: 2)
    }

    /// Adds the RRsets of the service itself: each distinct address once, as far as there may be so many. The instances are in the ring's
    /// order. `hasOne`: of those of the lowest priority number there are RRsets of which an answer has one, too. `isUnknown`: there may be
    /// others.
    mutating func addWhole(
        _ instances: [ServiceCompiler.Instance], hasOne: Bool, isUnknown: Bool, _ builder: inout RecordBlockBuilder
    ) -> (all: RecordBlockBuilder.Additional, one: RecordBlockBuilder.Additional) {
        let first = instances.lazy.map(\.priority).min()
        let areAllFirst = instances.allSatisfy { $0.priority == first }
        add(hasOne && areAllFirst ? [.all, .one] : .all, instances, isUnknown: isUnknown, &builder)
        let all = RecordBlockBuilder.Additional(ipv4: families.ipv4.handle, ipv6: families.ipv6.handle)
        guard hasOne, !areAllFirst else { return (all, one) }
        var (part, moved) = part(of: instances.filter { $0.priority == first })
        part.add(.one, moved, isUnknown: isUnknown, &builder)
        return (all, part.one)
    }

    private var one: RecordBlockBuilder.Additional { RecordBlockBuilder.Additional(ipv4: families.ipv4.one, ipv6: families.ipv6.one) }

    private mutating func add(
        _ forms: Forms, _ instances: [ServiceCompiler.Instance], isUnknown: Bool, _ builder: inout RecordBlockBuilder
    ) {
        let order = placeOnRing(instances)
        let isWeighted = instances.contains { $0.weight != instances[0].weight }
        for isIPv4 in [true, false] {
            families[isIPv4] = add(forms, isIPv4, of: order, isWeighted: isWeighted, isUnknown: isUnknown, &builder)
        }
    }

    /// Says where on the ring the first provider of each set lies; gives the sets in that order.
    private mutating func placeOnRing(_ instances: [ServiceCompiler.Instance]) -> [Int] {
        var order: [Int] = []
        order.reserveCapacity(sets.count)
        for instance in instances where sets[instance.addresses].ringPlace == nil {
            sets[instance.addresses].ringPlace = instance.place
            order.append(instance.addresses)
        }
        return order
    }

    /// The most records that an RRset of the service would have.
    var mostRecords: Int { max(families.ipv4.candidateCount, families.ipv6.candidateCount) }

    private mutating func add(
        _ forms: Forms, _ isIPv4: Bool, of order: [Int], isWeighted: Bool, isUnknown: Bool, _ builder: inout RecordBlockBuilder
    ) -> Family {
        let isUnknown = isUnknown || order.contains { sets[$0].counts[isIPv4] == nil }
        let candidates = candidates(isIPv4, of: order)
        guard isUnknown || !candidates.isEmpty else { return Family() }
        let choice = RecordChoice(candidates, most: policy.mostAnswers)
        var family = Family(candidateCount: candidates.count, choice: choice)
        var rrset = rrset(isIPv4, records: choice.count)
        rrset.isUnknown = isUnknown
        for position in 0..<choice.count {
            let candidate = candidates[choice[position]]
            rrset.append(candidate.address, isIPv4, place: candidate.place)
            if isWeighted { rrset.weights.append(candidate.weight) }
            if candidate.isHeld { rrset.isHeld = true }
        }
        let handle = builder.add(rrset)
        if forms.contains(.all) { family.handle = handle }
        if forms.contains(.one) { family.one = builder.add(oneOf: handle) }
        return family
    }

    /// The distinct addresses of sets in their order.
    private mutating func candidates(_ isIPv4: Bool, of order: [Int]) -> [Candidate] {
        let most = order.reduce(0) { $0 + (sets[$1].count(isIPv4) ?? 0) }
        guard most > 0 else { return [] }
        var candidates: [Candidate] = []
        candidates.reserveCapacity(most)
        // Sets of one address differ in it.
        var known: [UInt128: Int]? = several.isEmpty ? nil : [:]
        for place in order {
            let count = sets[place].count(isIPv4) ?? 0
            // So fine that small weights over many addresses do not vanish. Overflows with 2³² providers, which no machine holds.
            let share = sets[place].weight << 16 / UInt64(max(count, 1))
            for index in 0..<count {
                let address = address(isIPv4, index, of: place)
                let candidate = known?[address] ?? candidates.count
                if index == 0 { sets[place].firsts[isIPv4] = candidate }
                if candidate < candidates.count {
                    candidates[candidate].weight += share
                    candidates[candidate].isHeld = candidates[candidate].isHeld || sets[place].isHeld
                } else {
                    known?[address] = candidate
                    candidates.append(
                        Candidate(
                            address: address, place: ringPlace(of: address, isIPv4, among: count, of: place), rank: sets[place].rank,
                            weight: share, isHeld: sets[place].isHeld))
                }
            }
        }
        return candidates
    }

    /// The first addresses of a set, as far as they are known.
    struct Hints {
        var ipv4: [UInt32] = []
        var ipv6: [UInt128] = []
    }

    /// The first addresses of a set, so many of each family.
    func hints(_ place: Int, most: Int) -> Hints {
        func first(_ isIPv4: Bool) -> [UInt128] { (0..<min(most, sets[place].count(isIPv4) ?? 0)).map { address(isIPv4, $0, of: place) } }
        return Hints(ipv4: first(true).map { UInt32(truncatingIfNeeded: $0) }, ipv6: first(false))
    }

    /// One of the addresses of a set as a number.
    private func address(_ isIPv4: Bool, _ index: Int, of place: Int) -> UInt128 {
        switch sets[place].only {
        case .v4(let address): UInt128(address.value)
        case .v6(let address): address.value
        case nil where isIPv4: UInt128(several[sets[place].place].ipv4.addresses[index].value)
        case nil: several[sets[place].place].ipv6.addresses[index].value
        }
    }

    /// Where a record of a set lies on the ring. The only one of a type lies at its provider's place, so that addresses and SRV records have
    /// one order; several are spread.
    private func ringPlace(of address: UInt128, _ isIPv4: Bool, among count: Int, of place: Int) -> UInt32 {
        let ringPlace = sets[place].ringPlace ?? 0
        guard count > 1 else { return ringPlace }
        let data: RecordData = isIPv4 ? .a(UInt32(truncatingIfNeeded: address)) : .aaaa(address)
        let octets = withUnsafeBytes(of: ringPlace) { Array($0) } + data.octets
        return octets.withUnsafeBytes(Ring.place)
    }

    /// An empty RRset with room for so many records.
    private func rrset(_ isIPv4: Bool, records count: Int) -> RRset {
        var rrset = RRset(isIPv4 ? .a : .aaaa, ttl: policy.ttl)
        rrset.reserve(records: count, dataLength: count * (isIPv4 ? 4 : 16))
        rrset.places.reserveCapacity(count)
        return rrset
    }
}

// MARK: The instances' RRsets

extension AddressSets {
    /// Adds the RRsets of one of the providers, which has the set at this place. Those that share a set share them.
    mutating func addOwn(_ place: Int, isHeld: Bool, _ builder: inout RecordBlockBuilder) -> Own {
        let isHeld = isHeld || sets[place].hasHeldAddresses
        if let own = isHeld ? sets[place].own.held : sets[place].own.current { return own }
        var own = Own()
        own.all.ipv4 = addOwn(place, true, isHeld: isHeld, &builder)
        own.all.ipv6 = addOwn(place, false, isHeld: isHeld, &builder)
        own.known.ipv4 = sets[place].counts.ipv4 == nil ? nil : own.all.ipv4
        own.known.ipv6 = sets[place].counts.ipv6 == nil ? nil : own.all.ipv6
        if isHeld { sets[place].own.held = own } else { sets[place].own.current = own }
        return own
    }

    private func addOwn(
        _ place: Int, _ isIPv4: Bool, isHeld: Bool, _ builder: inout RecordBlockBuilder
    ) -> RecordBlockBuilder.Handle? {
        guard let count = sets[place].count(isIPv4) else {
            var rrset = RRset(isIPv4 ? .a : .aaaa, ttl: policy.ttl)
            (rrset.isHeld, rrset.isUnknown) = (isHeld, true)
            return builder.add(rrset)
        }
        guard count > 0 else { return nil }
        if let whole = families[isIPv4].handle {
            // All that the service has is this one's, in the same order: the same octets.
            if sets.count == 1, sets[place].isOffered, sets[place].isHeld == isHeld { return whole }
            if count == 1, sets[place].isOffered, let position = families[isIPv4].choice?.position(of: sets[place].firsts[isIPv4]) {
                return builder.add(record: position, of: whole, isHeld: isHeld)
            }
        }
        let candidates = (0..<count).map { index in
            let address = address(isIPv4, index, of: place)
            let ringPlace = ringPlace(of: address, isIPv4, among: count, of: place)
            return Candidate(address: address, place: ringPlace, rank: sets[place].rank, weight: 0, isHeld: isHeld)
        }
        let choice = RecordChoice(candidates, most: policy.mostAnswers)
        var rrset = rrset(isIPv4, records: choice.count)
        for position in 0..<choice.count {
            rrset.append(candidates[choice[position]].address, isIPv4, place: candidates[choice[position]].place)
        }
        rrset.isHeld = isHeld
        return builder.add(rrset)
    }
}

extension RRset {
    /// Appends an address that is given as a number and lies at a place on the ring.
    fileprivate mutating func append(_ address: UInt128, _ isIPv4: Bool, place: UInt32) {
        if isIPv4 { append(ipv4: UInt32(truncatingIfNeeded: address)) } else { append(ipv6: address) }
        places.append(place)
    }
}
