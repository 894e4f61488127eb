import DequeModule
import IPAddressing

/// Which host to look up when. Pure: outcomes and the time come in, look-ups go out.
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

    let limits: LookupLimits
    let start: ContinuousClock.Instant
    var states: [String: HostState] = [:]
    var lines: [HostState.Line: LookupLine] = [:]
    /// Hosts by the second at which they are due, counted from `start`.
    var calendar: [Int: [ScheduleEntry]] = [:]
    var prompt = LookupPlaces()
    var retry = LookupPlaces()
    /// Look-ups that have given up their places, the oldest first.
    var slow: Deque<ScheduleEntry> = []
    var slowCount = 0
    var isDueFirst = false
    /// When the next look-up may begin as far as their number a second goes.
    var nextBeginning: ContinuousClock.Instant
    /// Entries that no longer count.
    var outdated = 0
    private var lastTicket: UInt64 = 0

    /// An empty schedule whose calendar begins at an instant.
    init(start: ContinuousClock.Instant, limits: LookupLimits = LookupLimits(descriptors: .max)) {
        self.start = start
        self.limits = limits
        nextBeginning = start - Self.burst
    }

    /// The places of one kind of look-up.
    subscript(_ kind: LookupKind) -> LookupPlaces {
        get { kind == .prompt ? prompt : retry }
        _modify { if kind == .prompt { yield &prompt } else { yield &retry } }
    }

    /// Whether one family of a host is known, and the other failed last time.
    func isKnownInPart(_ host: String) -> Bool { states[host]?.isKnownInPart ?? false }

    /// Takes in what has come of one family of a look-up under way; what is known of the host if that is different now.
    mutating func learn(_ host: String, _ family: Family, _ outcome: Outcome, at now: ContinuousClock.Instant) -> HostAddresses? {
        guard states[host]?.stage.isUnderWay == true, states[host]?.learn(family, outcome, at: now) == true else { return nil }
        return states[host]?.known
    }

    /// Ends a look-up, after the outcomes of both families or before; families without one have failed. What is known of the host if that is
    /// different now.
    mutating func end(_ host: String, at now: ContinuousClock.Instant) -> HostAddresses? {
        guard let stage = states[host]?.stage, stage.isUnderWay, let end = states[host]?.end(at: now) else { return nil }
        leavePlace(stage)
        states[host]?.stage = .resting
        // The entry among the look-ups under way.
        outdated += 1
        calendar[second(of: now) + end.pause, default: []].append(newEntry(for: host))
        return end.isChanged ? states[host]?.known : nil
    }

    /// A look-up no longer takes part in its kind's places.
    mutating func leavePlace(_ stage: HostState.Stage) {
        switch stage {
        case .placed(let kind): self[kind].taken -= 1
        case .slow: slowCount -= 1
        case .waiting, .resting: break
        }
    }

    /// Whole seconds from `start` on, begun ones left out: hosts are due by the second, those of one second together.
    func second(of instant: ContinuousClock.Instant) -> Int { Int(clamping: start.duration(to: instant).components.seconds) }
}

// MARK: Entries

extension ResolutionSchedule {
    /// Lets a host wait that has an entry in a line or in the calendar.
    mutating func enterAgain(_ line: HostState.Line, _ host: String) {
        outdated += 1
        enter(line, host)
    }

    /// Lets a host wait in its service's turn.
    mutating func enter(_ line: HostState.Line, _ host: String) {
        guard let service = states[host]?.service else { return }
        states[host]?.stage = .waiting(line)
        let entry = newEntry(for: host)
        lines[line, default: LookupLine()].append(entry, of: service)
    }

    /// The host's entry that counts from now on.
    mutating func newEntry(for host: String, begun: ContinuousClock.Instant? = nil) -> ScheduleEntry {
        lastTicket += 1
        states[host]?.ticket = lastTicket
        return ScheduleEntry(host: host, ticket: lastTicket, begun: begun)
    }

    /// Whether an entry is its host's last one.
    func counts(_ entry: ScheduleEntry) -> Bool { states[entry.host]?.ticket == entry.ticket }

    /// How many entries there are, with those that no longer count.
    var entryCount: Int {
        let queues = lines.values.map(\.count) + LookupKind.allCases.map { self[$0].entries.count } + [slow.count]
        return queues.reduce(0, +) + calendar.values.reduce(0) { $0 + $1.count }
    }

    /// Hosts that come and go leave entries behind: once those are the most, all are looked through.
    mutating func forgetOutdated() {
        guard outdated > states.count + 1024 else { return }
        let states = states
        let isOutdated = { (entry: ScheduleEntry) in states[entry.host]?.ticket != entry.ticket }
        for line in HostState.Line.allCases { lines[line]?.removeAll(where: isOutdated) }
        for kind in LookupKind.allCases { self[kind].entries.removeAll(where: isOutdated) }
        slow.removeAll(where: isOutdated)
        calendar = calendar.mapValues { $0.filter { !isOutdated($0) } }.filter { !$0.value.isEmpty }
        outdated = 0
    }
}
