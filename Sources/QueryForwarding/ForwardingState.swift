import DNSAuthority
import DequeModule
import HeapModule
import IPAddressing

/// Decides what becomes of queries that are forwarded: whom to ask, how long to wait, what to answer. Pure: time, randomness and octets come from
/// outside, and what to do is left in `actions`.
struct ForwardingState<Randomness: RandomNumberGenerator> {
    typealias Moment = ContinuousClock.Instant
    /// Tells apart queries to servers, for as long as the state lives.
    typealias AttemptID = UInt64

    /// What the caller has to do.
    enum Action {
        /// Send a query, over a socket that no other has until this is closed.
        case send(AttemptID, SocketEndpoint, [UInt8], isStream: Bool)
        /// Nothing more is to come of a query; `hasServed`: its response has.
        case close(AttemptID, hasServed: Bool)
        /// Send a client the response.
        case reply(DeferredQuery, [UInt8])
        /// Send a client that there is none.
        case fail(DeferredQuery)
        /// Log that a server does not answer any more, or again.
        case report(SocketEndpoint, isDead: Bool)
        /// Log, once, that queries come back from a server.
        case reportLoop(SocketEndpoint)
    }

    /// A question that servers are asked.
    private struct Inquiry {
        var waiting: [DeferredQuery]
        /// Servers in the order in which they are asked.
        let order: [Int]
        /// How many of them were asked in this round.
        var asked = 0
        var round = 0
        /// Queries whose sockets are open, the oldest first.
        var open: [AttemptID] = []
        /// What a server said that others may know better than.
        var failure: UpstreamResponse?
    }

    /// A query to one server.
    private struct Attempt {
        /// Nil for a probe.
        let question: ForwardedQuestion?
        let server: Int
        let message: [UInt8]
        let isStream: Bool
        let sent: Moment
        var isLate = false
    }

    private struct Alarm: Comparable {
        let time: Moment
        let attempt: AttemptID

        static func < (left: Alarm, right: Alarm) -> Bool { left.time < right.time }
        static func == (left: Alarm, right: Alarm) -> Bool { left.time == right.time }
    }

    private(set) var actions: [Action] = []
    private var random: Randomness
    private var upstreams: [Upstream] = []
    private var inquiries: [ForwardedQuestion: (inquiry: Inquiry, number: UInt64)] = [:]
    private var attempts: [AttemptID: Attempt] = [:]
    private var alarms = Heap<Alarm>()
    /// When questions end: in their order, as each has the same time.
    private var ends = Deque<(time: Moment, question: ForwardedQuestion, number: UInt64)>()
    private var shares: ClientShares
    private let mostQuestions: Int
    private var lastNumber: UInt64 = 0
    private var (refused, loops) = (0, 0)
    private var hasReportedLoop = false

    /// How long a question may take: less than the five seconds after which stubs give up.
    static var longestInquiry: Duration { .milliseconds(4500) }
    /// How often every server is asked.
    private static var mostRounds: Int { 2 }
    /// Sockets that one question has open at once.
    private static var mostOpen: Int { 3 }
    /// How long a server has over TCP until the next is asked.
    private static var streamTimeout: Duration { .seconds(2) }
    /// Letters of a name from which on its spelling is no chance: one in 16 million.
    private static var tellingLetters: Int { 24 }

    /// `limit`: most queries of clients that wait at once; `mostQuestions`: how many different ones servers are asked at once.
    init(limit: Int, mostQuestions: Int = .max, _ random: Randomness) {
        (shares, self.mostQuestions, self.random) = (ClientShares(limit: limit), mostQuestions, random)
    }

