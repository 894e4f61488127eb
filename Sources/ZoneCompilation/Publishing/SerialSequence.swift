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

    /// The shortest time between two versions: the clock has reached another serial by then.
    fileprivate var pause: Duration { modulus == 1 ? interval : max(interval, step) }

    /// In which the clock reaches another serial; a little more, as the calendar's clock may be slower.
    fileprivate var step: Duration { .milliseconds(Int(modulus) * 1000 / Int(SerialSequence.ticksPerSecond) + 10) }
}

/// The serials of all zones: the time in sixteenths of a second, rounded down, or the next number where that would not rise (RFC 1982 §3.2).
///
/// At most ten versions are made a second and serials have room for sixteen: none is ahead of the clock. Nor is a version made before the clock
/// has reached a serial that it had not at the start. So after a restart serials go on above those of before, unless the clock was set back.
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

    private(set) var policy: VersionPolicy
    private let ticks: @Sendable () -> UInt32
    /// Before this instant no zone has a first version.
    private var first: ContinuousClock.Instant
    /// When the last version was made; nil before the first.
    private var versioned: ContinuousClock.Instant?
    /// The latest serial of all zones, now and when zones last came or went; nil if there was none.
    private var latest: UInt32?
    private var latestBefore: UInt32?

    init(_ policy: VersionPolicy, ticks: @escaping @Sendable () -> UInt32) {
        (self.policy, self.ticks) = (policy, ticks)
        first = .now + policy.step
    }

    /// Zones may come and go, and have versions by another policy from now on. One that comes may have been there before.
    mutating func follow(_ policy: VersionPolicy, at instant: ContinuousClock.Instant) {
        self.policy = policy
        latestBefore = latest
        first = max(first, instant + policy.pause)
    }

    /// When versions may be made that were too early at an instant.
    func nextVersion(after instant: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        [first, versioned.map { $0 + policy.pause }].compactMap(\.self).filter { $0 > instant }.min()
    }

    /// The serials of versions that are made at an instant, each given the serial of the version before, nil for the first: nil if it is too
    /// early.
    func numbers(at instant: ContinuousClock.Instant) -> (UInt32?) -> UInt32? {
        let (mayBegin, mayFollow) = (instant >= first, versioned.map { instant >= $0 + policy.pause } ?? true)
        return { last in
            guard last == nil ? mayBegin : mayFollow else { return nil }
            let now = ticks()
            let reached = now &- (now % policy.modulus + policy.modulus - policy.remainder) % policy.modulus
            guard let next = (last ?? latestBefore).map({ $0 &+ 1 }) else { return reached }
            // Only if the clock was set back.
            return Self.later(reached, next &+ (policy.modulus + policy.remainder - next % policy.modulus) % policy.modulus)
        }
    }

    /// Takes in that a version has a serial.
    mutating func note(_ serial: UInt32, at instant: ContinuousClock.Instant) {
        latest = latest.map { Self.later($0, serial) } ?? serial
        versioned = instant
    }

    /// The later of two serials (RFC 1982 §3.2).
    private static func later(_ one: UInt32, _ other: UInt32) -> UInt32 { Int32(bitPattern: one &- other) > 0 ? one : other }
}
