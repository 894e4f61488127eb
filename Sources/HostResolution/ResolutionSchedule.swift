import IPAddressing

/// Which host's addresses to look up when, and what is known of them. Pure: outcomes and the time come in, look-ups go out.
struct ResolutionSchedule {
    /// One family of a host's addresses.
    struct Lookup: Hashable, Sendable {
        let host: String
        let family: Family
    }

    /// The families, looked up apart: one may be known while the other is not.
    enum Family: Hashable, Sendable {
        case ipv4, ipv6
    }

    /// What came of a look-up.
    enum Outcome: Sendable {
        /// Addresses of the family asked for, good for so many seconds.
        case addresses([IPAddress], ttl: Int)
        /// The host definitely has none.
        case none
        /// Nobody could say.
        case failed
    }

    private struct State {
        var isUnderWay = false
        /// How often it failed since it last succeeded.
        var failures = 0
        /// The second of the calendar at which it is due; entries at others are of an earlier following of the same host.
        var due: Int?
    }

    /// Most look-ups under way at once: a name server drops more.
    static let window = 64
    /// Seconds that addresses are kept at least and at most, whatever their TTL.
    static let ttlRange = 1...300
    /// Seconds after which a host without addresses is asked for again.
    static let negativeTTL = 10
    /// Longest pause after failures, in seconds; the first is one second, each next one twice as long.
    static let longestPause = 60

    private var states: [Lookup: State] = [:]
    private var known: [String: HostAddresses] = [:]
    /// Look-ups that wait for their turn.
    private var ready: [Lookup] = []
    /// Look-ups by the second at which they are due, counted from `start`.
    private var calendar: [Int: [Lookup]] = [:]
    private var underWay = 0
    private let start: ContinuousClock.Instant

    init(start: ContinuousClock.Instant) { self.start = start }

    /// The hosts to look up from now on; what is known of others is forgotten.
    mutating func follow(_ hosts: Set<String>) {
        known = known.filter { hosts.contains($0.key) }
        states = states.filter { hosts.contains($0.key.host) || $0.value.isUnderWay }
        for host in hosts where known[host] == nil {
            known[host] = HostAddresses()
            for family in [Family.ipv4, .ipv6] {
                let lookup = Lookup(host: host, family: family)
                // One that is still under way comes back by itself.
                guard states[lookup] == nil else { continue }
                states[lookup] = State()
                ready.append(lookup)
            }
        }
    }

    /// The look-ups to begin now.
    mutating func begin(at now: ContinuousClock.Instant) -> [Lookup] {
        let second = second(of: now)
        for due in calendar.keys.filter({ $0 <= second }).sorted() {
            ready += (calendar.removeValue(forKey: due) ?? []).filter { states[$0]?.due == due }
        }
        var begun: [Lookup] = []
        var passed = 0
        for lookup in ready {
            guard underWay < Self.window else { break }
            passed += 1
            guard states[lookup]?.isUnderWay == false else { continue }
            states[lookup]?.isUnderWay = true
            underWay += 1
            begun.append(lookup)
        }
        ready.removeFirst(passed)
        return begun
    }

    /// When `begin` has something to do if no look-up comes back before; nil if never.
    var nextDeadline: ContinuousClock.Instant? { calendar.keys.min().map { start + .seconds($0) } }

    /// Takes in what came of a look-up; what is known of the host if that is different now.
    mutating func finish(_ lookup: Lookup, _ outcome: Outcome, at now: ContinuousClock.Instant) -> HostAddresses? {
        guard var state = states[lookup], state.isUnderWay else { return nil }
        underWay -= 1
        guard let before = known[lookup.host] else {
            states[lookup] = nil
            return nil
        }
        state.isUnderWay = false
        state.failures = if case .failed = outcome { state.failures + 1 } else { 0 }
        let due = second(of: now) + Self.pause(after: outcome, failures: state.failures)
        state.due = due
        states[lookup] = state
        calendar[due, default: []].append(lookup)
        let after = Self.merge(outcome, lookup.family, into: before)
        known[lookup.host] = after
        return after == before ? nil : after
    }

    /// Whole seconds from `start` on, begun ones left out: look-ups are due by the second, those of one second together.
    private func second(of instant: ContinuousClock.Instant) -> Int { Int(clamping: start.duration(to: instant).components.seconds) }

    private static func pause(after outcome: Outcome, failures: Int) -> Int {
        switch outcome {
        case .addresses(_, let ttl): min(max(ttl, ttlRange.lowerBound), ttlRange.upperBound)
        case .none: negativeTTL
        case .failed: min(1 << min(max(failures - 1, 0), 10), longestPause)
        }
    }

    /// The last good addresses stay while a refresh fails.
    private static func merge(_ outcome: Outcome, _ family: Family, into before: HostAddresses) -> HostAddresses {
        let addresses: [IPAddress]
        switch outcome {
        case .failed: return before
        case .none: addresses = []
        case .addresses(let found, _): addresses = found
        }
        var after = before
        switch family {
        case .ipv4:
            after.ipv4 = .known(
                addresses.compactMap { if case .v4(let address) = $0 { address } else { nil } }.sorted { $0.value < $1.value })
        case .ipv6:
            after.ipv6 = .known(
                addresses.compactMap { if case .v6(let address) = $0 { address } else { nil } }.sorted { $0.value < $1.value })
        }
        return after
    }
}
