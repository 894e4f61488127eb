import DNSAuthority
import IPAddressing

/// What is known of one host, and what its look-ups have come to. Pure: outcomes and the time come in.
struct HostState {
    /// Longest pause after failures, in seconds; the first is one second, each next one twice as long.
    static let longestPause = 60
    /// How long the last good addresses are kept while all refreshes fail (RFC 8767 §5 has one to three days).
    static let oldest: Duration = .seconds(86_400)

    /// The service in whose turn the host is looked up.
    var service: DomainName
    /// The ticket of the entry that counts: entries of lines, calendar and look-ups with another ticket are of the host's past.
    var ticket: UInt64 = 0
    var stage = Stage.waiting(.new)
    var isFollowed = true
    /// All that is known of the host's addresses.
    private(set) var known = HostAddresses()
    /// Whether the last look-up found no addresses, and failed.
    private(set) var isLost = false
    /// How often in a row the host's look-up failed, in one family at least.
    private var failures = 0
    /// When addresses of each family came last.
    private var foundAt = PerFamily<ContinuousClock.Instant?>(nil)
    /// What has come of the look-up under way.
    private var outcomes = PerFamily<Outcome?>(nil)

    /// A host that is to be looked up in a service's turn, and of which nothing is known.
    init(service: DomainName) { self.service = service }

    /// Where a host stands between its look-ups.
    enum Stage: Equatable {
        /// The host waits for its look-up.
        case waiting(Line)
        /// The host's next look-up is in the calendar.
        case resting
        /// The host's look-up holds a place.
        case placed(LookupKind)
        /// The host's look-up goes on without a place.
        case slow

        /// Whether the host is being looked up.
        var isUnderWay: Bool {
            switch self {
            case .placed, .slow: true
            case .waiting, .resting: false
            }
        }
    }

    /// Why a host waits for its look-up.
    enum Line: CaseIterable {
        /// The host has not been looked up yet.
        case new
        /// The host was found last time, and is to be looked up again.
        case due
        /// The host's last look-up failed.
        case failed
    }

    /// Whether one family is known, and the other failed last time.
    var isKnownInPart: Bool { failures > 0 && !isLost }
}

extension HostState {
    /// A look-up begins.
    mutating func begin() { outcomes = PerFamily(nil) }

    /// Takes in the outcome of one family; whether what is known changes by it.
    mutating func learn(_ family: Family, _ outcome: Outcome, at now: ContinuousClock.Instant) -> Bool {
        let before = known
        var outcome = outcome
        if outcome == .own {
            forget(family)
            outcome = .failed
        }
        // Without certainty, addresses that are known stay.
        if case .none(_, isCertain: false) = outcome, known.hasAddresses(family) { outcome = .failed }
        outcomes[family] = outcome
        switch outcome {
        case .addresses(let addresses, _):
            known.set(addresses, family)
            foundAt[family] = now
        case .none: known.set([], family)
        case .failed, .own: if let found = foundAt[family], found + Self.oldest <= now { forget(family) }
        }
        return known != before
    }

    private mutating func forget(_ family: Family) {
        known.forget(family)
        foundAt[family] = nil
    }

    /// Ends a look-up; families without an outcome have failed. For how many seconds it is good, and whether something else is known now.
    mutating func end(at now: ContinuousClock.Instant) -> (pause: Int, isChanged: Bool) {
        let before = known
        for family in Family.allCases where outcomes[family] == nil { _ = learn(family, .failed, at: now) }
        let all = outcomes.values.compactMap(\.self)
        outcomes = PerFamily(nil)
        let isFound = all.contains { if case .addresses = $0 { true } else { false } }
        let hasFailed = all.contains(.failed)
        failures = hasFailed ? failures + 1 : 0
        isLost = hasFailed && !isFound
        if isFound { known.settleUnknown() }
        let lifetimes = isLost ? [] : all.compactMap(\.lifetime)
        let pause = (lifetimes + (hasFailed ? [Self.pause(afterFailures: failures)] : [])).min() ?? 1
        return (pause, known != before)
    }

    private static func pause(afterFailures failures: Int) -> Int { min(1 << min(max(failures - 1, 0), 10), longestPause) }

    /// Forgets what is known of the host, except that its look-up failed.
    mutating func forgetAddresses() {
        known = HostAddresses()
        foundAt = PerFamily(nil)
        outcomes = PerFamily(nil)
    }
}

extension Outcome {
    /// How long an outcome is kept, in seconds; nil for a failure.
    fileprivate var lifetime: Int? {
        switch self {
        case .addresses(_, let ttl), .none(let ttl, _): Lifetime.clamped(ttl)
        case .failed, .own: nil
        }
    }
}
