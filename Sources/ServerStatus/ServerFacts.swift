import DNSAuthority
import ProviderRegistry

/// What is known of the server at one moment.
package struct ServerFacts: Sendable {
    package internal(set) var session = SessionFacts()
    /// The zones, in the order of their origins.
    package internal(set) var zones: [ZoneFacts] = []
    /// The server has been asked to end, and serves on for a while.
    package internal(set) var isLameDuck = false
    /// The settings were not taken over when they were last read.
    package internal(set) var hasReloadFailed = false
    /// When the server began.
    package let began: ContinuousClock.Instant
    /// When this was asked for.
    package let now: ContinuousClock.Instant
}

/// What is known of the session with ZooKeeper.
package struct SessionFacts: Equatable, Sendable {
    /// Whether there is a connection.
    package enum State: String, CaseIterable, Sendable {
        /// There has been none yet.
        case starting
        case connected
        case disconnected
    }

    package internal(set) var state = State.starting
    /// Since when it is so.
    package internal(set) var since = ContinuousClock.now
    /// The session's number; nil before the first.
    package internal(set) var id: Int64?
    /// The session timeout that ZooKeeper granted.
    package internal(set) var timeout: Duration?
    /// Connections after the first one of a session.
    package internal(set) var reconnects = 0
    /// Sessions that ended, and had another put in their place.
    package internal(set) var expiries = 0
    /// Why ZooKeeper cannot be asked; nil while it answers, and before anything is known.
    package internal(set) var obstacle: String?
}

/// What is known of a zone.
package struct ZoneFacts: Sendable {
    package let origin: DomainName
    /// How far its answers can be relied on.
    package internal(set) var status = ZoneStatus.notReady
    /// The serial that is served; nil before there is one.
    package internal(set) var serial: UInt32?
    /// Names in the zone that is served.
    package internal(set) var names = 0
    /// When it was published last.
    package internal(set) var published: ContinuousClock.Instant?
    /// Since when the registry is out of reach; nil while ZooKeeper answers for it.
    package internal(set) var outSince: ContinuousClock.Instant?
    package internal(set) var services = 0
    /// Providers with znodes.
    package internal(set) var providers = 0
    /// Providers without znodes, kept because they may well be alive.
    package internal(set) var held = 0
    /// Differences found that no watch had reported.
    package internal(set) var repairs = 0
    /// The znodes that cannot be used, or only in part.
    package internal(set) var rejected = RejectedZnodes()
    /// How long changes took until they were published.
    package internal(set) var propagation = PropagationTimes()

    /// How long ago what is served was right for sure: zero while ZooKeeper answers.
    package func age(at now: ContinuousClock.Instant) -> Duration { outSince.map { max($0.duration(to: now), .zero) } ?? .zero }
}

/// How long changes took from ZooKeeper's event until they were published.
package struct PropagationTimes: Sendable {
    /// The upper bounds of the buckets, in seconds.
    package static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    /// How many changes lie in each bucket; the last is beyond all bounds.
    package private(set) var buckets = [UInt64](repeating: 0, count: bounds.count + 1)
    /// The sum of all.
    package private(set) var seconds = 0.0

    mutating func add(_ duration: Duration) {
        let seconds = max(duration.seconds, 0)
        buckets[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        self.seconds += seconds
    }
}

/// The znodes of a registry that cannot be used, or only in part: all are counted, some are listed.
package struct RejectedZnodes: Sendable {
    /// Most that are listed, and most reasons that are counted apart.
    package static let mostListed = 1000
    private static let mostReasons = 64
    private static let furtherReasons = "other"

    /// How many there are of each reason.
    package private(set) var counts: [String: Int] = [:]
    /// Some of them, by their paths.
    package private(set) var listed: [String: ZnodeReport] = [:]

    /// How many there are.
    package var count: Int { counts.values.reduce(0, +) }

    /// Takes one in, in the place of what was known of its path for another reason.
    mutating func insert(_ report: ZnodeReport) {
        let reason = counts[report.reason] != nil || counts.count < Self.mostReasons ? report.reason : Self.furtherReasons
        counts[reason, default: 0] += 1
        if listed[report.path] != nil || listed.count < Self.mostListed { listed[report.path] = report }
    }

    /// Forgets one, given the reason that it was reported for.
    mutating func remove(_ path: String, _ reason: String) {
        let reason = counts[reason] != nil ? reason : Self.furtherReasons
        if let count = counts[reason] { counts[reason] = count > 1 ? count - 1 : nil }
        listed[path] = nil
    }
}
