import ProviderRegistry
import ZooKeeperClient

/// Follows one registry: decides what to ask ZooKeeper for, what is known of the registry, and what is reported of it, and when.
///
/// Pure, with no clock of its own. Inputs come in with `take`; `takeRequests` and then `takeOutput` say what follows. `WatchState` decides what
/// to read; `HoldDown` whom to keep.
///
/// | event | nothing known yet | known, within reach | known, out of reach or being read again |
/// | --- | --- | --- | --- |
/// | the registry is read whole | `complete`, `connected` | | `connected`; the hold-down's time runs on |
/// | a kept registry comes | `disconnected`, `complete` with what was held | ignored | ignored |
/// | the connection is lost, the root refused or silent | `disconnected` | `disconnected` | |
/// | a new session begins | | a hold-down begins | a hold-down begins |
/// | a service is different | | `changed`, at its pace | `changed` if its list and documents have been read in this session; its old state stays until then |
/// | a service is gone from the root's list | | `changed` | `changed` |
/// | a service is out of reach for itself | | `changed`: lost | `changed`: lost, with its old providers |
/// | a provider vanishes | | `changed`; held within a hold-down, or with most others | `changed`; held |
/// | a held provider's host refuses it | | `changed`, unless it is its service's last | the same once the registry is within reach |
/// | a held provider's time is over | | `changed` | its time stands still |
/// | a znode cannot be used | `unusable` | `unusable` | `unusable` |
/// | such a znode can be used again, or goes | `mended` | `mended` | `mended` |
struct DiscoveryState {
    /// What has come of inputs.
    struct Output {
        /// What is to be delivered, in order.
        var updates: [RegistryUpdate] = []
        /// What is to be logged besides.
        var notes: [Note] = []
    }

    /// Something for the log.
    enum Note: Equatable {
        /// A kept registry of so many services is served, for want of an answer from ZooKeeper.
        case restored(services: Int)
        /// So many differences were found that no watch had reported.
        case repaired(Int)
        /// So many services are out of reach, each for itself.
        case lost(first: ServiceName, services: Int)
        /// So many services are within reach again.
        case regained(services: Int)
        case massRemoval(HoldDown.MassRemoval)
        case tooManyHeld
        /// Held providers of so many services are let go because their hosts refuse them.
        case refused(first: ServiceName, services: Int)
        /// No provider is held any more; so many had to go early.
        case holdDownOver(early: Int)
    }

    var watch: WatchState
    private var holdDown: HoldDown
    private var pace = ChangePace()
    /// The registry as it was reported last, without what is held; nil before it is complete.
    private var known: Registry?
    /// Providers that their registrants took back, until the hold-down takes in the change of their services.
    private var withdrawn: [ServiceName: Set<InstanceName>] = [:]
    /// When the first event came that the change of a service follows, until the change is reported.
    private var heard: [ServiceName: ContinuousClock.Instant] = [:]
    /// Services of which held providers were let go because their hosts refuse them.
    private var refused: Set<ServiceName> = []
    private var output = Output()

    /// The follower of a registry of which nothing is known.
    init(layout: RegistryLayout, settings: WatchSettings) {
        watch = WatchState(layout: layout, settings: settings)
        holdDown = HoldDown(duration: settings.holdDown, guardsMassRemoval: settings.guardsMassRemoval)
    }

    /// When there is something to do without an input; nil if there is nothing.
    var deadline: ContinuousClock.Instant? {
        [watch.nextDeadline, pace.deadline, watch.reach.isWithin ? holdDown.deadline : nil].compactMap(\.self).min()
    }

    /// Takes in what has happened.
    mutating func take(_ input: DiscoveryInput, at now: ContinuousClock.Instant) {
        switch input {
        case .refused(let offer, let name): takeRefusal(offer, of: name)
        case .configured(let settings): holdDown.configure(settings)
        case .session, .restored, .answer: break
        }
        watch.take(input, at: now)
        // Outages begin and end with the registry's reach: of connections only a new session's matters by itself.
        if case .session(.connected(_, let timeout, isNew: true)) = input {
            holdDown.take(.connected(timeout: timeout, isNew: true), at: now)
        }
    }

    /// Paths whose watches for their creation are to be taken back; taken once.
    mutating func takeUnwatched() -> [String] { watch.leftWatches.takeExcess() }

    /// Does what is due; the requests to send now, each with whether to watch the data that it reads.
    mutating func takeRequests(at now: ContinuousClock.Instant) -> [(request: WatchRequest, watchesData: Bool)] {
        watch.tick(at: now)
        return watch.takeRequests(at: now)
    }

    /// What is to be delivered and logged; taken once.
    mutating func takeOutput(at now: ContinuousClock.Instant) -> Output {
        defer { output = Output() }
        let read = watch.takeOutput()
        note(read)
        // Before the changes: only now it is known what has vanished in an outage, which may have been one of the root alone.
        if read.reach == true { holdDown.take(.connected(timeout: watch.reach.sessionTimeout, isNew: false), at: now) }
        if read.isNewlyComplete {
            begin(restored: read.restored, at: now)
        } else if known != nil {
            change(read, at: now)
        }
        if let isWithinReach = read.reach, isWithinReach || read.restored == nil { take(isWithinReach: isWithinReach, at: now) }
        if watch.reach.isWithin { expire(at: now) }
        return output
    }

