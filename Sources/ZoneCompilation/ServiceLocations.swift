import DNSAuthority
import ProviderRegistry

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
        let provider: Provider
    }

    let handle: RecordBlockBuilder.Handle
    private let policy: ZonePolicy
    private let instances: [Instance]
    /// The candidate of each instance; nil for one without a target.
    private let candidates: [Int?]
    /// Where each candidate stands; nil for one that is left out.
    private let positions: [Int?]

    /// How many records the RRset would have if there might be so many.
    var candidateCount: Int { positions.count }

    /// Adds the RRset of some instances, each target's addresses along with the first record that has it (RFC 2782). Equal records are one
    /// (RFC 2181 §5). Nil if there is nothing to say. The instances are in the ring's order, each with its addresses.
    init?(
        _ instances: [Instance], _ own: [AddressSets.Own], isUnknown: Bool, _ policy: ZonePolicy, _ builder: inout RecordBlockBuilder
    ) {
        let targets = Self.distinctTargets(instances)
        let (all, candidates) = Self.candidates(instances, targets)
        guard !all.isEmpty || isUnknown else { return nil }
        let choice = RecordChoice(all, most: policy.mostAnswers)
        var rrset = RRset(.srv, ttl: policy.ttl)
        rrset.isUnknown = isUnknown
        rrset.records = choice.indices.compactMap { instances[all[$0].instance].location }
        rrset.places = choice.indices.map { all[$0].place }
        rrset.isHeld = choice.indices.contains { all[$0].isHeld }
        var seen = [Bool](repeating: false, count: instances.count)
        let additional = choice.indices.map { index in
            let target = targets[all[index].instance]
            defer { seen[target] = true }
            return seen[target] ? RecordBlockBuilder.Additional() : own[all[index].instance].known
        }
        (self.policy, self.instances, self.candidates, positions) = (policy, instances, candidates, choice.positions)
        handle = builder.add(rrset, additional: additional)
    }

    /// Adds the name of an instance with its RRsets; the SRV RRset is in the octets of the service's if its record is there.
    func addInstance(_ index: Int, _ own: AddressSets.Own, _ builder: inout RecordBlockBuilder) {
        let instance = instances[index]
        guard let name = instance.name, let record = instance.location, let candidate = candidates[index] else { return }
        let location: RecordBlockBuilder.Handle
        if let position = positions[candidate] {
            location = builder.add(record: position, of: handle, isHeld: instance.isHeld, additional: own.known)
        } else {
            var rrset = RRset(.srv, ttl: policy.ttl, records: [record])
            rrset.isHeld = instance.isHeld
            location = builder.add(rrset, additional: [own.known])
        }
        builder.add(name, own.all, srv: location)
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
        let ofInstances = instances.enumerated().map { index, instance -> Int? in
            guard instance.target != nil else { return nil }
            var provider = instance.provider
            // The target stands for it.
            provider.host = .name("")
            let key = Key(target: targets[index], provider: provider)
            if let place = known?[key] {
                all[place].isHeld = all[place].isHeld || instance.isHeld
                return place
            }
            known?[key] = all.count
            let rank = RecordChoice.rank(provider)
            all.append(Candidate(instance: index, place: instance.place, rank: rank, isHeld: instance.isHeld))
            return all.count - 1
        }
        return (all, ofInstances)
    }
}

extension ServiceCompiler.Instance {
    /// The SRV record; nil without a target.
    fileprivate var location: RecordData? {
        target.map { .srv(priority: provider.priority, weight: provider.weight, port: provider.port, target: $0) }
    }
}
