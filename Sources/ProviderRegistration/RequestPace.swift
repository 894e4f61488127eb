import ZooKeeperClient

/// How fast requests for one path may follow each other: at once as many as a registration takes, then ever more slowly, until the znode has
/// stayed as it must be for some time. A path at which others delete or create without end costs ZooKeeper and the log little.
struct RequestPace {
    /// Requests that may follow each other at once, and one more for each parent: a registration, and the mending of it.
    private static let burst = 10
    /// How long a znode must have stayed to count as undisturbed.
    private static let calm: Duration = .seconds(10)

    private let most: Int
    private var spent = 0
    private var pauses = Self.freshPauses
    private var succeeded: ContinuousClock.Instant?
    /// When the next request may be sent; nil for at once.
    private(set) var next: ContinuousClock.Instant?

    /// The pace for a path with so many parents.
    init(parents: Int) { most = Self.burst + parents }

    /// From a tenth of a second on, so that there are at most ten requests a second. Up to two seconds: once others have stopped, the three requests
    /// of a registration take six at most.
    private static var freshPauses: Backoff { Backoff(first: .milliseconds(200), longest: .seconds(2)) }

    /// A request is sent.
    mutating func spend(at now: ContinuousClock.Instant) {
        if let succeeded, succeeded.duration(to: now) >= Self.calm { (spent, pauses) = (0, Self.freshPauses) }
        succeeded = nil
        spent += 1
        next = spent < most ? nil : now + pauses.next()
    }

    /// The znode has been found as it must be.
    mutating func succeed(at now: ContinuousClock.Instant) { succeeded = now }
}
