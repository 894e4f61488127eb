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
    /// Of each instance, the first one with the same target.
    private let targets: [Int]
    /// The distinct records.
    private let all: [Candidate]
    /// The candidate of each instance; nil for one without a target.
    private let candidates: [Int?]
    private var handle: RecordBlockBuilder.Handle?
    /// Where each candidate stands; nil for one that is left out.
    private var positions: [Int?] = []

    /// How many records the RRset would have if there might be so many.
    var candidateCount: Int { all.count }

    /// The locations of instances in the ring's order, each with its addresses. Equal records are one (RFC 2181 §5).
    init(_ instances: [Instance], _ own: [AddressSets.Own], _ policy: ZonePolicy) {
        (self.instances, self.own, self.policy) = (instances, own, policy)
        targets = Self.distinctTargets(instances)
        (all, candidates) = Self.candidates(instances, targets)
    }

    /// Adds the service's RRset, each target's addresses along with the first record that has it (RFC 2782); nil if there is nothing to say.
    mutating func addWhole(isUnknown: Bool, _ builder: inout RecordBlockBuilder) -> RecordBlockBuilder.Handle? {
        guard !all.isEmpty || isUnknown else { return nil }
        let choice = RecordChoice(all, most: policy.mostAnswers)
        var rrset = RRset(.srv, ttl: policy.ttl)
        rrset.isUnknown = isUnknown
        rrset.records.reserveCapacity(choice.indices.count)
        for index in choice.indices { if let record = instances[all[index].instance].location { rrset.records.append(record) } }
        rrset.places = choice.indices.map { all[$0].place }
        rrset.isHeld = choice.indices.contains { all[$0].isHeld }
        var seen = [Bool](repeating: false, count: instances.count)
        let additional = choice.indices.map { index in
            let target = targets[all[index].instance]
            defer { seen[target] = true }
            return seen[target] ? RecordBlockBuilder.Additional() : own[all[index].instance].known
        }
        positions = choice.positions
        handle = builder.add(rrset, additional: additional)
        return handle
    }

    /// Adds the names of the instances with their RRsets; the SRV RRset of one is in the octets of the service's if its record is there.
    func addInstances(_ builder: inout RecordBlockBuilder) {
        guard let handle else { return }
        for (index, candidate) in candidates.enumerated() {
            guard let candidate, let name = instances[index].name else { continue }
            let isHeld = instances[index].isHeld
            if let position = positions[candidate] {
                let location = builder.add(record: position, of: handle, isHeld: isHeld, additional: own[index].known)
                builder.add(name, own[index].all, srv: location)
            } else if let record = instances[index].location {
                var rrset = RRset(.srv, ttl: policy.ttl, records: [record])
                rrset.isHeld = isHeld
                builder.add(name, own[index].all, srv: builder.add(rrset, additional: [own[index].known]))
            }
        }
    }

    /// The places of instances in the order of the ring; of several at one place the oldest provider is first.
    static func ringOrder(_ instances: [Instance]) -> [Int] {
        instances.indices.map { UInt64(instances[$0].place) << 32 | UInt64($0) }.sorted().map { Int($0 & 0xFFFF_FFFF) }
    }

    /// Of each instance, the first one with the same target.
    private static func distinctTargets(_ instances: [Instance]) -> [Int] {
        // Their own names are different.
        guard instances.contains(where: { $0.target != $0.name }) else { return Array(instances.indices) }
        var firsts: [DomainName: Int] = [:]
        return instances.enumerated().map { index, instance in
            guard let target = instance.target else { return index }
            if let first = firsts[target] { return first }
            firsts[target] = index
            return index
        }
    }

    /// The distinct records of instances, and the one of each instance.
    private static func candidates(_ instances: [Instance], _ targets: [Int]) -> (all: [Candidate], ofInstances: [Int?]) {
        var all: [Candidate] = []
        all.reserveCapacity(instances.count)
        var known: [Key: Int]? = targets == Array(targets.indices) ? nil : [:]
        let ofInstances = instances.indices.map { index -> Int? in
            let instance = instances[index]
            guard instance.target != nil else { return nil }
            if known != nil {
                let key = Key(target: targets[index], port: instance.port, priority: instance.priority, weight: instance.weight)
                if let place = known?[key] {
                    all[place].isHeld = all[place].isHeld || instance.isHeld
                    return place
                }
                known?[key] = all.count
            }
            let rank = RecordChoice.rank(priority: instance.priority, weight: instance.weight)
            all.append(Candidate(instance: index, place: instance.place, rank: rank, isHeld: instance.isHeld))
            return all.count - 1
        }
        return (all, ofInstances)
    }
}

extension ServiceCompiler.Instance {
    /// The SRV record; nil without a target.
    fileprivate var location: RecordData? {
        target.map { .srv(priority: priority, weight: weight, port: port, target: $0) }
    }
}
