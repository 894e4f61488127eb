import DNSAuthority
import DequeModule
import IPAddressing

/// Which host to look up when, and what is known of each. Pure: outcomes and the time come in, look-ups go out.
///
/// Hosts that failed wait in a line of their own with few places. A look-up that takes long gives its place to those that wait, and goes on
/// beside them while there is room: hosts whose name servers are silent hold up no others.
struct ResolutionSchedule {
    /// What to do now.
    struct Orders {
        /// Hosts whose look-ups begin.
        var begun: [String] = []
        /// Hosts whose look-ups end without an outcome.
        var cancelled: [String] = []
        /// What is known of hosts that is different now.
        var changed: [String: HostAddresses] = [:]
    }

    /// Least time between the beginnings of two look-ups in the long run, and for how long they may be ahead of that: at most a thousand a
    /// second, of two questions at least.
    static let interval: Duration = .milliseconds(1)
    static let burst: Duration = .milliseconds(200)
    /// How long a look-up keeps its place from others: name servers that know a name answer sooner.
    static let patience: Duration = .milliseconds(100)
    /// How long one of a host that failed does: name servers that have to ask others answer sooner.
    static let patienceWithFailed: Duration = .seconds(2)
    /// Longest pause after failures, in seconds; the first is one second, each next one twice as long.
    static let longestPause = 60
    /// How long the last good addresses are kept while all refreshes fail (RFC 8767 §5 has one to three days).
    static let oldest: Duration = .seconds(86_400)

    /// Where a host that waits for its look-up stands.
    private enum Line: CaseIterable {
        /// It has not been looked up yet.
        case new
        /// It was found last time, and is to be looked up again.
        case due
        /// It failed last time.
        case failed
    }

    private struct State {
        /// In whose turn it is looked up.
        var service: DomainName
        /// Tells the one entry that counts, among lines, calendar and the look-ups under way, from those of the host's past.
        var ticket: UInt64
        var stage = Stage.waiting(.new)
        var isFollowed = true
        var known = HostAddresses()
        /// How often in a row its look-up failed, in one family at least.
        var failures = 0
        /// Whether the last look-up found no addresses, and failed.
        var isLost = false
        /// When addresses of each family came last.
        var foundAt = PerFamily<ContinuousClock.Instant?>(nil)
    }

    private enum Stage: Equatable {
        case waiting(Line)
        case resting
        /// Its look-up holds a place.
        case placed(Kind)
        /// Its look-up has given up its place.
        case slow

        var isUnderWay: Bool {
            switch self {
            case .placed, .slow: true
            case .waiting, .resting: false
            }
        }
    }

    /// Look-ups that share places.
    private enum Kind: CaseIterable {
        /// Of hosts that are new or were found last time.
        case prompt
        /// Of hosts that failed last time.
        case retry
    }

    private let limits: LookupLimits
    private let start: ContinuousClock.Instant
    private var states: [String: State] = [:]
    /// What has come of the look-ups under way.
    private var outcomes: [String: PerFamily<Outcome?>] = [:]
    private var lines: [Line: LookupLine] = [:]
    /// Hosts by the second at which they are due, counted from `start`.
    private var calendar: [Int: [ScheduleEntry]] = [:]
    private var prompt: LookupPlaces
    private var retry: LookupPlaces
    /// Look-ups that have given up their places, the oldest first.
    private var slow: Deque<ScheduleEntry> = []
    private var slowCount = 0
    private var lastTicket: UInt64 = 0
    /// Entries that no longer count.
    private var outdated = 0
    private var isDueFirst = false
    /// When the next look-up may begin as far as their number a second goes.
    private var nextBeginning: ContinuousClock.Instant

    init(start: ContinuousClock.Instant, limits: LookupLimits = LookupLimits(descriptors: .max)) {
        self.start = start
        self.limits = limits
        nextBeginning = start - Self.burst
        prompt = LookupPlaces(patience: Self.patience)
        retry = LookupPlaces(patience: Self.patienceWithFailed)
    }

