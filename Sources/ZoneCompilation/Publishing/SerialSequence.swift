import ProviderRegistry

/// How versions of zones are made.
package struct VersionPolicy: Hashable, Sendable {
    /// All serials leave this remainder when they are divided by `modulus`: of several servers of one tree none gives another's serial.
    package var remainder: UInt32 = 0
    /// From 1 to 16.
    package var modulus: UInt32 = 1
    /// Most octets of the differences between versions that are kept of a zone; nil where no other server transfers zones.
    package var journal: Int?
    /// The shortest time between two versions.
    package var interval: Duration = .milliseconds(100)

    package init() {}

    /// The shortest time between two versions in which serials do not run ahead of the clock.
    fileprivate var pause: Duration { max(interval, .seconds(1) * Int(modulus) / Int(SerialSequence.ticksPerSecond)) }
}

/// The serials of all zones: the time in sixteenths of a second, or the next number where that would not rise (RFC 1982 §3.2).
///
/// At most ten versions are made a second and serials have room for sixteen, so that they do not run ahead of the clock by more than they are
/// rounded up: after a restart they go on above those of before, unless the clock was set back.
package struct SerialSequence: Sendable {
    /// 2022-07-01 00:00:00 UTC, in seconds since 1970. Serials of before 2031 are later than the seconds since 1970, which were the serials of
    /// earlier versions of zoodns, and do not pass 2³² until then.
    private static let beginning: Int64 = 1_656_633_600
    static let ticksPerSecond: Int64 = 16

    /// The serial that a time has, in milliseconds since 1970.
    static func ticks(_ milliseconds: Int64) -> UInt32 {
        let seconds = milliseconds / 1000 - beginning
        return UInt32(truncatingIfNeeded: seconds &* ticksPerSecond &+ milliseconds % 1000 * ticksPerSecond / 1000)
    }

    /// Gives the serial that the time has. `written`: when a file was last written, in milliseconds since 1970, that is written a second after
    /// each change and at least every minute. If the clock was set back since then, serials go on above those that may have been given until then.
    package static func clock(notBefore written: Int64?) -> @Sendable () -> UInt32 {
        let least = leastTime(after: written)
        let now: @Sendable () -> UInt32 = { ticks(ClockReading.now.milliseconds) }
        guard least > ClockReading.now.milliseconds else { return now }
        return { later(now(), ticks(least)) }
    }

    /// The time, in milliseconds since 1970, before which serials may have been given that are later than the clock: 0 unless it was set back
    /// since the file was written.
    package static func leastTime(after written: Int64?) -> Int64 {
        guard let written, written > ClockReading.now.milliseconds else { return 0 }
        return written.addingReportingOverflow(longestUnwritten).overflow ? written : written + longestUnwritten
    }

    /// Milliseconds in which changes may have been served that the file has not heard of: the longest pause between two writings, and what a
    /// slow disk adds.
    private static let longestUnwritten: Int64 = 80_000

    var policy: VersionPolicy
    private let ticks: @Sendable () -> UInt32
    /// When the last version was made that followed another; nil before the first.
    private var versioned: ContinuousClock.Instant?
    /// The latest serial of all zones; nil before the first.
    private var latest: UInt32?

    init(_ policy: VersionPolicy, ticks: @escaping @Sendable () -> UInt32) { (self.policy, self.ticks) = (policy, ticks) }

    /// When the next version may be made that follows another; nil if at any time.
    var nextVersion: ContinuousClock.Instant? { versioned.map { $0 + policy.pause } }

    /// The serials of versions that are made at an instant, each given the serial of the version before, nil for the first: nil if it is too
    /// early for one that follows.
    func numbers(at instant: ContinuousClock.Instant) -> (UInt32?) -> UInt32? {
        let isEarly = nextVersion.map { instant < $0 } ?? false
        return { last in
            if isEarly, last != nil { return nil }
            // Rounded up, the last serial of an earlier process may be ahead of the clock by almost as much.
            let least = (last ?? latest).map { Self.later($0 &+ 1, ticks()) } ?? ticks() &+ (policy.modulus - 1)
            let missing = (policy.modulus + policy.remainder - least % policy.modulus) % policy.modulus
            return least &+ missing
        }
    }

    /// Takes in that a version has a serial, and whether it follows another.
    mutating func note(_ serial: UInt32, follows: Bool, at instant: ContinuousClock.Instant) {
        latest = latest.map { Self.later($0, serial) } ?? serial
        if follows { versioned = instant }
    }

    /// The later of two serials (RFC 1982 §3.2).
    private static func later(_ one: UInt32, _ other: UInt32) -> UInt32 { Int32(bitPattern: one &- other) > 0 ? one : other }
}
