import DNSAuthority
import ProviderRegistry

/// How long the registry has been out of reach, and what that makes of the zones (RFC 8767).
struct Freshness: Sendable {
    /// After this time without a connection no answer is given; nil: answers are given without limit.
    var maximumStale: Duration?
    /// The session timeout that ZooKeeper granted: an outage shorter than that changes nothing.
    private(set) var sessionTimeout: Duration = .zero
    private var disconnectedSince: ContinuousClock.Instant?

    init(maximumStale: Duration?) { self.maximumStale = maximumStale }

    /// There is a connection.
    mutating func connected(sessionTimeout: Duration) {
        self.sessionTimeout = sessionTimeout
        disconnectedSince = nil
    }

    /// The connection was lost; an outage that is known already keeps the earlier beginning.
    mutating func disconnected(since instant: ContinuousClock.Instant) {
        disconnectedSince = min(disconnectedSince ?? instant, instant)
    }

    /// The status of the zones at a moment.
    func status(at now: ContinuousClock.Instant) -> ZoneStatus {
        guard let disconnectedSince else { return .current }
        let outage = disconnectedSince.duration(to: now)
        if let maximumStale, outage > maximumStale { return .expired }
        return outage > sessionTimeout ? .stale : .current
    }

    /// When the status will be another if nothing happens; nil if never.
    func nextChange(after now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let disconnectedSince else { return nil }
        let steps = [sessionTimeout, maximumStale].compactMap { $0 }.map { disconnectedSince.advanced(by: $0 + .milliseconds(1)) }
        return steps.filter { $0 > now }.min()
    }
}

/// The services of one zone for which ZooKeeper does not answer, each for itself (RFC 8767): stale, then unknown.
struct LostServices {
    /// Services lost for longer than this are unknown; nil: they stay stale.
    var maximumStale: Duration? {
        // All are to be looked at again.
        didSet { if !stale.isEmpty { deadline = .now } }
    }
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
        guard let service, case .lost(let since) = service.reach else {
            stale[name] = nil
            return service
        }
        guard let maximumStale else {
            stale[name] = (service, since)
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