    private subscript(_ kind: Kind) -> LookupPlaces {
        get { kind == .prompt ? prompt : retry }
        _modify { if kind == .prompt { yield &prompt } else { yield &retry } }
    }
}

// MARK: Whom to follow

extension ResolutionSchedule {
    /// Drops hosts and all that is known of them, then adds others, each in the turn of a service; those of both are new ones, and those that
    /// are followed already change turns. Look-ups of dropped hosts are cancelled.
    mutating func follow(adding added: [String: DomainName], dropping dropped: Set<String>, at now: ContinuousClock.Instant) -> Orders {
        var orders = Orders(cancelled: Array(dropped.filter { drop($0, at: now) }))
        for (host, service) in added {
            // The last word on it, whatever is still on its way from when it was followed before.
            if states[host]?.isFollowed != true { orders.changed[host] = HostAddresses() }
            add(host, service)
        }
        forgetOutdated()
        return orders
    }

    /// Whether there was a look-up under way. That a host failed is remembered until its pause is over, so that one which comes and goes
    /// is no new one each time.
    private mutating func drop(_ host: String, at now: ContinuousClock.Instant) -> Bool {
        guard let stage = states[host]?.stage else { return false }
        if stage == .slow || stage == .placed(.retry) { _ = end(host, at: now) }
        guard var state = states[host] else { return false }
        leavePlace(state.stage)
        outcomes[host] = nil
        if state.isLost {
            state.known = HostAddresses()
            state.foundAt = PerFamily(nil)
            state.isFollowed = false
            states[host] = state
        } else {
            outdated += 1
            states[host] = nil
        }
        return stage.isUnderWay
    }

    private mutating func add(_ host: String, _ service: DomainName) {
        guard let old = states[host] else {
            states[host] = State(service: service, ticket: 0)
            return enter(.new, host)
        }
        states[host]?.service = service
        states[host]?.isFollowed = true
        switch old.stage {
        case .waiting(let line) where old.service != service: enterAgain(line, host)
        case .resting where !old.isFollowed: enterAgain(.failed, host)
        default: break
        }
    }

    /// Whether one family of a host is known, and the other failed last time.
    func isKnownInPart(_ host: String) -> Bool { states[host].map { $0.failures > 0 && !$0.isLost } ?? false }

    /// Has hosts that failed be looked up at once: there are other name servers.
    mutating func retryFailed() {
        for (host, state) in states where state.isLost && state.stage == .resting && state.isFollowed {
            enterAgain(.failed, host)
        }
        forgetOutdated()
    }

    /// Lets a host wait that has an entry in a line or in the calendar.
    private mutating func enterAgain(_ line: Line, _ host: String) {
        outdated += 1
        enter(line, host)
    }

    private mutating func enter(_ line: Line, _ host: String) {
        guard let service = states[host]?.service else { return }
        states[host]?.stage = .waiting(line)
        let entry = newEntry(for: host)
        lines[line, default: LookupLine()].append(entry, of: service)
    }

    private mutating func newEntry(for host: String, begun: ContinuousClock.Instant? = nil) -> ScheduleEntry {
        lastTicket += 1
        states[host]?.ticket = lastTicket
        return ScheduleEntry(host: host, ticket: lastTicket, begun: begun)
    }

    /// How many entries there are, with those that no longer count.
    var entryCount: Int {
        let queues = Line.allCases.compactMap { lines[$0]?.count } + Kind.allCases.map { self[$0].entries.count } + [slow.count]
        return queues.reduce(0, +) + calendar.values.reduce(0) { $0 + $1.count }
    }

    private func counts(_ entry: ScheduleEntry) -> Bool { states[entry.host]?.ticket == entry.ticket }

    /// Hosts that come and go leave entries behind: once those are the most, all are looked through.
    private mutating func forgetOutdated() {
        guard outdated > states.count + 1024 else { return }
        let states = states
        let isOutdated = { (entry: ScheduleEntry) in states[entry.host]?.ticket != entry.ticket }
        for line in Line.allCases { lines[line]?.removeAll(where: isOutdated) }
        for kind in Kind.allCases { self[kind].entries.removeAll(where: isOutdated) }
        slow.removeAll(where: isOutdated)
        calendar = calendar.mapValues { $0.filter { !isOutdated($0) } }.filter { !$0.value.isEmpty }
        outdated = 0
    }
}

