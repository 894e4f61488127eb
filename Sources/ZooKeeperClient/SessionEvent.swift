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

/// A session as a server grants it: an id, and a timeout that may not be what was asked for.
struct GrantedSession: Hashable, Sendable {
    /// Never 0, which stands for no session.
    let id: Int64
    /// Within `timeouts`.
    let timeout: Duration

    /// Timeouts that the C client can work with. It tries servers again every sixtieth of the timeout, in whole milliseconds: below 60 ms it would do
    /// so without a pause. An hour is the longest that can be asked for; from some weeks on the C client's arithmetic overflows.
    private static let timeouts: ClosedRange<Int32> = 60...3_600_000

    /// A session of this id and timeout in milliseconds. Throws what is wrong with it.
    init(id: Int64, timeout milliseconds: Int32) throws(SessionObstacle) {
        guard id != 0 else { throw .unusable("without an id") }
        guard Self.timeouts.contains(milliseconds) else { throw .unusable("with a timeout of \(milliseconds) ms") }
        self.id = id
        timeout = .milliseconds(milliseconds)
    }
}

/// Why there is no session with ZooKeeper, or why the last one is over.
package enum SessionObstacle: Error, Hashable, Sendable {
    /// No server's name has an address.
    case unresolved
    /// The machine has no threads left for the C client.
    case noThreads
    /// The C client could not be set up.
    case notSetUp
    /// No server has given a session for long.
    case outOfReach
    /// The session is over by ZooKeeper's word.
    case ended
    /// The credentials are not accepted, or ZooKeeper wants others than those of the digest scheme.
    case credentialsRefused
    /// The server gives a session that the C client cannot work with.
    case unusable(String)
    /// Connections are lost too often.
    case flapping

    /// What it is, in a few words.
    package var text: String {
        switch self {
        case .unresolved: "no server's name can be resolved"
        case .noThreads: "the machine has no threads left"
        case .notSetUp: "the client could not be set up"
        case .outOfReach: "no server gives a session"
        case .ended: "the session has ended"
        case .credentialsRefused: "the credentials are refused"
        case .unusable(let what): "the server gives a session \(what)"
        case .flapping: "the connection is lost too often"
        }
    }
}
