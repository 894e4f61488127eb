import ProviderRegistry

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

    /// Those of each second of a period.
    private var seconds: [Set<Key>] = Array(repeating: [], count: Int(period.components.seconds))
    private var second = 0

    /// There are providers that have not been there.
    mutating func add(_ instances: some Collection<InstanceName>, of service: ServiceName) {
        for instance in instances {
            let key = Key(service: service, instance: instance)
            seconds[place(of: key)].insert(key)
        }
    }

    /// A provider is gone.
    mutating func remove(_ instance: InstanceName, of service: ServiceName) {
        let key = Key(service: service, instance: instance)
        let place = place(of: key)
        seconds[place].remove(key)
        // Replaced, not emptied: it leaves room for all that there was behind.
        if seconds[place].isEmpty { seconds[place] = [] }
    }

    /// The providers of the second that has passed.
    mutating func next() -> [(ServiceName, InstanceName)] {
        defer { second = (second + 1) % seconds.count }
        return seconds[second].map { ($0.service, $0.instance) }
    }

    private func place(of key: Key) -> Int { Int(UInt(bitPattern: key.hashValue) % UInt(seconds.count)) }
}
