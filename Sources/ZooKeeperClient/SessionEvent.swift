/// What happens to a session, in order.
package enum SessionEvent: Sendable {
    /// There is a connection. If `isNew`, the session is a new one: no watch of an earlier session is left.
    case connected(id: Int64, timeout: Duration, isNew: Bool)
    /// There is no connection any more; watches stay, and fire once there is a connection again.
    case disconnected
    /// The session goes on, but without its watches; reported right after `connected`.
    case watchesLost
    /// A watch fired and is gone: something at this path, or among its children, is different.
    case watch(path: String)
}

/// What ZooKeeper keeps of a znode beside its data. The C type is `struct Stat`.
package struct ZnodeStat: Hashable, Sendable {
    /// The transaction that created it: lower is older.
    package let creationZxid: Int64
    /// The transaction that last changed its data.
    package let modificationZxid: Int64
    /// How often its data has been changed.
    package var version: Int32 = 0
    /// The id of the session that it goes with; 0 for a persistent one.
    package var ephemeralOwner: Int64 = 0
    /// When it was created by ZooKeeper's clock, in milliseconds since 1970.
    package var creationTime: Int64 = 0

    package init(creationZxid: Int64, modificationZxid: Int64) {
        self.creationZxid = creationZxid
        self.modificationZxid = modificationZxid
    }
}

/// Whether a znode goes when the session of its creator ends.
package enum CreateMode: Sendable {
    case persistent
    case ephemeral
}

/// A znode's data with when it came and changed.
package struct ZnodeContent: Hashable, Sendable {
    /// The data; none where ZooKeeper has null.
    package let octets: [UInt8]
    /// When it came and changed, and whose it is.
    package let stat: ZnodeStat
}