// MARK: What to do when

extension ResolutionSchedule {
    /// The look-ups to begin now, and those to end for them.
    mutating func begin(at now: ContinuousClock.Instant) -> Orders {
        wakeDue(at: now)
        displaceSlow(at: now)
        var orders = Orders()
        while nextBeginning <= now, let host = nextHost() {
            guard underWay < limits.underWay || endOldest(at: now, &orders) else {
                if case .waiting(let line)? = states[host]?.stage { enter(line, host) }
                break
            }
            begin(host, at: now)
            orders.begun.append(host)
        }
        return orders
    }

    private var underWay: Int { prompt.taken + retry.taken + slowCount }

    private mutating func wakeDue(at now: ContinuousClock.Instant) {
        let second = second(of: now)
        for due in calendar.keys.filter({ $0 <= second }).sorted() {
            for entry in calendar.removeValue(forKey: due) ?? [] {
                guard counts(entry), let state = states[entry.host] else {
                    outdated -= 1
                    continue
                }
                if !state.isFollowed {
                    states[entry.host] = nil
                } else {
                    enter(state.isLost ? .failed : .due, entry.host)
                }
            }
        }
    }

    /// Takes their places from look-ups that have had them for long.
    private mutating func displaceSlow(at now: ContinuousClock.Instant) {
        for kind in Kind.allCases {
            while let entry = self[kind].entries.first, let begun = entry.begun {
                let isOutdated = !counts(entry)
                guard isOutdated || begun + self[kind].patience <= now else { break }
                _ = self[kind].entries.popFirst()
                if isOutdated {
                    outdated -= 1
                } else {
                    states[entry.host]?.stage = .slow
                    self[kind].taken -= 1
                    slowCount += 1
                    slow.append(entry)
                }
            }
        }
        while let entry = slow.first, !counts(entry) {
            _ = slow.popFirst()
            outdated -= 1
        }
    }

    /// The next one of those that wait and for which there is a place: new ones and those that are due take turns.
    private mutating func nextHost() -> String? {
        if hasPlace(.prompt) {
            for line in isDueFirst ? [Line.due, .new] : [.new, .due] {
                guard let host = popFirst(line) else { continue }
                isDueFirst = line == .new
                return host
            }
        }
        return hasPlace(.retry) ? popFirst(.failed) : nil
    }

    private mutating func popFirst(_ line: Line) -> String? {
        while let entry = lines[line]?.popFirst() {
            guard counts(entry) else {
                outdated -= 1
                continue
            }
            if states[entry.host]?.isFollowed == true { return entry.host }
            states[entry.host] = nil
        }
        return nil
    }

    private mutating func begin(_ host: String, at now: ContinuousClock.Instant) {
        let kind = states[host]?.isLost == true ? Kind.retry : .prompt
        states[host]?.stage = .placed(kind)
        outcomes[host] = PerFamily(nil)
        self[kind].taken += 1
        let entry = newEntry(for: host, begun: now)
        self[kind].entries.append(entry)
        nextBeginning = max(nextBeginning, now - Self.burst) + Self.interval
    }

    private mutating func endOldest(at now: ContinuousClock.Instant, _ orders: inout Orders) -> Bool {
        while let entry = slow.popFirst() {
            // Either it did not count, or it will not once its look-up ends.
            outdated -= 1
            guard counts(entry) else { continue }
            orders.changed[entry.host] = end(entry.host, at: now)
            orders.cancelled.append(entry.host)
            return true
        }
        return false
    }

    /// When `begin` has something to do if no look-up ends before; nil if never.
    var nextDeadline: ContinuousClock.Instant? {
        let due = calendar.keys.min().map { start + .seconds($0) }
        let waiting = Kind.allCases.compactMap { isWaiting($0) ? max(nextBeginning, nextPlace($0)) : nil }
        return ([due].compactMap(\.self) + waiting).min()
    }

