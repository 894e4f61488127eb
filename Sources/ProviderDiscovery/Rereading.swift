import ProviderRegistry

/// Chooses the providers to read again in each second, in case their data changed without a watch: each one once in a period, spread evenly
/// over it whatever the shape of the registry.
struct Rereading {
    /// The time in which every provider is read again. So a registry of 100,000 costs ZooKeeper 167 requests a second.
    static let period: Duration = .seconds(600)

    /// What is left of this period.
    private var services: [ServiceName] = []
    private var service: ServiceName?
    private var providers: [InstanceName] = []
    /// Providers by which the last seconds have fallen short, times the seconds of a period.
    private var credit = 0
    private var periodEnd: ContinuousClock.Instant?

    /// The providers whose turn is in the second that has passed; some may be gone.
    mutating func next(
        of providerCount: Int, in registry: [ServiceName: WatchState.ServiceState], at now: ContinuousClock.Instant
    ) -> [(ServiceName, InstanceName)] {
        if periodEnd ?? now <= now, providers.isEmpty, services.isEmpty {
            periodEnd = now + Self.period
            services = Array(registry.keys)
            credit = 0
        }
        var chosen: [(ServiceName, InstanceName)] = []
        credit += providerCount
        let seconds = Int(Self.period.components.seconds)
        while credit >= seconds {
            guard let next = nextProvider(in: registry) else {
                credit = 0
                break
            }
            chosen.append(next)
            credit -= seconds
        }
        return chosen
    }

    private mutating func nextProvider(in registry: [ServiceName: WatchState.ServiceState]) -> (ServiceName, InstanceName)? {
        while providers.isEmpty {
            guard let name = services.popLast() else { return nil }
            service = name
            providers = registry[name]?.children ?? []
        }
        guard let service, let provider = providers.popLast() else { return nil }
        return (service, provider)
    }
}
