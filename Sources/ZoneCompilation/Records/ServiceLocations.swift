import DNSAuthority

/// A service's SRV RRset, and what its instances have of it.
struct ServiceLocations {
    typealias Instance = ServiceCompiler.Instance

    /// A record that the RRset may have.
    private struct Candidate: RecordChoice.Candidate {
        /// The first instance that has it.
        let instance: Int
        let place: UInt32
        let rank: Int
        var isHeld: Bool
    }

    /// What tells a record from others of the same target.
    private struct Key: Hashable {
        let target: Int
        let port: UInt16
        let priority: UInt16
        let weight: UInt16
    }

    private let policy: ZonePolicy
    /// The instances in the ring's order.
    private let instances: [Instance]
    private let own: [AddressSets.Own]
    /// The instances' names and those of their hosts.
    private let names: NameList
    /// Of each instance, the first one with the same target; nil where all targets are different.
    private let targets: [Int]?
    /// The distinct records.
    private let all: [Candidate]
    /// The candidate of each instance, nil inside for one without a target; nil where each instance is the candidate of its own place.
    private let candidates: [Int?]?
    private var whole: (handle: RecordBlockBuilder.Handle, choice: RecordChoice)?

    /// How many records the RRset would have if there might be so many.
    var candidateCount: Int { all.count }

    /// The locations of instances in the ring's order, each with its addresses. Equal records are one (RFC 2181 §5).
    init(_ instances: [Instance], _ own: [AddressSets.Own], _ names: NameList, _ policy: ZonePolicy) {
        (self.instances, self.own, self.names, self.policy) = (instances, own, names, policy)
        targets = Self.firstTargets(instances, names)
        (all, candidates) = Self.candidates(instances, targets)
    }

    /// Adds the service's RRset, each target's addresses along with the first record that has it (RFC 2782); nil if there is nothing to say.
    mutating func addWhole(isUnknown: Bool, _ builder: inout RecordBlockBuilder) -> RecordBlockBuilder.Handle? {
        whole = add(isUnknown: isUnknown, &builder)
        return whole?.handle
    }

    /// Apart, as what changes itself would be copied for each record.
    private func add(isUnknown: Bool, _ builder: inout RecordBlockBuilder) -> (RecordBlockBuilder.Handle, RecordChoice)? {
        guard !all.isEmpty || isUnknown else { return nil }
        let choice = RecordChoice(all, most: policy.mostAnswers)
        var rrset = RRset(.srv, ttl: policy.ttl)
        rrset.isUnknown = isUnknown
        rrset.reserve(records: choice.count, dataLength: (0..<choice.count).reduce(0) { $0 + dataLength(of: all[choice[$1]].instance) })
        rrset.places.reserveCapacity(choice.count)
        var additional: [RecordBlockBuilder.Additional] = []
        additional.reserveCapacity(choice.count)
        var seen = targets.map { [Bool](repeating: false, count: $0.count) }
        names.read { octets in
            for position in 0..<choice.count { append(all[choice[position]].instance, octets, to: &rrset) }
        }
        for position in 0..<choice.count {
            let candidate = all[choice[position]]
            rrset.places.append(candidate.place)
            if candidate.isHeld { rrset.isHeld = true }
            let target = targets?[candidate.instance] ?? candidate.instance
            additional.append(seen?[target] == true ? RecordBlockBuilder.Additional() : own[candidate.instance].known)
            seen?[target] = true
        }
        return (builder.add(rrset, additional: additional), choice)
    }

    /// Adds the names of the instances with their RRsets, each with its text if there are any; the SRV RRset of one is in the octets of the
    /// service's if its record is there.
    func addInstances(_ texts: [RecordBlockBuilder.Handle?] = [], _ builder: inout RecordBlockBuilder) {
        names.read { octets in
            for index in instances.indices {
                let name = names.range(of: instances[index].name)
                guard let candidate = candidate(of: index), !name.isEmpty else { continue }
                let isHeld = instances[index].isHeld
                let location: RecordBlockBuilder.Handle
                if let whole, let position = whole.choice.position(of: candidate) {
                    location = builder.add(record: position, of: whole.handle, isHeld: isHeld, additional: own[index].known)
                } else {
                    var rrset = RRset(.srv, ttl: policy.ttl)
                    rrset.isHeld = isHeld
                    append(index, octets, to: &rrset)
                    location = builder.add(rrset, additional: [own[index].known])
                }
                if !texts.isEmpty, let text = texts[index], let name = names[instances[index].name] {
                    builder.add(name, RecordGroup(addresses: own[index].all, srv: location), further: [text])
                } else {
                    builder.add(name: UnsafeRawBufferPointer(rebasing: octets[name]), own[index].all, srv: location)
                }
            }
        }
    }

    private func candidate(of index: Int) -> Int? { if let candidates { candidates[index] } else { index } }

    /// Appends the location of an instance that has a target, given the octets of all names.
    private func append(_ index: Int, _ octets: UnsafeRawBufferPointer, to rrset: inout RRset) {
        let instance = instances[index]
        guard let target = instance.target else { return }
        rrset.append(
            priority: instance.priority, weight: instance.weight, port: instance.port,
            target: UnsafeRawBufferPointer(rebasing: octets[names.range(of: target)]))
    }

    /// Octets of the data of an instance's location.
    private func dataLength(of index: Int) -> Int { 6 + (instances[index].target.map(names.length) ?? 0) }

    /// Of each instance, the first one with the same target; nil where all targets are different.
    private static func firstTargets(_ instances: [Instance], _ names: NameList) -> [Int]? {
        // Their own names are different.
        guard instances.contains(where: { $0.target != nil && $0.target != $0.name }) else { return nil }
        var firsts: [DomainName: Int] = [:]
        return instances.enumerated().map { index, instance in
            guard let target = instance.target.flatMap({ names[$0] }) else { return index }
            if let first = firsts[target] { return first }
            firsts[target] = index
            return index
        }
    }

    /// The distinct records of instances, and the one of each instance.
    private static func candidates(_ instances: [Instance], _ targets: [Int]?) -> (all: [Candidate], ofInstances: [Int?]?) {
        if targets == nil, instances.allSatisfy({ $0.target != nil }) { return (instances.indices.map { candidate(instances, $0) }, nil) }
        var all: [Candidate] = []
        all.reserveCapacity(instances.count)
        var known: [Key: Int] = [:]
        let ofInstances = instances.indices.map { index -> Int? in
            let instance = instances[index]
            guard instance.target != nil else { return nil }
            if let targets {
                let key = Key(target: targets[index], port: instance.port, priority: instance.priority, weight: instance.weight)
                if let place = known[key] {
                    all[place].isHeld = all[place].isHeld || instance.isHeld
                    return place
                }
                known[key] = all.count
            }
            all.append(candidate(instances, index))
            return all.count - 1
        }
        return (all, ofInstances)
    }

    private static func candidate(_ instances: [Instance], _ index: Int) -> Candidate {
        let instance = instances[index]
        let rank = RecordChoice.rank(priority: instance.priority, weight: instance.weight)
        return Candidate(instance: index, place: instance.place, rank: rank, isHeld: instance.isHeld)
    }
}
