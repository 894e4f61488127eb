import ZooKeeperClient

/// Decides when all of a registry may be read again, so that sessions and connections that come and go cost ZooKeeper no reading each.
///
/// One that comes after a quiet time is followed by its reading at once, and so is the next. Those that follow soon have pauses between the beginnings of their
/// readings, each longer than the last and of a random length, so that servers which lost their sessions together do not read together.
struct ReadingPace {
    /// The longest that the first pause may be; each is up to twice as long as the last.
    static let firstPause: Duration = .seconds(1)
    /// The longest pause.
    static let longestPause: Duration = .seconds(30)
    /// Readings that begin at once after a quiet time: the first of all, or one after a loss, may be followed by a single loss soon.
    static let mostAtOnce = 2
    /// So long without a reading is a quiet time.
    static let quietTime: Duration = .seconds(60)

    private var pause = ReadingPace.shortest
    /// Readings that have begun since the last quiet time.
    private var count = 0
    /// When the last reading began.
    private var began: ContinuousClock.Instant?
    /// When the reading that waits may begin; nil if none waits.
    private(set) var due: ContinuousClock.Instant?

    private static var shortest: Backoff { Backoff(first: firstPause, longest: longestPause) }

    /// A reading has become necessary.
    mutating func want(at now: ContinuousClock.Instant) {
        guard due == nil else { return }
        let isQuiet = began.map { $0.duration(to: now) >= Self.quietTime } ?? true
        if isQuiet { (pause, count) = (Self.shortest, 0) }
        due = count < Self.mostAtOnce ? now : max(now, (began ?? now) + pause.next())
    }

    /// Whether requests may go out now: no reading waits, or it begins with them.
    mutating func admits(at now: ContinuousClock.Instant) -> Bool {
        guard let due else { return true }
        guard due <= now else { return false }
        began = now
        count += 1
        self.due = nil
        return true
    }
}
