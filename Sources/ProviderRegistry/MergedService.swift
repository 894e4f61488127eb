/// All registrations of the services that share one domain name, twins merged.
package struct MergedService: Equatable {
    /// The providers, the oldest znode first; no two offer the same host and port.
    package let members: [Member]

    /// A provider by the name of its znode.
    package struct Member: Equatable {
        package let instance: InstanceName
        package let registration: Registration

        package init(instance: InstanceName, registration: Registration) {
            self.instance = instance
            self.registration = registration
        }

        /// What it offers.
        package var provider: Provider { registration.provider }
    }

    /// Merges services whose names differ only in case. Of providers with equal host and port the oldest znode stands for all.
    package init(_ services: some Sequence<Service>) {
        let all = services.flatMap { $0.registrations.map(Member.init) }
        let byAge = all.sorted { ($0.registration.creationZxid, $0.instance) < ($1.registration.creationZxid, $1.instance) }
        var seen: Set<Provider.Offer> = []
        members = byAge.filter { seen.insert($0.provider.offer).inserted }
    }
}
