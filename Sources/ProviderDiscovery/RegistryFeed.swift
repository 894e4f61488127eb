import ProviderRegistry
import ZooKeeperClient

/// Decides what follows for readers of the registry from what was read: what is held, what waits, what is delivered now. Pure.
struct RegistryFeed {
    /// What the log has to say of it.
    enum Note: Equatable {
        case massRemoval(HoldDown.MassRemoval)
        case tooManyHeld
        /// Held providers of so many services are let go because their hosts refuse them.
        case refused(first: ServiceName, services: Int)
        /// No provider is held any more; so many had to go early.
        case holdDownOver(early: Int)
    }

    private var holdDown: HoldDown
    private var pace = ChangePace()
    /// What was read last, without what is held; nil before the first complete read.
    private var known: Registry?
    /// Providers that were taken back, until the hold-down has taken in what became of their services.
    private var withdrawn: [ServiceName: Set<InstanceName>] = [:]
    /// Services of which held providers were let go because their hosts refuse them.
    private var refused: Set<ServiceName> = []
    private var updates: [RegistryUpdate] = []
    private var notes: [Note] = []

    /// A feed of a registry of which nothing is known.
    init(settings: WatchSettings) {
        holdDown = HoldDown(duration: settings.holdDown, guardsMassRemoval: settings.guardsMassRemoval)
    }

    /// When `take` has something to do without news.
    func deadline(of state: WatchState) -> ContinuousClock.Instant? {
        [pace.deadline, state.reach.isWithin ? holdDown.deadline : nil].compactMap(\.self).min()
    }

    /// Takes in what happens to the session. Outages begin and end with the registry's reach: only a new session matters by itself.
    mutating func take(_ event: SessionEvent, at now: ContinuousClock.Instant) {
        if case .connected(_, let timeout, isNew: true) = event { holdDown.take(.connected(timeout: timeout, isNew: true), at: now) }
    }

    /// Takes in that the host of a provider refuses its port: if it is held, it goes, but for the last one of its service. A service that does
    /// not take TCP connections at all looks the same.
    mutating func takeRefusal(_ offer: Provider.Offer, of name: ServiceName) {
        guard holdDown.heldCount(of: name) > 1 || known?.services[name]?.registrations.isEmpty == false else { return }
        if holdDown.letGo(offer, of: name) { refused.insert(name) }
    }

    /// Takes in what has come of `state`'s inputs; what is to be delivered and logged, in order.
    mutating func take(
        _ output: WatchState.Output, of state: WatchState, at now: ContinuousClock.Instant
    ) -> (updates: [RegistryUpdate], notes: [Note]) {
        defer { (updates, notes) = ([], []) }
        // Before what has changed meanwhile: only now it is known what has vanished in an outage, which may have been one of the root alone.
        if output.reach == true { holdDown.take(.connected(timeout: state.reach.sessionTimeout, isNew: false), at: now) }
        if output.isNewlyComplete {
            begin(with: state.registry, restored: output.restored, of: state, at: now)
        } else if known != nil {
            withdrawn.merge(output.withdrawn) { $0.union($1) }
            let due = pace.take(output.changed, releasesAll: output.reach == true, at: now) {
                (state.service($0)?.registrations.count ?? 0) + holdDown.heldCount(of: $0)
            }
            if !due.isEmpty { change(due, state, at: now) }
        }
        take(isWithinReach: output.reach, of: state, at: now)
        if state.reach.isWithin { expire(at: now) }
        return (updates, notes)
    }

    /// Takes in the first registry, with what was held of its services if it has been `restored`.
    private mutating func begin(
        with registry: Registry, restored: [ServiceName: [HeldProvider]]?, of state: WatchState, at now: ContinuousClock.Instant
    ) {
        // There has been a session that followed it: what the next one misses may well be alive.
        if restored != nil { holdDown.take(.connected(timeout: state.reach.sessionTimeout, isNew: true), at: now) }
        holdDown.begin(with: registry, at: now)
        known = registry
        // First, so that nothing of it passes for current.
        if restored != nil, let instant = state.reach.outSince { updates.append(.disconnected(since: instant)) }
        var served = registry
        for (name, held) in restored ?? [:] {
            holdDown.restore(held, of: name, at: now)
            served.services[name] = holdDown.served(name, registry.services[name])
        }
        updates.append(.complete(served))
    }

    /// Takes in whether the registry is within reach, if that is different.
    private mutating func take(isWithinReach: Bool?, of state: WatchState, at now: ContinuousClock.Instant) {
        switch isWithinReach {
        case true?:
            holdDown.readAgain(at: now)
            updates.append(.connected(sessionTimeout: state.reach.sessionTimeout))
        case false?:
            holdDown.take(.disconnected, at: now)
            if let instant = state.reach.outSince { updates.append(.disconnected(since: instant)) }
        case nil: break
        }
    }

    private mutating func change(_ due: Set<ServiceName>, _ state: WatchState, at now: ContinuousClock.Instant) {
        var change = RegistryChange()
        for name in hold(due, state, at: now) {
            // What the hold-down has not taken in yet waits for its turn.
            let service = due.contains(name) ? state.service(name) : known?.services[name]
            change.services[name] = .some(holdDown.served(name, service))
            known?.services[name] = service
        }
        updates.append(.changed(change))
    }

    /// Has the hold-down take in what became of some services; these, or with them all that are now held at once, are to be served again.
    private mutating func hold(_ names: Set<ServiceName>, _ state: WatchState, at now: ContinuousClock.Instant) -> Set<ServiceName> {
        for name in names {
            holdDown.take(
                name, from: known?.services[name], to: state.service(name), withdrawn: withdrawn.removeValue(forKey: name) ?? [], at: now)
        }
        guard let removal = holdDown.findMassRemoval(at: now) else { return names }
        notes.append(.massRemoval(removal))
        return names.union(holdDown.services)
    }

    /// The services of which held providers were let go because their hosts refuse them; taken once.
    private mutating func takeRefused() -> Set<ServiceName> {
        defer { refused = [] }
        if let first = refused.min() { notes.append(.refused(first: first, services: refused.count)) }
        return refused
    }

    /// Lets go what has been held long enough. Not before it is known what has returned.
    private mutating func expire(at now: ContinuousClock.Instant) {
        guard let known else { return }
        let affected = Set(holdDown.expire(at: now, known)).union(takeRefused())
        if holdDown.takeExcess() { notes.append(.tooManyHeld) }
        guard !affected.isEmpty else { return }
        if let early = holdDown.takeEnd() { notes.append(.holdDownOver(early: early)) }
        let services = affected.map { ($0, holdDown.served($0, known.services[$0])) }
        updates.append(.changed(RegistryChange(services: Dictionary(uniqueKeysWithValues: services))))
    }
}