    private func isWaiting(_ kind: Kind) -> Bool {
        (kind == .prompt ? [Line.new, .due] : [.failed]).contains { lines[$0]?.isEmpty == false }
    }

    private func hasPlace(_ kind: Kind) -> Bool {
        switch kind {
        case .prompt: prompt.taken < limits.prompt
        case .retry: retry.taken < (isWaiting(.prompt) ? limits.failed : limits.failedAlone)
        }
    }

    private func nextPlace(_ kind: Kind) -> ContinuousClock.Instant {
        guard !hasPlace(kind) else { return start }
        return self[kind].entries.first?.begun.map { $0 + self[kind].patience } ?? start
    }

    /// Whole seconds from `start` on, begun ones left out: hosts are due by the second, those of one second together.
    private func second(of instant: ContinuousClock.Instant) -> Int { Int(clamping: start.duration(to: instant).components.seconds) }
}

// MARK: What comes of it

extension ResolutionSchedule {
    /// Takes in what has come of one family of a look-up under way; what is known of the host if that is different now.
    mutating func learn(_ host: String, _ family: Family, _ outcome: Outcome, at now: ContinuousClock.Instant) -> HostAddresses? {
        guard var state = states[host], state.stage.isUnderWay else { return nil }
        let before = state.known
        var outcome = outcome
        if outcome == .own {
            state.known.forget(family)
            state.foundAt[family] = nil
            outcome = .failed
        }
        // Without certainty, addresses that are known stay.
        if case .none(_, isCertain: false) = outcome, state.known.hasAddresses(family) { outcome = .failed }
        outcomes[host]?[family] = outcome
        switch outcome {
        case .addresses(let addresses, _):
            state.known.set(addresses, family)
            state.foundAt[family] = now
        case .none: state.known.set([], family)
        case .failed, .own:
            guard let found = state.foundAt[family], found + Self.oldest <= now else { break }
            state.known.forget(family)
            state.foundAt[family] = nil
        }
        states[host] = state
        return state.known == before ? nil : state.known
    }

    /// Ends a look-up, after the outcomes of both families or before; families without one have failed. What is known of the host if that is
    /// different now.
    mutating func end(_ host: String, at now: ContinuousClock.Instant) -> HostAddresses? {
        guard let stage = states[host]?.stage, stage.isUnderWay else { return nil }
        var changed: HostAddresses?
        for family in Family.allCases where outcomes[host]?[family] == nil {
            changed = learn(host, family, .failed, at: now) ?? changed
        }
        guard var state = states[host] else { return nil }
        leavePlace(state.stage)
        // The entry among the look-ups under way.
        outdated += 1
        let outcomes = outcomes.removeValue(forKey: host)?.values.compactMap(\.self) ?? []
        let isFound = outcomes.contains { if case .addresses = $0 { true } else { false } }
        let hasFailed = outcomes.contains(.failed)
        state.failures = hasFailed ? state.failures + 1 : 0
        state.isLost = hasFailed && !isFound
        state.stage = .resting
        if isFound, state.known.settleUnknown() { changed = state.known }
        states[host] = state
        let lifetimes = state.isLost ? [] : outcomes.compactMap(\.lifetime)
        let pause = (lifetimes + (hasFailed ? [Self.pause(afterFailures: state.failures)] : [])).min() ?? 1
        let entry = newEntry(for: host)
        calendar[second(of: now) + pause, default: []].append(entry)
        return changed
    }

    private mutating func leavePlace(_ stage: Stage) {
        switch stage {
        case .placed(let kind): self[kind].taken -= 1
        case .slow: slowCount -= 1
        case .waiting, .resting: break
        }
    }

    private static func pause(afterFailures failures: Int) -> Int { min(1 << min(max(failures - 1, 0), 10), longestPause) }
}

extension Outcome {
    /// How long it is kept, in seconds; nil for a failure.
    fileprivate var lifetime: Int? {
        switch self {
        case .addresses(_, let ttl), .none(let ttl, _): Lifetime.clamped(ttl)
        case .failed, .own: nil
        }
    }
}
