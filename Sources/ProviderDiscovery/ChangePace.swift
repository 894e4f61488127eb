import HeapModule
import ProviderRegistry

/// Lets changes of services with many providers wait for each other: taking one in costs as much as all providers of its service. One that says
/// much of itself counts for several.
///
/// The first change after a pause is taken in at once. While 50,000 providers are read one after another, theirs is every half a second. All
/// services together have a rate, too, or those that are just short enough would cost as much as a long one by their number.
struct ChangePace {
    /// Services with at most so many providers never wait for themselves.
    static let longService = 1000
    /// The pause after a change, for each provider of the service: some times what it costs to compare, compile and publish it.
    static let pausePerProvider: Duration = .microseconds(10)
    /// No service waits longer than this for itself, however many providers it has.
    static let longestPause: Duration = .seconds(5)
    /// Services with at most so many providers never wait: each costs hardly more than what was read of it.
    static let shortService = 100
    /// Providers a second that changes of all other services have to do with on average: one such service can use up half of them.
    static let providersPerSecond = 200_000

    /// When a service that waits may change.
    private struct Due: Comparable {
        let instant: ContinuousClock.Instant
        let name: ServiceName

        static func < (left: Due, right: Due) -> Bool { left.instant < right.instant }
    }

    private var waiting: Set<ServiceName> = []
    private var calendar = Heap<Due>()
    /// When long services that have changed may do so again.
    private var pauseEnds: [ServiceName: ContinuousClock.Instant] = [:]
    private var nextSweep: ContinuousClock.Instant?
    private var shared = TokenBucket(rate: providersPerSecond)

    /// When a service that waits may change; nil if none waits.
    var deadline: ContinuousClock.Instant? { calendar.min?.instant }

    /// Takes in which services have changed; those of them, and of the earlier ones, that are to be taken in now: all of them if
    /// `releasesAll`. O(changed and due, log waiting) on average.
    mutating func take(
        _ changed: Set<ServiceName>, releasesAll: Bool = false, at now: ContinuousClock.Instant, count: (ServiceName) -> Int
    ) -> Set<ServiceName> {
        var due = releasesAll ? changed.union(waiting) : []
        if releasesAll {
            (waiting, calendar, pauseEnds) = ([], Heap(), [:])
        } else {
            for name in changed where !waiting.contains(name) {
                let instant = earliest(name, count(name), at: now)
                if instant <= now {
                    due.insert(name)
                } else {
                    waiting.insert(name)
                    calendar.insert(Due(instant: instant, name: name))
                }
            }
            while let next = calendar.min, next.instant <= now {
                calendar.removeMin()
                waiting.remove(next.name)
                due.insert(next.name)
            }
        }
        for name in due {
            let count = count(name)
            if count > Self.longService { pauseEnds[name] = now + min(Self.pausePerProvider * count, Self.longestPause) }
        }
        sweep(at: now)
        return due
    }

    private mutating func earliest(_ name: ServiceName, _ count: Int, at now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        guard count > Self.shortService else { return now }
        let instant = shared.take(count, at: now)
        return pauseEnds[name].map { max($0, instant) } ?? instant
    }

    /// Drops once a second the pauses that are over.
    private mutating func sweep(at now: ContinuousClock.Instant) {
        guard !pauseEnds.isEmpty, nextSweep ?? now <= now else { return }
        nextSweep = now + .seconds(1)
        pauseEnds = pauseEnds.filter { $0.value > now }
    }
}
