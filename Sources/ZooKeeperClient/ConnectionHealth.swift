/// Decides when a session handle must be given up although ZooKeeper never said that its session is over: servers that moved, that were restored
/// from an older state, or that reject the watches which are sent again (ZOOKEEPER-706) keep the C client trying without limit.
struct ConnectionHealth {
    /// What to do about a lost connection.
    enum Verdict {
        /// The C client connects again.
        case wait
        /// The connection held and then was lost too often: ZooKeeper may reject the watches, which are sent at each return, all at once. The
        /// session goes on without them, with another handle.
        case dropWatches
        /// The connection was lost too often from the beginning.
        case startOver
    }

    /// Losses within the flapping period that are too many.
    private static let tooManyLosses = 3
    private static let shortestFlappingPeriod: Duration = .seconds(5)
    /// Shortest time without a connection after which a new one is made.
    private static let shortestPatience: Duration = .seconds(30)

    private let patience: Duration
    /// Time for some attempts of the C client, which makes one every sixtieth of the session timeout.
    private let flappingPeriod: Duration
    private var disconnectedSince: ContinuousClock.Instant?
    private var firstConnected: ContinuousClock.Instant?
    private var losses: [ContinuousClock.Instant] = []

    /// A handle that is about to be opened, for a session with this timeout.
    init(timeout: Duration, now: ContinuousClock.Instant) {
        patience = max(timeout * 3, Self.shortestPatience)
        flappingPeriod = max(timeout / 10, Self.shortestFlappingPeriod)
        disconnectedSince = now
    }

    /// An attempt to connect begins.
    mutating func begin(at now: ContinuousClock.Instant) { if disconnectedSince != nil { disconnectedSince = now } }

    /// There is a connection.
    mutating func connected(at now: ContinuousClock.Instant) {
        firstConnected = firstConnected ?? now
        disconnectedSince = nil
    }

    /// There is no connection any more.
    mutating func disconnected(at now: ContinuousClock.Instant) -> Verdict {
        guard disconnectedSince == nil else { return .wait }
        disconnectedSince = now
        losses = losses.filter { $0.duration(to: now) < flappingPeriod } + [now]
        guard losses.count >= Self.tooManyLosses, let first = losses.first, let firstConnected else { return .wait }
        return firstConnected.duration(to: first) < flappingPeriod ? .startOver : .dropWatches
    }

    /// When patience ends, unless there is a connection before.
    var deadline: ContinuousClock.Instant? { disconnectedSince?.advanced(by: patience) }
}
