/// Tells when a connection must be given up although ZooKeeper never said that its session is over: servers that moved, that were restored
/// from an older state, or that reject the watches which are sent again (ZOOKEEPER-706) keep the C client trying for ever.
struct ConnectionHealth {
    /// Losses within the flapping period that are too many.
    private static let tooManyLosses = 3
    private static let shortestFlappingPeriod: Duration = .seconds(5)
    /// Shortest time without a connection after which a new one is made.
    private static let shortestPatience: Duration = .seconds(30)

    private let patience: Duration
    /// Time for some attempts of the C client, which makes one every sixtieth of the session timeout.
    private let flappingPeriod: Duration
    private var disconnectedSince: ContinuousClock.Instant?
    private var losses: [ContinuousClock.Instant] = []

    /// A connection that is being made, for a session with this timeout.
    init(timeout: Duration, now: ContinuousClock.Instant) {
        patience = max(timeout * 3, Self.shortestPatience)
        flappingPeriod = max(timeout / 10, Self.shortestFlappingPeriod)
        disconnectedSince = now
    }

    /// There is a connection.
    mutating func connected() { disconnectedSince = nil }

    /// There is none; true if that has now happened too often.
    mutating func disconnected(at now: ContinuousClock.Instant) -> Bool {
        guard disconnectedSince == nil else { return false }
        disconnectedSince = now
        losses = losses.filter { $0.duration(to: now) < flappingPeriod } + [now]
        return losses.count >= Self.tooManyLosses
    }

    /// When patience ends, unless there is a connection before.
    var deadline: ContinuousClock.Instant? { disconnectedSince?.advanced(by: patience) }
}
