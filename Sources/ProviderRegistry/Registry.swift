/// A provider's znode: what it offers, and since when.
package struct Registration: Hashable, Sendable {
    /// When the znode was created, in ZooKeeper's own counting (`Stat.czxid`): lower is older.
    package var creationZxid: Int64
    /// When its data last changed, in the same counting (`Stat.mzxid`).
    package var modificationZxid: Int64
    /// What it offers.
    package var provider: Provider
    /// Whether the znode has vanished and the provider is kept only because it may well be alive.
    package var isHeld: Bool

    /// A znode; nothing is said of its data's age where nobody asks.
    package init(creationZxid: Int64, modificationZxid: Int64 = 0, provider: Provider, isHeld: Bool = false) {
        self.creationZxid = creationZxid
        self.modificationZxid = modificationZxid
        self.provider = provider
        self.isHeld = isHeld
    }
}

/// A service's znode with all usable providers below it, which may be none.
package struct Service: Hashable, Sendable {
    /// The providers by the names of their znodes.
    package var registrations: [InstanceName: Registration]
    /// Whether ZooKeeper answers for them.
    package var reach: Reach

    package init(registrations: [InstanceName: Registration] = [:], reach: Reach = .current) {
        self.registrations = registrations
        self.reach = reach
    }
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
}

/// What became different between two states of a registry.
package struct RegistryChange: Equatable, Sendable {
    /// The new state of each service that is different; nil inside for one that is gone.
    package var services: [ServiceName: Service?]

    package init(services: [ServiceName: Service?] = [:]) { self.services = services }
}
