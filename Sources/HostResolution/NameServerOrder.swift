import IPAddressing

/// In which order name servers are asked: those that have been silent come last, until it is time to try them again. Pure.
struct NameServerOrder {
    private struct Silence {
        /// Questions without an answer since the last answer.
        var questions = 0
        var pauses = 0
        /// Until when the name server comes last.
        var end: ContinuousClock.Instant?

        mutating func pause(at now: ContinuousClock.Instant) {
            end = now + .seconds(min(1 << min(pauses, 10), NameServerOrder.longestPause))
            pauses += 1
        }
    }

    /// Questions without an answer after which a name server counts as silent; fewer may be the names' own fault.
    static let mostUnanswered = 4
    /// Longest pause in seconds; the first is one second, each next one twice as long.
    static let longestPause = 32

    private var silences: [SocketEndpoint: Silence] = [:]
    private var turn = 0

    /// The order for one look-up. A name server whose pause is over takes its place again for this one, which finds out.
    mutating func order(of servers: [SocketEndpoint], rotating: Bool, at now: ContinuousClock.Instant) -> [SocketEndpoint] {
        turn = rotating && !servers.isEmpty ? (turn + 1) % servers.count : 0
        let inTurn = Array(servers[turn...] + servers[..<turn])
        guard !silences.isEmpty else { return inTurn }
        let isPausing = inTurn.map { server in
            guard var silence = silences[server], let end = silence.end else { return false }
            if end > now { return true }
            silence.pause(at: now)
            silences[server] = silence
            return false
        }
        let pairs = zip(inTurn, isPausing)
        return pairs.filter { !$0.1 }.map(\.0) + pairs.filter(\.1).map(\.0)
    }

    /// Takes in whether a name server has answered.
    mutating func note(_ server: SocketEndpoint, isSilent: Bool, at now: ContinuousClock.Instant) {
        guard isSilent else { return silences[server] = nil }
        var silence = silences[server] ?? Silence()
        silence.questions = min(silence.questions + 1, Self.mostUnanswered)
        if silence.questions == Self.mostUnanswered, silence.end == nil { silence.pause(at: now) }
        silences[server] = silence
    }
}
