import Glibc

/// A zone's registry as it is kept for a start without ZooKeeper.
package struct SavedRegistry: Equatable, Sendable {
    /// Whose registry it is.
    package struct Source: Hashable, Sendable {
        /// The zone's origin in text form.
        package let origin: String
        /// The path of its registry in ZooKeeper with the chroot in front of it, and in front of that its format, unless that is ours.
        package let path: String

        package init(origin: String, path: String) {
            self.origin = origin
            self.path = path
        }
    }

    /// Whose registry it is.
    package let source: Source
    /// What it was.
    package var registry: Registry
    /// When it was last known to be right.
    package var asOf: ContinuousClock.Instant

    package init(source: Source, registry: Registry, asOf: ContinuousClock.Instant) {
        self.source = source
        self.registry = registry
        self.asOf = asOf
    }
}

/// What two clocks say at the same moment: one that never jumps, which durations are measured by, and the calendar's, which files need.
package struct ClockReading: Sendable {
    /// The clock that never jumps.
    package let instant: ContinuousClock.Instant
    /// The calendar's clock: milliseconds since 1970.
    package let milliseconds: Int64

    /// The longest time that a file's age may be, a hundred years: beyond that its time is nonsense.
    private static let longestAge: Int64 = 100 * 365 * 86_400_000

    package init(instant: ContinuousClock.Instant, milliseconds: Int64) {
        self.instant = instant
        self.milliseconds = milliseconds
    }

    /// What the clocks say now. The C function is `clock_gettime`.
    package static var now: ClockReading {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return ClockReading(instant: .now, milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// An instant as the calendar has it; one that is still to come is now.
    func milliseconds(of instant: ContinuousClock.Instant) -> Int64 {
        let age = max(.zero, instant.duration(to: self.instant)).components
        return milliseconds - min(age.seconds, Self.longestAge / 1000) * 1000 - age.attoseconds / 1_000_000_000_000_000
    }

    /// The instant of a time that a file gives; one that is still to come, as when the calendar's clock was set back, is now.
    func instant(of milliseconds: Int64) -> ContinuousClock.Instant {
        let (age, isOverflow) = self.milliseconds.subtractingReportingOverflow(milliseconds)
        return instant - .milliseconds(isOverflow ? Self.longestAge : min(max(0, age), Self.longestAge))
    }
}