    /// Takes away what is to be done.
    mutating func drain() -> [Action] {
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// When `pass` has something to do; nil for never.
    var nextDeadline: Moment? {
        [alarms.min?.time, ends.first?.time, upstreams.compactMap(\.nextProbe).min()].compactMap(\.self).min()
    }

    var traffic: ForwardingTraffic {
        ForwardingTraffic(servers: upstreams.map { ($0.endpoint, $0.counts) }, waiting: shares.total, refused: refused, loops: loops)
    }

    /// Has these servers asked from now on. What is under way with others fails if those were all.
    mutating func use(_ servers: [SocketEndpoint], at now: Moment) {
        guard servers != upstreams.map(\.endpoint) else { return }
        for id in attempts.keys { actions.append(.close(id, hasServed: false)) }
        attempts = [:]
        let waiting = inquiries.values.flatMap(\.inquiry.waiting)
        inquiries = [:]
        for query in waiting { shares.remove(query) }
        upstreams = servers.map { server in upstreams.first { $0.endpoint == server } ?? Upstream(server) }
        for query in waiting { take(query, at: now) }
    }

    /// Gives up everything: the clients' connections are gone by then.
    mutating func end() {
        for id in attempts.keys { actions.append(.close(id, hasServed: false)) }
        (inquiries, attempts) = ([:], [:])
    }
}

// MARK: Clients

extension ForwardingState {
    /// Takes a client's query.
    mutating func take(_ query: DeferredQuery, at now: Moment) {
        let question = ForwardedQuestion(query)
        let known = inquiries[question]
        if let known, let server = source(of: query, question, among: known.inquiry) {
            noteLoop(upstreams[server].endpoint)
            return actions.append(.fail(query))
        }
        guard !upstreams.isEmpty, known != nil || inquiries.count < mostQuestions, shares.add(query) else {
            refused += 1
            return actions.append(.fail(query))
        }
        guard known == nil else {
            inquiries[question]?.inquiry.waiting.append(query)
            return
        }
        lastNumber += 1
        inquiries[question] = (Inquiry(waiting: [query], order: upstreams.order(&random)), lastNumber)
        ends.append((now + Self.longestInquiry, question, lastNumber))
        askNext(question, at: now)
    }

    /// The server from which our own query has come back: spelled as it was spelled at random.
    private func source(of query: DeferredQuery, _ question: ForwardedQuestion, among inquiry: Inquiry) -> Int? {
        for id in inquiry.open {
            guard let attempt = attempts[id] else { continue }
            let isSpelledAlike = attempt.message.dropFirst(UpstreamResponse.headerLength).starts(
                with: query.message.dropFirst(UpstreamResponse.headerLength))
            let hasID = attempt.message.prefix(2) == query.message.prefix(2)
            if isSpelledAlike, hasID || question.letters >= Self.tellingLetters { return attempt.server }
        }
        return nil
    }

    private mutating func noteLoop(_ server: SocketEndpoint) {
        loops += 1
        if !hasReportedLoop { actions.append(.reportLoop(server)) }
        hasReportedLoop = true
    }

    /// A server that has asked for what it is asked for, which has no response: it may have been sent our own query by the next one. Nil for
    /// none. Loopback addresses tell no server from its neighbours.
    private func asker(of inquiry: Inquiry) -> SocketEndpoint? {
        let servers = inquiry.open.lazy.compactMap { self.attempts[$0] }.map { self.upstreams[$0.server].endpoint }
        return servers.first { server in !server.address.isLoopback && inquiry.waiting.contains { $0.clientAddress == server.address } }
    }

    private mutating func finish(_ question: ForwardedQuestion, with response: UpstreamResponse?) {
        guard let (inquiry, _) = inquiries.removeValue(forKey: question) else { return }
        if response == nil, let server = asker(of: inquiry) { noteLoop(server) }
        for id in inquiry.open { close(id) }
        for query in inquiry.waiting {
            shares.remove(query)
            actions.append(response.map { .reply(query, $0.octets(for: query)) } ?? .fail(query))
        }
    }
}

// MARK: Servers

extension ForwardingState {
    /// Asks the next server in turn; fails the question where there is none left that could still answer.
    private mutating func askNext(_ question: ForwardedQuestion, at now: Moment) {
        guard let (known, number) = inquiries[question] else { return }
        var inquiry = known
        if inquiry.asked == inquiry.order.count, inquiry.failure == nil { (inquiry.round, inquiry.asked) = (inquiry.round + 1, 0) }
        guard inquiry.asked < inquiry.order.count, inquiry.round < Self.mostRounds else {
            inquiries[question] = (inquiry, number)
            if inquiry.open.isEmpty { finish(question, with: inquiry.failure) }
            return
        }
        let server = inquiry.order[inquiry.asked]
        inquiry.asked += 1
        if inquiry.open.count == Self.mostOpen { close(inquiry.open.removeFirst()) }
        let timeout = upstreams[server].timeout(round: inquiry.round)
        let message = question.query(&random, withEDNS: upstreams[server].knowsEDNS(at: now))
        inquiry.open.append(send(message, to: server, for: question, isStream: false, timeout: timeout, at: now))
        inquiries[question] = (inquiry, number)
    }

    private mutating func send(
        _ message: [UInt8], to server: Int, for question: ForwardedQuestion?, isStream: Bool, timeout: Duration, at now: Moment
    ) -> AttemptID {
        lastNumber += 1
        attempts[lastNumber] = Attempt(question: question, server: server, message: message, isStream: isStream, sent: now)
        alarms.insert(Alarm(time: now + timeout, attempt: lastNumber))
        upstreams[server].counts.requests += 1
        actions.append(.send(lastNumber, upstreams[server].endpoint, message, isStream: isStream))
        return lastNumber
    }

