import DNSAuthority
import IPAddressing

/// One host's way through the names it may have, name servers and attempts, as glibc's `res_search` and `res_send` go it. Pure: replies come
/// in, questions go out.
///
/// Both families of a name are asked for at once, and the first name that has records of one of them ends the search for both: addresses of two
/// machines are never mixed.
struct HostLookup {
    /// What to ask one name server.
    struct Question: Hashable {
        let name: DomainName
        let family: Family
        let server: SocketEndpoint
        /// How often all name servers have been asked for this before.
        let attempt: Int
    }

    /// A family of the candidate in question.
    private struct Progress {
        /// How many questions have been asked.
        var asked = 0
        /// The best that a name server has said so far where none knew.
        var failure = Reply.Failure.unreachable
        /// What is known at last.
        var reply: Reply?
    }

    private let candidates: [Candidate]
    private let servers: [SocketEndpoint]
    private let attempts: Int
    private let families: [Family]
    /// Whether a family is asked for again where the other is known.
    private let insists: Bool
    /// The candidate in question.
    private var index = 0
    private var progress: [Family: Progress] = [:]
    /// What the earlier candidates gave.
    private var failed: Set<Family> = []
    private var negativeTTL: [Family: Int] = [:]
    /// What the name without a search domain gave, where it was asked for first: that is what counts in the end.
    private var whole: [Family: Outcome] = [:]
    /// The outcomes that are settled.
    private var outcomes: [Family: Outcome] = [:]
    /// The families that are settled, but have not been taken.
    private var news: [Family] = []

    /// A look-up of candidates, in their order, at name servers, in their order. `insists` is false for hosts one family of which failed last
    /// time: name servers that are silent about it would make every look-up last long.
    init(
        _ candidates: [Candidate], servers: [SocketEndpoint], attempts: Int, families: [Family] = Family.allCases, insists: Bool = true
    ) {
        self.insists = insists
        self.candidates = candidates
        self.servers = servers
        self.attempts = attempts
        self.families = families
    }

    /// Whether both families are settled.
    var isOver: Bool { outcomes.count == Family.allCases.count }

    /// The first questions; none if there is nothing to ask for, or no name server.
    mutating func begin() -> [Question] {
        for family in Family.allCases where !families.contains(family) {
            settle(family, .none(ttl: Lifetime.range.upperBound, isCertain: true))
        }
        guard !candidates.isEmpty, !servers.isEmpty else {
            for family in families { settle(family, .failed) }
            return []
        }
        return beginCandidate()
    }

    private mutating func beginCandidate() -> [Question] {
        progress = Dictionary(uniqueKeysWithValues: families.map { ($0, Progress()) })
        return families.compactMap { next($0) }
    }

    /// The next question of a family; nil once every name server has been asked as often as it may be.
    private mutating func next(_ family: Family) -> Question? {
        guard let asked = progress[family]?.asked, asked < servers.count * attempts else { return nil }
        progress[family]?.asked += 1
        return Question(
            name: candidates[index].name, family: family, server: servers[asked % servers.count], attempt: asked / servers.count)
    }

    /// Takes in what came of the last question of a family; what to ask next.
    mutating func take(_ reply: Reply, _ family: Family) -> [Question] {
        guard progress[family]?.reply == nil, outcomes[family] == nil else { return [] }
        if case .failed(let latest) = reply {
            let failure = Self.more(progress[family]?.failure ?? latest, latest)
            progress[family]?.failure = failure
            if latest != .final, insists || !isAnsweredInPart, let question = next(family) { return [question] }
            progress[family]?.reply = .failed(failure)
        } else {
            progress[family]?.reply = reply
        }
        settleAnswered()
        return progress.values.contains { $0.reply == nil } ? [] : endCandidate()
    }

    /// Whether a family is known.
    private var isAnsweredInPart: Bool { progress.values.contains { if case .answered = $0.reply { true } else { false } } }

    /// A response says more than silence, silence more than that there is no name server.
    private static func more(_ one: Reply.Failure, _ other: Reply.Failure) -> Reply.Failure {
        switch (one, other) {
        case (_, .unreachable): one
        case (.unreachable, .silent), (.silent, .silent): .silent
        case (_, .silent): one
        default: other
        }
    }

    /// Once the candidate is the right one, what is known of each family is settled.
    private mutating func settleAnswered() {
        guard isAnsweredInPart else { return }
        for (family, progress) in progress {
            switch progress.reply {
            case .answered(let outcome): settle(family, outcome)
            case .negative(let ttl): settle(family, .none(ttl: ttl, isCertain: true))
            case .failed: settle(family, .failed)
            case nil: break
            }
        }
    }

    private mutating func settle(_ family: Family, _ outcome: Outcome) {
        guard outcomes.updateValue(outcome, forKey: family) == nil else { return }
        news.append(family)
    }

    /// The outcomes that have been settled since the last call.
    mutating func takeSettled() -> [(Family, Outcome)] {
        defer { news = [] }
        return news.compactMap { family in outcomes[family].map { (family, $0) } }
    }

    private mutating func endCandidate() -> [Question] {
        guard !isOver else { return [] }
        let failures = progress.values.compactMap { if case .failed(let failure) = $0.reply { failure } else { nil } }
        note()
        let hasNegative = failures.count < progress.count
        // As glibc does: without any name server, all ends here.
        if !hasNegative, failures.allSatisfy({ $0 == .unreachable }), !candidates[index].isWhole {
            return end(isGivenUp: true)
        }
        let goesOn = hasNegative || failures.contains(.serverFailure) || candidates[index].isWhole
        let rest = candidates.indices.dropFirst(index + 1)
        // After other failures only the name itself is left to try.
        guard let next = goesOn ? rest.first : rest.first(where: { candidates[$0].isWhole }) else { return end(isGivenUp: false) }
        index = next
        return beginCandidate()
    }

    private mutating func note() {
        for (family, progress) in progress {
            var outcome = Outcome.failed
            if case .negative(let ttl) = progress.reply {
                negativeTTL[family] = min(negativeTTL[family] ?? ttl, ttl)
                outcome = Outcome.none(ttl: ttl, isCertain: true)
            } else {
                failed.insert(family)
            }
            if index == 0, candidates[0].isWhole { whole[family] = outcome }
        }
    }

    /// No candidate has records. What the name itself gave counts, where it came first, as it does for glibc; where it came last, one failure
    /// on the way is enough to say nothing.
    private mutating func end(isGivenUp: Bool) -> [Question] {
        for family in families {
            let hasFailed = failed.contains(family)
            if case .none(let ttl, _)? = whole[family], !isGivenUp {
                settle(family, .none(ttl: min(ttl, negativeTTL[family] ?? ttl), isCertain: !hasFailed))
            } else if hasFailed || isGivenUp {
                settle(family, .failed)
            } else {
                settle(family, .none(ttl: negativeTTL[family] ?? Lifetime.negative, isCertain: true))
            }
        }
        return []
    }
}
