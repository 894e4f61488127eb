import ProviderRegistry

/// What a watcher has to tell, in order.
package enum WatchUpdate: Sendable {
    /// The registry has been read in full for the first time. An empty one also where its path does not exist.
    case complete(Registry)
    /// A znode cannot be used, or only in part; once for each version of it.
    case unusable(WatchReport)
    /// Some services are different.
    case changed(RegistryChange)
    /// The registry is within reach, in a session with this timeout: all of it has been answered for.
    case connected(sessionTimeout: Duration)
    /// It has been out of reach since then: there is no connection, or none over which it may be read.
    case disconnected(since: ContinuousClock.Instant)
}

/// Something in the registry that could not be used, or only in part.
package struct WatchReport: Hashable, Sendable {
    /// The znode.
    package let path: String
    /// What is wrong with it.
    package let reason: String
    /// The first octets of its data, for people.
    package let excerpt: String
}

/// What an operator decides about following a registry.
package struct WatchSettings: Sendable {
    /// How often everything is listed again in case a watch was lost.
    package var reconcile: Duration
    /// For how long after an outage vanished providers are kept; zero for not at all.
    package var holdDown: Duration
    /// Whether they are kept, too, when more than half of all vanish at once.
    package var guardsMassRemoval: Bool
    /// How many registries are watched over the same session: they share the watches that it can have.
    package var zones: Int

    package init(reconcile: Duration = .seconds(60), holdDown: Duration = .seconds(120), guardsMassRemoval: Bool = true, zones: Int = 1) {
        self.zones = zones
        self.reconcile = reconcile
        self.holdDown = holdDown
        self.guardsMassRemoval = guardsMassRemoval
    }
}
