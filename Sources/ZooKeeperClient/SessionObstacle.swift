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
