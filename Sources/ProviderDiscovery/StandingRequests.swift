import DequeModule

/// Since when requests have stood without an answer. The loss of a connection is none: what is sent again stands since it was sent first.
///
/// ZooKeeper answers in order, so one that is under way is only late while others are answered; it stands once nothing comes any more. One
/// that came back without an answer, as with a lost connection or from a busy server, stands whatever comes for others.
struct StandingRequests {
    /// Requests in the order in which they came to stand here, with those that were answered, which are skipped.
    private typealias Line = Deque<(request: WatchRequest, since: ContinuousClock.Instant)>

    private struct State {
        let since: ContinuousClock.Instant
        var hasFailed = false
        var isTaken = false
    }

    private var states: [WatchRequest: State] = [:]
    private var underWay: Line = []
    private var failed: Line = []
    /// When something was last answered.
    private var lastAnswer: ContinuousClock.Instant?

    /// A request goes out.
    mutating func send(_ request: WatchRequest, at now: ContinuousClock.Instant) {
        guard states[request] == nil else { return }
        states[request] = State(since: now)
        underWay.append((request, now))
    }

    /// A request came back without an answer, and is to be sent again.
    mutating func fail(_ request: WatchRequest) {
        guard let state = states[request], !state.hasFailed else { return }
        states[request]?.hasFailed = true
        failed.append((request, state.since))
        skip()
    }

    /// Something has been answered at all.
    mutating func hear(at now: ContinuousClock.Instant) { lastAnswer = now }

    /// A request has been answered, or is not wanted any more.
    mutating func answer(_ request: WatchRequest) {
        guard states.removeValue(forKey: request) != nil else { return }
        skip()
    }

    /// When the first may have stood for so long; nil if none is left.
    func deadline(after limit: Duration) -> ContinuousClock.Instant? {
        let silent = underWay.first.map { max($0.since, lastAnswer ?? $0.since) }
        return [silent, failed.first?.since].compactMap(\.self).min().map { $0 + limit }
    }

    /// Those that have stood for so long, each once.
    mutating func takeOverdue(
        after limit: Duration, at now: ContinuousClock.Instant
    ) -> [(request: WatchRequest, since: ContinuousClock.Instant)] {
        var overdue: [(request: WatchRequest, since: ContinuousClock.Instant)] = []
        while let next = failed.first, next.since + limit <= now { take(next, &overdue) }
        while let next = underWay.first, max(next.since, lastAnswer ?? next.since) + limit <= now { take(next, &overdue) }
        return overdue
    }

    private mutating func take(
        _ next: (request: WatchRequest, since: ContinuousClock.Instant),
        _ overdue: inout [(request: WatchRequest, since: ContinuousClock.Instant)]
    ) {
        states[next.request]?.isTaken = true
        overdue.append(next)
        skip()
    }

    private mutating func skip() {
        func state(_ next: (request: WatchRequest, since: ContinuousClock.Instant)) -> State? {
            states[next.request].flatMap { $0.since != next.since || $0.isTaken ? nil : $0 }
        }
        while let next = underWay.first, state(next)?.hasFailed != false { underWay.removeFirst() }
        while let next = failed.first, state(next) == nil { failed.removeFirst() }
    }
}
