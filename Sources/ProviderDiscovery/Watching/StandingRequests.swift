import DequeModule
import HeapModule

/// Since when requests have stood without an answer. The loss of a connection is none: what is sent again stands since it was sent first.
///
/// ZooKeeper answers in order, so one that is under way is only late while others are answered; it stands once nothing comes any more. One
/// that came back without an answer, as with a lost connection or from a busy server, stands whatever comes for others.
///
/// An outage is no silence of the server: what was asked before it has a respite once it has been sent again. Only what was sent over three
/// connections has none: each of them may be lost because of it.
struct StandingRequests {
    /// The part of the limit that each connection has to answer what was asked over an earlier one.
    static let respite = 10
    /// The time that it has beyond that for each request sent again: after an outage ZooKeeper has every client's at once.
    static let respitePerRequest: Duration = .milliseconds(5)
    /// Connections over which a request is sent until there is no respite for it.
    static let mostConnections = 3

    /// A request that may stand too long once the limit has passed since `from`.
    private struct Entry: Comparable {
        let from: ContinuousClock.Instant
        let request: WatchRequest

        static func < (left: Entry, right: Entry) -> Bool { left.from < right.from }

        /// Whether it is what is known of its request: not answered, found or sent again since, nor waiting to be sent over this connection.
        func stands(_ state: State?, hasFailed: Bool, connection: Int) -> Bool {
            guard let state, !state.isTaken, state.from == from, state.hasFailed == hasFailed else { return false }
            return state.connection == connection || state.connections >= mostConnections
        }
    }

    private struct State {
        let since: ContinuousClock.Instant
        /// `since`, or later because of a respite.
        var from: ContinuousClock.Instant
        /// The connection that it was last sent over, and how many there have been.
        var connection: Int
        var connections = 1
        var hasFailed = false
        var isTaken = false
    }

    private var states: [WatchRequest: State] = [:]
    /// Requests in the order in which they were sent, with those that are under way no more, which are skipped.
    private var underWay = Deque<Entry>()
    /// Requests that came back, with those that were answered or wait to be sent over this connection, which are skipped.
    private var failed = Heap<Entry>()
    /// When something was last answered.
    private var lastAnswer: ContinuousClock.Instant?
    private var connection = 0
    /// Requests that were sent again over this connection.
    private var sentAgain = 0
    /// How long a request may stand without an answer.
    private var limit: Duration = .zero

    /// There is a connection, in a session in which a request may stand for so long.
    mutating func connected(limit: Duration) {
        self.limit = limit
        connection += 1
        sentAgain = 0
        skip()
    }

    /// A request goes out.
    mutating func send(_ request: WatchRequest, at now: ContinuousClock.Instant) {
        guard let state = states[request] else {
            states[request] = State(since: now, from: now, connection: connection)
            underWay.append(Entry(from: now, request: request))
            return
        }
        if state.connection != connection { sendAgain(request, state, at: now) }
    }

    private mutating func sendAgain(_ request: WatchRequest, _ old: State, at now: ContinuousClock.Instant) {
        sentAgain += 1
        var state = old
        state.connection = connection
        state.connections += 1
        state.hasFailed = true
        let respite = min(limit, limit / Self.respite + Self.respitePerRequest * sentAgain)
        state.from = state.connections < Self.mostConnections ? max(state.since, now + respite - limit) : state.since
        states[request] = state
        failed.insert(Entry(from: state.from, request: request))
        skip()
    }

    /// A request came back without an answer, and is to be sent again.
    mutating func fail(_ request: WatchRequest) {
        guard let state = states[request], !state.hasFailed else { return }
        states[request]?.hasFailed = true
        failed.insert(Entry(from: state.from, request: request))
        skip()
    }

    /// Something has been answered at all.
    mutating func hear(at now: ContinuousClock.Instant) { lastAnswer = now }

    /// A request has been answered, or is not wanted any more.
    mutating func answer(_ request: WatchRequest) {
        guard states.removeValue(forKey: request) != nil else { return }
        skip()
    }

    /// When the first may have stood for too long; nil if none is left.
    var deadline: ContinuousClock.Instant? {
        let silent = underWay.first.map { max($0.from, lastAnswer ?? $0.from) }
        return [silent, failed.min?.from].compactMap(\.self).min().map { $0 + limit }
    }

    /// Those that have stood for too long, each once, with when they were sent first.
    mutating func takeOverdue(at now: ContinuousClock.Instant) -> [(request: WatchRequest, since: ContinuousClock.Instant)] {
        var overdue: [(request: WatchRequest, since: ContinuousClock.Instant)] = []
        while let next = failed.min, next.from + limit <= now { take(next, &overdue) }
        while let next = underWay.first, max(next.from, lastAnswer ?? next.from) + limit <= now { take(next, &overdue) }
        return overdue
    }

    private mutating func take(_ next: Entry, _ overdue: inout [(request: WatchRequest, since: ContinuousClock.Instant)]) {
        if let state = states[next.request] { overdue.append((next.request, state.since)) }
        states[next.request]?.isTaken = true
        skip()
    }

    private mutating func skip() {
        underWay.prune(wanted: states.count) { [states, connection] in
            $0.stands(states[$0.request], hasFailed: false, connection: connection)
        }
        while let next = failed.min, !next.stands(states[next.request], hasFailed: true, connection: connection) { failed.removeMin() }
    }

    /// How much is kept in mind.
    var size: Int { states.count + underWay.count + failed.count }
}
