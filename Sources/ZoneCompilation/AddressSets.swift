import DNSAuthority
import IPAddressing
import ProviderRegistry

/// The sets of addresses that a service's hosts have, each once: hosts with the same addresses share octets, however many they are.
struct AddressSets {
    /// Providers with the same addresses count as one with all their weight.
    fileprivate struct Set {
        let addresses: HostAddresses
        var weight: UInt64 = 0
        var isHeld = false
        /// The lowest rank of its providers.
        var rank = Int.max
        /// Where its first provider lies on the ring.
        var place: UInt32 = 0
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

    private let policy: ZonePolicy
    private var sets: [Set] = []
    private var places: [HostAddresses: Int] = [:]
    private var placesOfHosts: [ProviderHost: Int] = [:]
    private var families: [Family] = []

    init(_ policy: ZonePolicy) { self.policy = policy }

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
    mutating func add(_ member: MergedService.Member, to place: Int) {
        sets[place].weight += UInt64(member.provider.weight)
        sets[place].rank = min(sets[place].rank, RecordChoice.Candidate.rank(member.provider))
        sets[place].isHeld = sets[place].isHeld || member.isHeld || sets[place].addresses.isHeld
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
        /// How many records it would have if there might be so many.
        let candidates: Int
    }

    /// Adds the RRsets of the service itself: each distinct address once, as far as there may be so many. `order`: the places of sets, each
    /// with that of a provider on the ring, in the ring's order. `isUnknown`: there may be others.
    mutating func addWhole(
        in order: [(set: Int, place: UInt32)], isWeighted: Bool, isUnknown: Bool, _ builder: inout RecordBlockBuilder
    ) -> [RecordBlockBuilder.Handle] {
        var seen = [Bool](repeating: false, count: sets.count)
        var firsts: [(set: Int, place: UInt32)] = []
        for item in order where !seen[item.set] {
            seen[item.set] = true
            firsts.append(item)
            sets[item.set].place = item.place
        }
        for type in [RecordType.a, .aaaa] {
            families.append(whole(type, of: firsts.map(\.set), isWeighted: isWeighted, isUnknown: isUnknown, &builder))
        }
        return families.compactMap(\.handle)
    }

    /// The most records that an RRset of the service would have.
    var mostRecords: Int { families.map(\.candidates).max() ?? 0 }

    private func whole(
        _ type: RecordType, of order: [Int], isWeighted: Bool, isUnknown: Bool, _ builder: inout RecordBlockBuilder
    ) -> Family {
        var rrset = RRset(type, ttl: policy.ttl)
        rrset.isUnknown = isUnknown
        var candidates: [RecordChoice.Candidate] = []
        var known: [RecordData: Int] = [:]
        var weights: [UInt64] = []
        var isHeld: [Bool] = []
        for set in order.map({ sets[$0] }) {
            guard let records = set.candidates(type) else {
                rrset.isUnknown = true
                continue
            }
            // So fine that small weights over many addresses do not vanish. Overflows with 2³² providers, which no machine holds.
            let share = isWeighted ? set.weight << 16 / UInt64(max(records.count, 1)) : 0
            for candidate in records {
                let index = known[candidate.record] ?? candidates.count
                if index == candidates.count {
                    known[candidate.record] = index
                    candidates.append(candidate)
                    weights.append(0)
                    isHeld.append(false)
                }
                weights[index] += share
                isHeld[index] = isHeld[index] || set.isHeld
            }
        }
        let choice = RecordChoice(candidates, most: policy.mostAnswers)
        let positions = rrset.set(choice, of: candidates)
        rrset.weights = choice.indices.map { weights[$0] }
        rrset.isHeld = choice.indices.contains { isHeld[$0] }
        let isWorthAdding = rrset.isUnknown || !rrset.records.isEmpty
        return Family(
            type: type, handle: isWorthAdding ? builder.add(rrset) : nil, positions: known.compactMapValues { positions[$0] },
            candidates: candidates.count)
    }
}

// MARK: The instances' RRsets

extension AddressSets {
    /// Adds the RRsets of one of the providers, which has the set at this place. Those that share a set share them.
    mutating func addOwn(_ place: Int, isHeld: Bool, _ builder: inout RecordBlockBuilder) -> Own {
        let isHeld = isHeld || sets[place].addresses.isHeld
        if let own = isHeld ? sets[place].own.held : sets[place].own.current { return own }
        let own = makeOwn(sets[place], isHeld: isHeld, &builder)
        if isHeld { sets[place].own.held = own } else { sets[place].own.current = own }
        return own
    }

    private func makeOwn(_ set: Set, isHeld: Bool, _ builder: inout RecordBlockBuilder) -> Own {
        var own = Own()
        for family in families {
            var rrset = RRset(family.type, ttl: policy.ttl)
            rrset.isHeld = isHeld
            guard let records = set.candidates(family.type) else {
                rrset.isUnknown = true
                own.all.append(builder.add(rrset))
                continue
            }
            guard let first = records.first else { continue }
            let handle: RecordBlockBuilder.Handle
            if let whole = family.handle, sets.count == 1, sets[0].isHeld == isHeld {
                // All that the service has is this one's, in the same order: the same octets.
                handle = whole
            } else if records.count == 1, let whole = family.handle, let position = family.positions[first.record] {
                handle = builder.add(record: position, of: whole, isHeld: isHeld)
            } else {
                _ = rrset.set(RecordChoice(records, most: policy.mostAnswers), of: records)
                handle = builder.add(rrset)
            }
            own.all.append(handle)
            if family.type == .a { own.known.ipv4 = handle } else { own.known.ipv6 = handle }
        }
        return own
    }
}

extension AddressSets.Set {
    /// The set's records of type A or AAAA; nil while they are not known. The only one lies at its provider's place, so that addresses and
    /// SRV records have one order; several are spread.
    fileprivate func candidates(_ type: RecordType) -> [RecordChoice.Candidate]? {
        let records: [RecordData]? = type == .a ? addresses.ipv4.map { .a($0.value) } : addresses.ipv6.map { .aaaa($0.value) }
        return records.map { records in
            records.map { record in
                let place = records.count == 1 ? place : Ring.place(of: withUnsafeBytes(of: place) { Array($0) } + record.octets)
                return RecordChoice.Candidate(record: record, place: place, rank: rank)
            }
        }
    }
}

extension KnownAddresses {
    fileprivate func map(_ transform: (Address) -> RecordData) -> [RecordData]? { isUnknown ? nil : addresses.map(transform) }
}
