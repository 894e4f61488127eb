import DequeModule

/// Since when requests have stood without an answer. The loss of a connection is none: what is sent again stands since it was sent first.
struct StandingRequests {
    private var sent: [WatchRequest: ContinuousClock.Instant] = [:]
    /// In the order in which they were sent, with those that were answered, which are skipped.
    private var order: Deque<(request: WatchRequest, since: ContinuousClock.Instant)> = []

    /// A request goes out.
    mutating func send(_ request: WatchRequest, at now: ContinuousClock.Instant) {
        guard sent[request] == nil else { return }
        sent[request] = now
        order.append((request, now))
    }

    /// A request has been answered, or is not wanted any more.
    mutating func answer(_ request: WatchRequest) {
        guard sent.removeValue(forKey: request) != nil else { return }
        skip()
    }

    /// When the oldest that has not been taken was sent.
    var oldest: ContinuousClock.Instant? { order.first?.since }

    /// Those that were sent at an instant or before, each once.
    mutating func takeOverdue(sentBy instant: ContinuousClock.Instant) -> [(request: WatchRequest, since: ContinuousClock.Instant)] {
        var overdue: [(request: WatchRequest, since: ContinuousClock.Instant)] = []
        while let first = order.first, first.since <= instant {
            overdue.append(first)
            order.removeFirst()
            skip()
        }
        return overdue
    }

    private mutating func skip() { while let first = order.first, sent[first.request] != first.since { order.removeFirst() } }
}