    private mutating func close(_ id: AttemptID, hasServed: Bool = false) {
        if attempts.removeValue(forKey: id) != nil { actions.append(.close(id, hasServed: hasServed)) }
    }

    private mutating func closeOfInquiry(_ id: AttemptID, _ question: ForwardedQuestion?, hasServed: Bool) {
        close(id, hasServed: hasServed)
        if let question { inquiries[question]?.inquiry.open.removeAll { $0 == id } }
    }

    /// Takes octets that came to the socket of a query.
    mutating func take(_ octets: [UInt8], of id: AttemptID, at now: Moment) {
        guard let attempt = attempts[id] else { return }
        switch UpstreamResponse.judge(octets, to: attempt.message, overTCP: attempt.isStream) {
        case .ignored:
            // Over a stream nothing but the server's own words can come.
            if attempt.isStream { fail(id, isLocal: false, at: now) }
        case .doubtful:
            noteResponse(attempt, at: now)
            closeOfInquiry(id, attempt.question, hasServed: true)
            guard let question = attempt.question, inquiries[question] != nil else { return }
            let stream = send(
                attempt.message, to: attempt.server, for: question, isStream: true, timeout: Self.streamTimeout, at: now)
            inquiries[question]?.inquiry.open.append(stream)
        case .ednsUnknown:
            noteResponse(attempt, at: now)
            upstreams[attempt.server].noteNoEDNS(at: now)
            closeOfInquiry(id, attempt.question, hasServed: true)
            guard let question = attempt.question, inquiries[question] != nil else { return }
            let plain = send(
                question.query(&random, withEDNS: false), to: attempt.server, for: question, isStream: attempt.isStream,
                timeout: Self.streamTimeout, at: now)
            inquiries[question]?.inquiry.open.append(plain)
        case .response(let response):
            noteResponse(attempt, at: now)
            upstreams[attempt.server].counts.responses[response.code, default: 0] += 1
            closeOfInquiry(id, attempt.question, hasServed: true)
            guard let question = attempt.question else { return }
            guard response.isFailure else { return finish(question, with: response) }
            // What concerns EDNS alone is between this server and the other (RFC 6891 §6.1.1).
            if !response.isOfEDNS { inquiries[question]?.inquiry.failure = response }
            askNext(question, at: now)
        }
    }

    private mutating func noteResponse(_ attempt: Attempt, at now: Moment) {
        if upstreams[attempt.server].isDead { actions.append(.report(upstreams[attempt.server].endpoint, isDead: false)) }
        upstreams[attempt.server].noteResponse(after: attempt.isStream ? nil : now - attempt.sent)
    }

    /// Takes in that a query's socket has failed. `isLocal`: for a reason that says nothing of the server.
    mutating func fail(_ id: AttemptID, isLocal: Bool, at now: Moment) {
        guard let attempt = attempts[id] else { return }
        closeOfInquiry(id, attempt.question, hasServed: false)
        if !isLocal { noteFailure(of: attempt, at: now) }
        if let question = attempt.question { askNext(question, at: now) }
    }

    private mutating func noteFailure(of attempt: Attempt, at now: Moment) {
        guard !attempt.isLate, upstreams[attempt.server].noteFailure(at: now) else { return }
        actions.append(.report(upstreams[attempt.server].endpoint, isDead: true))
    }
}

// MARK: Time

extension ForwardingState {
    /// Does what is due.
    mutating func pass(to now: Moment) {
        while let alarm = alarms.min, alarm.time <= now {
            alarms.removeMin()
            timeOut(alarm.attempt, at: now)
        }
        while let end = ends.first, end.time <= now {
            ends.removeFirst()
            if let known = inquiries[end.question], known.number == end.number { finish(end.question, with: known.inquiry.failure) }
        }
        for server in upstreams.indices {
            guard let time = upstreams[server].nextProbe, time <= now else { continue }
            upstreams[server].noteProbe(at: now)
            _ = send(
                ForwardedQuestion.probe.query(&random), to: server, for: nil, isStream: false, timeout: .seconds(1), at: now)
        }
    }

    /// The next server is asked too; a response that comes later still counts.
    private mutating func timeOut(_ id: AttemptID, at now: Moment) {
        guard let attempt = attempts[id] else { return }
        noteFailure(of: attempt, at: now)
        attempts[id]?.isLate = true
        guard let question = attempt.question else { return close(id) }
        if attempt.isStream { closeOfInquiry(id, question, hasServed: false) }
        askNext(question, at: now)
    }
}
