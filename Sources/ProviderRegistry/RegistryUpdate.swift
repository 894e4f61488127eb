/// What the follower of a registry reports, in order.
package enum RegistryUpdate: Sendable {
    /// The registry has been read in full for the first time; it is empty where its path does not exist.
    case complete(Registry)
    /// Some services are different.
    case changed(RegistryChange)
    /// The registry is within reach, in a session with this timeout: ZooKeeper has answered for all of it.
    case connected(sessionTimeout: Duration)
    /// The registry has been out of reach since then: there is no connection, or none over which it may be read.
    case disconnected(since: ContinuousClock.Instant)
    /// A znode cannot be used, or only in part; reported once for each version of it.
    case unusable(ZnodeReport)
    /// A znode that was reported can be used now, or is gone; the reason is the report's.
    case mended(path: String, reason: String)
    /// So many differences from ZooKeeper were found that no watch had reported.
    case repaired(differences: Int)
}

/// What became different between two states of a registry.
package struct RegistryChange: Equatable, Sendable {
    /// The new state of each service that is different; nil inside for one that is gone.
    package var services: [ServiceName: Service?]
    /// When ZooKeeper's event came that reported the change, of each service that an event named.
    package var heard: [ServiceName: ContinuousClock.Instant] = [:]

    package init(services: [ServiceName: Service?] = [:]) { self.services = services }
}

/// A znode that cannot be used, or only in part.
package struct ZnodeReport: Hashable, Sendable {
    /// The znode.
    package let path: String
    /// What is wrong with it.
    package let reason: String
    /// The first octets of its data, for people.
    package let excerpt: String

    package init(path: String, reason: String, excerpt: String) {
        self.path = path
        self.reason = reason
        self.excerpt = excerpt
    }
}
