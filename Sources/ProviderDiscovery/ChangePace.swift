import ProviderRegistry

/// Lets changes of services with many providers wait for each other: taking one in costs as much as all providers of its service.
///
/// The first change after a pause is taken in at once. While 50,000 providers are read one after another, theirs is every half a second.
struct ChangePace {
    /// Services with at most so many providers never wait.
    static let longService = 1000
    /// The pause after a change, for each provider of the service: some times what it costs to compare, compile and publish it.
    static let pausePerProvider: Duration = .microseconds(10)

    /// No service waits longer than this, however many providers it has.
    static let longestPause: Duration = .seconds(1)

    private var waiting: Set<ServiceName> = []
    /// When long services that have changed may do so again.
    private var pauseEnds: [ServiceName: ContinuousClock.Instant] = [:]

    /// When a service that waits may change; nil if none waits.
    var deadline: ContinuousClock.Instant? { waiting.compactMap { pauseEnds[$0] }.min() }

    /// Takes in which services have changed; those of them, and of the earlier ones, that are to be taken in now: all of them if
    /// `releasesAll`. O(changed, long services).
    mutating func take(
        _ changed: Set<ServiceName>, releasesAll: Bool = false, at now: ContinuousClock.Instant, count: (ServiceName) -> Int
    ) -> Set<ServiceName> {
        pauseEnds = pauseEnds.isEmpty || releasesAll ? [:] : pauseEnds.filter { $0.value > now }
        let candidates = waiting.isEmpty ? changed : changed.union(waiting)
        waiting = pauseEnds.isEmpty ? [] : candidates.filter { pauseEnds[$0] != nil }
        let due = candidates.subtracting(waiting)
        for name in due {
            let count = count(name)
            if count > Self.longService { pauseEnds[name] = now + min(Self.pausePerProvider * count, Self.longestPause) }
        }
        return due
    }
}
