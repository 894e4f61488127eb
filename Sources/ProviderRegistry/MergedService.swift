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
    }

    /// Merges services whose names differ only in case. Of providers with equal host and port the oldest znode that is there stands for all. Those of a
    /// lost service count as held; an unknown service is left out beside one that has providers, or one znode could take a name from all.
    package init(_ services: [Service]) {
        let known = services.filter { $0.reach != .unknown }
        var all: [Member] = []
        all.reserveCapacity(known.reduce(0) { $0 + $1.count })
        for service in known {
            let isLost = service.reach != .current
            for (instance, registration) in service.registrations {
                all.append(Member(instance: instance, registration: registration, isHeld: isLost))
            }
            for held in service.held { all.append(Member(instance: held.instance, registration: held.registration, isHeld: true)) }
        }
        isUnknown = known.count < services.count && all.isEmpty
        hasUniqueNames = known.count <= 1 && known.allSatisfy(\.held.isEmpty)
        var seen: Set<Provider.Offer> = []
        seen.reserveCapacity(all.count)
        members = Self.order(all).compactMap { seen.insert(all[$0].provider.offer).inserted ? all[$0] : nil }
    }

    /// The order of members: a znode that is there stands for the provider rather than one that has vanished.
    private static func order(_ all: [Member]) -> [Int] {
        // Keys rather than members, which are large, change places.
        var keys = all.indices.map { (isHeld: all[$0].isHeld ? 1 : 0, age: all[$0].registration.creationZxid, index: $0) }
        keys.sort { left, right in
            if (left.isHeld, left.age) != (right.isHeld, right.age) { return (left.isHeld, left.age) < (right.isHeld, right.age) }
            let (left, right) = (all[left.index], all[right.index])
            return (left.instance, left.registration.modificationZxid) < (right.instance, right.registration.modificationZxid)
        }
        return keys.map(\.index)
    }
}
