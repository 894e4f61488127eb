/// All registrations of the services that share one domain name, twins merged.
package struct MergedService: Equatable {
    /// The providers, the oldest znode first, held ones last; no two offer the same host and port. A held provider may have the name of
    /// another member.
    package let members: [Member]
    /// Nothing is known of the providers: some services are unknown, the others have none.
    package let isUnknown: Bool
    /// Whether no two members may have one name.
    package let hasUniqueNames: Bool

    /// A provider by the name of its znode.
    package struct Member: Equatable {
        package let instance: InstanceName
        package let registration: Registration
        /// Whether ZooKeeper does not vouch for it now: its znode has vanished, or its service is lost.
        package let isHeld: Bool

        package init(instance: InstanceName, registration: Registration, isHeld: Bool = false) {
            self.instance = instance
            self.registration = registration
            self.isHeld = isHeld
        }

        /// What it offers.
        package var provider: Provider { registration.provider }

        /// Whether it stands for a twin that is before it in order.
        fileprivate func isPreferred(to twin: Member) -> Bool { isHeld == twin.isHeld && provider.status.rank < twin.provider.status.rank }
    }

    /// Merges services whose names differ only in case. Of providers with equal host and port one stands for all: a znode that is there
    /// before one that has vanished, then one that is up before a draining one and that before one that is down, then the oldest. Those of
    /// a lost service count as held; an unknown service is left out beside one that has providers, or one znode could take a name from all.
    package init(_ services: [Service]) {
        var all: [Member] = []
        all.reserveCapacity(services.reduce(0) { $0 + $1.count })
        var (known, isUnknown, hasHeld) = (0, false, false)
        for service in services {
            let isLost: Bool
            switch service.reach {
            case .current: isLost = false
            case .lost: isLost = true
            case .unknown:
                isUnknown = true
                continue
            }
            known += 1
            hasHeld = hasHeld || !service.held.isEmpty
            let start = all.count
            for (instance, registration) in service.registrations {
                all.append(Member(instance: instance, registration: registration, isHeld: isLost))
            }
            for held in service.held { all.append(Member(instance: held.instance, registration: held.registration, isHeld: true)) }
            if !service.weights.isEmpty { Self.weigh(&all[start...], by: service.weights) }
        }
        self.isUnknown = isUnknown && all.isEmpty
        hasUniqueNames = known <= 1 && !hasHeld
        Self.putInOrder(&all)
        members = Self.mayHaveTwins(all) ? Self.withoutTwins(all) : all
    }

    /// Gives members the weights that further znodes of their service name.
    private static func weigh(_ members: inout ArraySlice<Member>, by vectors: [InstanceName: WeightVector]) {
        let vector = WeightVector(vectors)
        for index in members.indices {
            let member = members[index]
            var registration = member.registration
            registration.provider.weight = vector.weight(of: member.instance, registration.provider)
            members[index] = Member(instance: member.instance, registration: registration, isHeld: member.isHeld)
        }
    }

    /// Whether members may have equal hosts and ports. Without hashing for what nearly all hosts are, IPv4 addresses.
    private static func mayHaveTwins(_ all: [Member]) -> Bool {
        var offers: [UInt64] = []
        offers.reserveCapacity(all.count)
        for member in all {
            guard case .ipv4(let address) = member.registration.provider.host else { return true }
            offers.append(UInt64(address.value) << 16 | UInt64(member.registration.provider.port))
        }
        offers.sort()
        return offers.indices.dropFirst().contains { offers[$0] == offers[$0 - 1] }
    }

    /// Members, which are in order, without those that others stand for.
    private static func withoutTwins(_ all: [Member]) -> [Member] {
        // Nearly always all are up, and one look at each is enough.
        guard all.contains(where: { $0.provider.status != .up }) else {
            var seen = Set<Provider.Offer>(minimumCapacity: all.count)
            return all.filter { seen.insert($0.provider.offer).inserted }
        }
        var chosen = [Provider.Offer: Int](minimumCapacity: all.count)
        for (index, member) in all.enumerated() {
            let offer = member.provider.offer
            if let other = chosen[offer], !member.isPreferred(to: all[other]) { continue }
            chosen[offer] = index
        }
        return chosen.values.sorted().map { all[$0] }
    }

    /// What changes places while the order of members is found, as they are large.
    private struct Key {
        let isHeld: Bool
        let age: Int64
        var index: Int
    }

    /// Puts members in their order: a znode that is there stands for the provider rather than one that has vanished.
    private static func putInOrder(_ all: inout [Member]) {
        var keys = all.indices.map { Key(isHeld: all[$0].isHeld, age: all[$0].registration.creationZxid, index: $0) }
        keys.sort { left, right in
            if left.isHeld != right.isHeld { return right.isHeld }
            if left.age != right.age { return left.age < right.age }
            let (left, right) = (all[left.index], all[right.index])
            return (left.instance, left.registration.modificationZxid) < (right.instance, right.registration.modificationZxid)
        }
        // Round after round of those that take each other's places, by swaps: copies would count references.
        for start in keys.indices {
            var place = start
            while keys[place].index != start {
                let next = keys[place].index
                all.swapAt(place, next)
                keys[place].index = place
                place = next
            }
            keys[place].index = place
        }
    }
}

extension ProviderStatus {
    /// Its place among those of twins, the one to be used first.
    fileprivate var rank: Int {
        switch self {
        case .up: 0
        case .draining: 1
        case .down: 2
        }
    }
}
