/// What happens to a session, in order.
package enum SessionEvent: Sendable {
    /// There is a connection, and the session is a new one if `isNew`: no watch of an earlier one is left then.
    case connected(timeout: Duration, isNew: Bool)
    /// There is none any more; watches stay, and fire once there is one again.
    case disconnected
    /// A watch fired and is gone: something at this path, or among its children, is different.
    case watch(path: String)
}

/// When a znode came and changed. The C type is `struct Stat`.
package struct ZnodeStat: Hashable, Sendable {
    /// The transaction that created it: lower is older.
    package let creationZxid: Int64
    /// The transaction that last changed its data.
    package let modificationZxid: Int64
}

/// A znode's data with when it came and changed.
package struct ZnodeContent: Hashable, Sendable {
    /// The data; none where ZooKeeper has null.
    package let octets: [UInt8]
    /// When it came and changed.
    package let stat: ZnodeStat
}
