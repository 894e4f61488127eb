import FoundationEssentials

/// Instants as times of day. Instants are kept, because the time of day may be set.
enum WallTime {
    /// An instant that all can measure from.
    static let origin = ContinuousClock.now

    /// The milliseconds since 1970 at an instant, by the clock as it is set now.
    static func milliseconds(_ instant: ContinuousClock.Instant) -> Int64 {
        let now = Int64(clamping: Int(Date().timeIntervalSince1970 * 1000))
        return now + Int64(clamping: ContinuousClock.now.duration(to: instant).milliseconds)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(
            clamping: seconds.multipliedReportingOverflow(by: 1000).overflow
                ? Int64.max : seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