    private mutating func note(_ read: WatchState.Output) {
        output.updates += read.mended.map { RegistryUpdate.mended(path: $0.path, reason: $0.reason) }
        output.updates += read.reports.map(RegistryUpdate.unusable)
        if read.restored != nil { output.notes.append(.restored(services: watch.registry.services.count)) }
        if read.repairs > 0 {
            output.notes.append(.repaired(read.repairs))
            output.updates.append(.repaired(differences: read.repairs))
        }
        if let first = read.lost.first { output.notes.append(.lost(first: first, services: read.lost.count)) }
        if read.regained > 0 { output.notes.append(.regained(services: read.regained)) }
    }
}

// MARK: The whole registry

extension DiscoveryState {
    /// Takes in the first registry, with what was held of its services if an earlier program kept it.
    private mutating func begin(restored: [ServiceName: [HeldProvider]]?, at now: ContinuousClock.Instant) {
        let registry = watch.registry
        if restored != nil {
            // The earlier program had a session: what the next one misses may well be alive.
            holdDown.take(.connected(timeout: watch.reach.sessionTimeout, isNew: true), at: now)
            // First, so that nothing of the registry passes for current.
            take(isWithinReach: false, at: now)
        }
        holdDown.begin(with: registry, at: now)
        known = registry
        var served = registry
        for (name, held) in restored ?? [:] {
            holdDown.restore(held, of: name, at: now)
            served.services[name] = holdDown.served(name, registry.services[name])
        }
        output.updates.append(.complete(served))
    }

    /// Takes in that the registry has come within reach, or gone out of it.
    private mutating func take(isWithinReach: Bool, at now: ContinuousClock.Instant) {
        if isWithinReach {
            holdDown.readAgain(at: now)
            output.updates.append(.connected(sessionTimeout: watch.reach.sessionTimeout))
        } else {
            holdDown.take(.disconnected, at: now)
            if let instant = watch.reach.outSince { output.updates.append(.disconnected(since: instant)) }
        }
    }
}

// MARK: Services

extension DiscoveryState {
    /// Takes in which services have changed, and reports those that need not wait for their pace.
    private mutating func change(_ read: WatchState.Output, at now: ContinuousClock.Instant) {
        withdrawn.merge(read.withdrawn) { $0.union($1) }
        heard.merge(read.heard) { min($0, $1) }
        let due = pace.take(read.changed, releasesAll: read.reach == true, at: now) {
            (watch.service($0)?.cost ?? 0) + holdDown.heldCount(of: $0)
        }
        // A change that waited for its pace until a new session began: the service's old state stays until it has been read again.
        for name in due where watch.isBeingRead(name) { watch.noteChange(of: name) }
        let services = due.filter { !watch.isBeingRead($0) || known?.services[$0]?.reach != watch.service($0)?.reach }
        if !services.isEmpty { report(services, at: now) }
    }

    /// What a service is, as far as it may be reported: while it is being read again, what it was before.
    private func wholeService(_ name: ServiceName) -> Service? {
        let service = watch.service(name)
        guard let service, watch.isBeingRead(name), let old = known?.services[name] else { return service }
        return Service(registrations: old.registrations, reach: service.reach, weights: old.weights)
    }

    /// Has the hold-down take in what became of some services; reports these, or with them all that are held from now on at once.
    private mutating func report(_ names: Set<ServiceName>, at now: ContinuousClock.Instant) {
        for name in names {
            let service = wholeService(name)
            // While the service is being read, its withdrawn providers are still there.
            let withdrawn = watch.isBeingRead(name) ? [] : withdrawn.removeValue(forKey: name) ?? []
            holdDown.take(name, from: known?.services[name], to: service, withdrawn: withdrawn, at: now)
            known?.services[name] = service
        }
        var affected = names
        if let removal = holdDown.findMassRemoval(at: now) {
            output.notes.append(.massRemoval(removal))
            affected.formUnion(holdDown.services)
        }
        serve(affected)
    }

    /// Reports the state of some services with what is held of them.
    private mutating func serve(_ names: some Collection<ServiceName>) {
        let services = names.map { ($0, holdDown.served($0, known?.services[$0])) }
        var change = RegistryChange(services: Dictionary(uniqueKeysWithValues: services))
        if !heard.isEmpty { for name in names { change.heard[name] = heard.removeValue(forKey: name) } }
        output.updates.append(.changed(change))
    }
}

// MARK: Held providers

extension DiscoveryState {
    /// Takes in that the host of a provider refuses its port: if the provider is held, it goes, unless it is the last one of its service. A
    /// service that takes no TCP connections at all looks like that, too.
    private mutating func takeRefusal(_ offer: Provider.Offer, of name: ServiceName) {
        guard holdDown.heldCount(of: name) > 1 || known?.services[name]?.hasProviderThatIsUp == true else { return }
        if holdDown.letGo(offer, of: name) { refused.insert(name) }
    }

    /// The services of which held providers were let go because their hosts refuse them; taken once.
    private mutating func takeRefused() -> Set<ServiceName> {
        defer { refused = [] }
        if let first = refused.min() { output.notes.append(.refused(first: first, services: refused.count)) }
        return refused
    }

    /// Lets go what has been held long enough.
    private mutating func expire(at now: ContinuousClock.Instant) {
        guard let known else { return }
        let affected = Set(holdDown.expire(at: now, known)).union(takeRefused())
        if holdDown.takeExcess() { output.notes.append(.tooManyHeld) }
        guard !affected.isEmpty else { return }
        if let early = holdDown.takeEnd() { output.notes.append(.holdDownOver(early: early)) }
        serve(affected)
    }
}
