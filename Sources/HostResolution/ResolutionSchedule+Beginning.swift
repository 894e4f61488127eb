// When look-ups begin, and which of them have to make room.

extension ResolutionSchedule {
    /// Least time between the beginnings of two look-ups in the long run, and for how long they may be ahead of that: at most a thousand a
    /// second, of two questions at least.
    static let interval: Duration = .milliseconds(1)
    static let burst: Duration = .milliseconds(200)

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

    private mutating func begin(_ host: String, at now: ContinuousClock.Instant) {
        let kind = states[host]?.isLost == true ? LookupKind.retry : .prompt
        states[host]?.stage = .placed(kind)
        states[host]?.begin()
        self[kind].taken += 1
        let entry = newEntry(for: host, begun: now)
        self[kind].entries.append(entry)
        nextBeginning = max(nextBeginning, now - Self.burst) + Self.interval
    }

    /// When `begin` has something to do if no look-up ends before; nil if never.
    var nextDeadline: ContinuousClock.Instant? {
        let due = calendar.keys.min().map { start + .seconds($0) }
        let waiting = LookupKind.allCases.compactMap { isWaiting($0) ? max(nextBeginning, nextPlace($0)) : nil }
        return ([due].compactMap(\.self) + waiting).min()
    }
}

// MARK: Which is next

extension ResolutionSchedule {
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

    /// The next one of those that wait and for which there is a place: new ones and those that are due take turns.
    private mutating func nextHost() -> String? {
        if hasPlace(.prompt) {
            for line in isDueFirst ? [HostState.Line.due, .new] : [.new, .due] {
                guard let host = popFirst(line) else { continue }
                isDueFirst = line == .new
                return host
            }
        }
        return hasPlace(.retry) ? popFirst(.failed) : nil
    }

    private mutating func popFirst(_ line: HostState.Line) -> String? {
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
}

// MARK: Places

extension ResolutionSchedule {
    private func isWaiting(_ kind: LookupKind) -> Bool {
        (kind == .prompt ? [HostState.Line.new, .due] : [.failed]).contains { lines[$0]?.isEmpty == false }
    }

    private func hasPlace(_ kind: LookupKind) -> Bool {
        switch kind {
        case .prompt: prompt.taken < limits.prompt
        case .retry: retry.taken < (isWaiting(.prompt) ? limits.failed : limits.failedAlone)
        }
    }

    private func nextPlace(_ kind: LookupKind) -> ContinuousClock.Instant {
        guard !hasPlace(kind) else { return start }
        return self[kind].entries.first?.begun.map { $0 + kind.patience } ?? start
    }

    /// Takes their places from look-ups that have had them for long.
    private mutating func displaceSlow(at now: ContinuousClock.Instant) {
        for kind in LookupKind.allCases {
            while let entry = self[kind].entries.first, let begun = entry.begun {
                let isOutdated = !counts(entry)
                guard isOutdated || begun + kind.patience <= now else { break }
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
}
