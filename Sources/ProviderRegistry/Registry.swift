/// A provider's znode: what it offers, and since when.
package struct Registration: Hashable, Sendable {
    /// When the znode was created, in ZooKeeper's own counting (`Stat.czxid`): lower is older.
    package var creationZxid: Int64
    /// When its data last changed, in the same counting (`Stat.mzxid`).
    package var modificationZxid: Int64
    /// What it offers.
    package var provider: Provider

    /// A znode; `modificationZxid` is 0 where no reader needs the data's age.
    package init(creationZxid: Int64, modificationZxid: Int64 = 0, provider: Provider) {
        self.creationZxid = creationZxid
        self.modificationZxid = modificationZxid
        self.provider = provider
    }
}

/// A provider whose znode has vanished, kept because it may well be alive.
package struct HeldProvider: Hashable, Sendable {
    /// The name that its znode had; another znode of the service may have it by now.
    package let instance: InstanceName
    /// What its znode was last.
    package let registration: Registration

    package init(instance: InstanceName, registration: Registration) {
        self.instance = instance
        self.registration = registration
    }

    /// What it offers.
    package var provider: Provider { registration.provider }
}

/// A service's znode with all usable providers below it, which may be none.
package struct Service: Hashable, Sendable {
    /// The providers by the names of their znodes.
    package var registrations: [InstanceName: Registration]
    /// Providers whose znodes have vanished, in no order; no two offer the same host and port.
    package var held: [HeldProvider]
    /// Whether ZooKeeper answers for them.
    package var reach: Reach
    /// The weights that further znodes of the service give its providers, by the names of these znodes: for nearly all services none.
    package var weights: [InstanceName: WeightVector]

    package init(
        registrations: [InstanceName: Registration] = [:], held: [HeldProvider] = [], reach: Reach = .current,
        weights: [InstanceName: WeightVector] = [:]
    ) {
        self.registrations = registrations
        self.held = held
        self.reach = reach
        self.weights = weights
    }

    /// What a change of the service costs beside what one with a single plain provider does. O(providers).
    package var cost: Int { registrations.values.reduce(0) { $0 + 1 + ($1.provider.details?.cost ?? 0) } }

    /// Whether one of the providers that are there is up.
    package var hasProviderThatIsUp: Bool { registrations.values.contains { $0.provider.status == .up } }

    /// How many providers there are, held ones and twins included.
    package var count: Int { registrations.count + held.count }
}

/// How far what is known of a service can be relied on.
package enum Reach: Hashable, Sendable {
    /// It is what ZooKeeper says.
    case current
    /// ZooKeeper has not answered for it since then (RFC 8767).
    case lost(since: ContinuousClock.Instant)
    /// ZooKeeper has never answered for it, or not for too long: nothing is known.
    case unknown
}

/// Every known provider of one zone.
package struct Registry: Equatable, Sendable {
    /// The services by name.
    package var services: [ServiceName: Service]

    package init(services: [ServiceName: Service] = [:]) { self.services = services }

    /// Gives each service of a change its new state.
    package mutating func apply(_ change: RegistryChange) {
        for (name, service) in change.services { services[name] = service }
    }
}
