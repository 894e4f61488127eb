/// All registrations of the services that share one domain name, twins merged.
package struct MergedService: Equatable {
    /// The providers, the oldest znode first, held ones last; no two offer the same host and port. A held provider may have the name of
    /// another member.
    package let members: [Member]
    /// Nothing is known of the providers: some services are unknown, the others have none.
    package let isUnknown: Bool

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
    package init(_ services: some Sequence<Service>) {
        var all: [Member] = []
        var isUnknown = false
        for service in services {
            guard service.reach != .unknown else {
                isUnknown = true
                continue
            }
            let isLost = service.reach != .current
            all += service.registrations.map { Member(instance: $0, registration: $1, isHeld: isLost) }
            all += service.held.map { Member(instance: $0.instance, registration: $0.registration, isHeld: true) }
        }
        self.isUnknown = isUnknown && all.isEmpty
        // A znode that is there stands for the provider rather than one that has vanished.
        all.sort {
            ($0.isHeld ? 1 : 0, $0.registration.creationZxid, $0.instance, $0.registration.modificationZxid)
                < ($1.isHeld ? 1 : 0, $1.registration.creationZxid, $1.instance, $1.registration.modificationZxid)
        }
        var seen: Set<Provider.Offer> = []
        members = all.filter { seen.insert($0.provider.offer).inserted }
    }
}
