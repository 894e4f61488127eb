import ProviderRegistry
import ZooKeeperClient

/// Decides when all of a registry may be read again, so that sessions and connections that come and go cost ZooKeeper no reading each.
///
/// After a quiet time, two readings begin at once. Each of those that follow soon begins after a pause, which is longer than the last one and
/// of a random length, so that servers which lost their sessions together do not read together.
struct ReadingPace {
    /// The first pause at its longest; each pause is up to twice as long as the last.
    static let firstPause: Duration = .seconds(1)
    /// The longest pause.
    static let longestPause: Duration = .seconds(30)
    /// Readings that begin at once after a quiet time: a single loss may soon follow the first.
    static let mostAtOnce = 2
    /// A quiet time: so long without a reading.
    static let quietTime: Duration = .seconds(60)

    private var pause = ReadingPace.shortest
    /// Readings that have begun since the last quiet time.
    private var count = 0
    /// When the last reading began.
    private var began: ContinuousClock.Instant?
    /// When the reading that waits may begin; nil if none waits.
    private(set) var due: ContinuousClock.Instant?

    private static var shortest: Backoff { Backoff(first: firstPause, longest: longestPause) }

    /// A reading has become necessary.
    mutating func want(at now: ContinuousClock.Instant) {
        guard due == nil else { return }
        let isQuiet = began.map { $0.duration(to: now) >= Self.quietTime } ?? true
        if isQuiet { (pause, count) = (Self.shortest, 0) }
        due = count < Self.mostAtOnce ? now : max(now, (began ?? now) + pause.next())
    }

    /// Whether requests may go out now: no reading waits, or the reading that waits begins with them.
    mutating func admits(at now: ContinuousClock.Instant) -> Bool {
        guard let due else { return true }
        guard due <= now else { return false }
        began = now
        count += 1
        self.due = nil
        return true
    }
}

/// Chooses the providers to read again in each second, in case their data changed without a watch.
///
/// Each provider has its own second of every period, by a hash of its names that registrants cannot foresee: seconds are about equally full
/// whatever the shape of the registry, and no provider waits longer because a service has many.
struct Rereading {
    /// The time in which every provider is read again. So a registry of 100,000 costs ZooKeeper 167 requests a second.
    static let period: Duration = .seconds(600)

    /// A provider by its names.
    private struct Key: Hashable {
        let service: ServiceName
        let instance: InstanceName
    }

    /// The providers of each second of a period.
    private var seconds: [Set<Key>] = Array(repeating: [], count: Int(period.components.seconds))
    private var second = 0

    /// Adds providers.
    mutating func add(_ instances: some Collection<InstanceName>, of service: ServiceName) {
        for instance in instances {
            let key = Key(service: service, instance: instance)
            seconds[place(of: key)].insert(key)
        }
    }

    /// Removes a provider.
    mutating func remove(_ instance: InstanceName, of service: ServiceName) {
        let key = Key(service: service, instance: instance)
        let place = place(of: key)
        seconds[place].remove(key)
        // Replaced, because an emptied set keeps its memory.
        if seconds[place].isEmpty { seconds[place] = [] }
    }

    /// The providers of the second that has passed.
    mutating func next() -> [(ServiceName, InstanceName)] {
        defer { second = (second + 1) % seconds.count }
        return seconds[second].map { ($0.service, $0.instance) }
    }

    private func place(of key: Key) -> Int { Int(UInt(bitPattern: key.hashValue) % UInt(seconds.count)) }
}
