/// Time that passes only while the registry is within reach: what has vanished cannot be seen to return in any other.
struct ReachableTime {
    /// How much had passed when it began to run, or stopped.
    private var passed: Duration = .zero
    private var runningSince: ContinuousClock.Instant?

    /// How much has passed.
    func passed(at now: ContinuousClock.Instant) -> Duration {
        passed + (runningSince.map { max(.zero, $0.duration(to: now)) } ?? .zero)
    }

    /// Stops it.
    mutating func stop(at now: ContinuousClock.Instant) {
        passed = passed(at: now)
        runningSince = nil
    }

    /// Lets it run on if it stands.
    mutating func run(at now: ContinuousClock.Instant) { runningSince = runningSince ?? now }

    /// When so much will have passed; nil while it stands.
    func instant(of time: Duration) -> ContinuousClock.Instant? { runningSince?.advanced(by: time - passed) }
}
