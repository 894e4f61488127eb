import ProviderRegistry

/// The services of one zone for which ZooKeeper does not answer, each for itself (RFC 8767): stale, then unknown.
struct LostServices {
    /// Services lost for longer than this are unknown; nil: they stay stale.
    let maximumStale: Duration?
    /// Those that are stale, with when they were lost.
    private var stale: [ServiceName: (service: Service, since: ContinuousClock.Instant)] = [:]
    /// When the first of them may become unknown; an instant at which none does is harmless.
    private(set) var deadline: ContinuousClock.Instant?

    init(maximumStale: Duration?) { self.maximumStale = maximumStale }

    /// Takes in a whole registry; the registry as it is worth now.
    mutating func take(_ registry: Registry, at now: ContinuousClock.Instant) -> Registry {
        (stale, deadline) = ([:], nil)
        var worth = registry
        for (name, service) in registry.services where service.reach != .current { worth.services[name] = take(name, service, at: now) }
        return worth
    }

    /// Takes in a change; the change as it is worth now.
    mutating func take(_ change: RegistryChange, at now: ContinuousClock.Instant) -> RegistryChange {
        RegistryChange(services: Dictionary(uniqueKeysWithValues: change.services.map { ($0, take($0, $1, at: now)) }))
    }

    private mutating func take(_ name: ServiceName, _ service: Service?, at now: ContinuousClock.Instant) -> Service? {
        guard let service, let maximumStale, case .lost(let since) = service.reach else {
            stale[name] = nil
            return service
        }
        // An instant later: a zone's own time is over only then.
        let end = since + maximumStale + .milliseconds(1)
        guard end > now else {
            stale[name] = nil
            return Service(registrations: service.registrations, held: service.held, reach: .unknown)
        }
        stale[name] = (service, since)
        deadline = min(deadline ?? end, end)
        return service
    }

    /// The services whose time is over, as they are worth now. O(stale services), once a deadline.
    mutating func expire(at now: ContinuousClock.Instant) -> RegistryChange? {
        guard let due = deadline, due <= now else { return nil }
        deadline = nil
        let before = stale
        var change = RegistryChange()
        for (name, known) in before {
            let worth = take(name, known.service, at: now)
            if stale[name] == nil { change.services[name] = .some(worth) }
        }
        return change.services.isEmpty ? nil : change
    }
}
