/// Whether the registry as a whole is within reach: its root's list, asked for over this connection, has been answered, and all of a new
/// session has been read.
struct RootReach {
    /// Whether there is a connection, which proves nothing.
    var isConnected = false
    /// The timeout of the session.
    private(set) var sessionTimeout: Duration = .zero
    /// Whether the root's list has been answered over this connection, and not been refused or withheld since.
    var isProved = false
    /// Whether the root's list has been answered over this connection, in whatever way. Before that nothing else is asked for: an answer that
    /// never comes would keep the root's, and with it the proof, from coming.
    var isAnswered = false
    /// Whether the root's list has been answered in this session.
    var isRead = false
    /// Whether the registry has been read whole once.
    var isComplete = false
    /// Whether it is within reach.
    var isWithin = false
    /// Since when it has been out of reach; nil while it is within, and before it has ever been.
    var outSince: ContinuousClock.Instant?

    /// There is a connection.
    mutating func connected(timeout: Duration) {
        isConnected = true
        isProved = false
        isAnswered = false
        sessionTimeout = timeout
    }
}
