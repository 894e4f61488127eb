import ProviderRegistry

/// Keeps providers that vanish until it is clear whether they are gone.
///
/// After an outage sessions of healthy providers run out before their owners are back: their znodes vanish and return up to minutes later.
/// So for a while after a long disconnection or a new session, a provider that vanishes is held. `GuardWindow` says which; how long is each
/// provider's own: until it returns with the same host and port, its time is over, or its service has gained as many new providers as it
/// lost. Its time begins when it is first held and passes only while the registry is within reach; no later outage makes it longer. Where
/// the service has no other provider it is twice as long: kazoo's clients pause for up to 84 seconds before they learn that their session
/// has expired, and once more before they make a new one.
/// Providers are also held when so many vanish at once, while connected, that the cause must be elsewhere.
struct HoldDown {
    /// Providers whose time ends within so much of each other go together, the later ones early: each publication has a cost.
    static let mostEarly: Duration = .seconds(1)

    private var duration: Duration
    private var guardsMassRemoval: Bool
    private var clock = ReachableTime()
    private var window: GuardWindow?
    private var sessionTimeout: Duration = .zero
    private var disconnectedAt: ContinuousClock.Instant?
    private var hasHadSession = false
    /// Whether the registry is still to be read in this session.
    private var isUnread = true
    /// What has vanished, or come, while its service was guarded: the losses are held.
    private var held: LossLedger
    /// What has vanished, or come, in services that are not guarded: of interest only if much more vanishes soon.
    private var lately: LossLedger
    /// Providers of all services.
    private var present = 0
    /// Held providers that had to go early, since the hold-down was last over.
    private var dropped = 0

    /// A hold-down of `duration` after an outage, and after a mass removal if `guardsMassRemoval`; zero: nothing is held.
    init(duration: Duration, guardsMassRemoval: Bool, bounds: LossLedger.Bounds = .init()) {
        self.duration = duration
        self.guardsMassRemoval = guardsMassRemoval && duration > .zero
        held = LossLedger(lifetime: duration, bounds: bounds)
        lately = LossLedger(lifetime: GuardWindow.massRemovalPeriod, bounds: bounds)
    }
}

// MARK: The session

extension HoldDown {
    /// Holds by other settings what vanishes from now on; what is held keeps the end of its first time.
    mutating func configure(_ settings: WatchSettings) {
        duration = settings.holdDown
        guardsMassRemoval = settings.guardsMassRemoval && duration > .zero
        held.lifetime = duration
        if duration == .zero { window = nil }
    }

    /// What happens to a session, as far as it matters here.
    enum SessionChange {
        case connected(timeout: Duration, isNew: Bool)
        case disconnected
    }

    /// Takes in what happened to the session.
    mutating func take(_ event: SessionChange, at now: ContinuousClock.Instant) {
        switch event {
        case .disconnected:
            disconnectedAt = disconnectedAt ?? now
            clock.stop(at: now)
        case .connected(let timeout, let isNew):
            let outage = disconnectedAt.map { $0.duration(to: now) } ?? .zero
            if duration > .zero, hasHadSession, isNew || outage > sessionTimeout / 3 {
                // What vanished before the outage did so in quiet times.
                lately.removeAll()
                window = .afterOutage(at: clock.passed(at: now), duration: duration)
            }
            disconnectedAt = nil
            sessionTimeout = timeout
            hasHadSession = true
            isUnread = isUnread || isNew
            if isUnread { clock.stop(at: now) } else { clock.run(at: now) }
        }
    }

    /// Takes in the first registry.
    mutating func begin(with registry: Registry, at now: ContinuousClock.Instant) {
        present = registry.services.values.reduce(0) { $0 + $1.registrations.count }
        readAgain(at: now)
    }

    /// Holds on to what an earlier program held of a service: its time begins again.
    mutating func restore(_ providers: [HeldProvider], of name: ServiceName, at now: ContinuousClock.Instant) {
        guard duration > .zero else { return }
        held.take(OfferChange(gone: providers.map { ($0.provider.offer, $0) }, come: []), of: name, at: clock.passed(at: now))
    }

    /// Takes in that the registry has been read again, so that it is known what has vanished.
    mutating func readAgain(at now: ContinuousClock.Instant) {
        isUnread = false
        if disconnectedAt == nil { clock.run(at: now) }
        let time = clock.passed(at: now)
        window?.registryWasRead(at: time)
    }
}

// MARK: Providers

extension HoldDown {
    /// A window that opened because too many vanished at once.
    struct MassRemoval: Equatable {
        /// How many vanished.
        let missing: Int
        /// How many there had been.
        let total: Int
    }

    /// Takes in that a service went from one state to another, nil without a znode; registrants took back the `withdrawn` providers.
    /// O(providers of the service).
    mutating func take(
        _ name: ServiceName, from old: Service?, to new: Service?, withdrawn: Set<InstanceName> = [], at now: ContinuousClock.Instant
    ) {
        let count = new?.registrations.count ?? 0
        present += count - (old?.registrations.count ?? 0)
        let time = clock.passed(at: now)
        guard guardsMassRemoval || window?.isOpen(at: time) == true || held.size > 0 else { return }
        let all = OfferChange(from: old, to: new)
        let left = all.left(old, withdrawn)
        let change = all.without(left)
        held.leave(left, of: name)
        lately.leave(left, of: name)
        if isGuarded(name, at: time) {
            held.take(change, of: name, at: time)
        } else {
            held.takeReplacements(in: change, of: name, at: time)
            if guardsMassRemoval {
                _ = lately.expire(at: time)
                lately.take(change, of: name, at: time)
                if let window, window.reaches(missing: lately.missing(of: name), present: count, at: time) { hold(name, at: time) }
            }
        }
        if new?.hasProviderThatIsUp == true { held.endOvertime(of: name) }
    }

    /// Opens the window if too many have vanished lately; then all services in `services` are served differently.
    mutating func findMassRemoval(at now: ContinuousClock.Instant) -> MassRemoval? {
        let time = clock.passed(at: now)
        let missing = lately.missing
        guard guardsMassRemoval, window?.isOpen(at: time) != true, GuardWindow.isMassRemoval(missing: missing, present: present) else {
            return nil
        }
        window = .afterMassRemoval(at: time, duration: duration)
        for name in Array(lately.services) where lately.missing(of: name) > 0 { hold(name, at: time) }
        return MassRemoval(missing: missing, total: present + missing)
    }

    /// What to serve for a service of this state, nil without a znode: the service with what is held of it.
    func served(_ name: ServiceName, _ service: Service?) -> Service? {
        let held = held.lost(by: name)
        guard !held.isEmpty else { return service }
        var served = service ?? Service()
        served.held = held
        return served
    }

    /// Lets a held provider go, whose host refuses its port; false if it was not held.
    mutating func letGo(_ offer: Provider.Offer, of name: ServiceName) -> Bool { held.forgetLoss(offer, of: name) }

    /// How many providers are held for a service.
    func heldCount(of name: ServiceName) -> Int { held.lostCount(of: name) }

    /// The services that have lost or gained something.
    var services: Set<ServiceName> { Set(held.services).union(lately.services) }

    private func isGuarded(_ name: ServiceName, at time: Duration) -> Bool { window?.guards(name, at: time) == true }

    /// Guards a service from now on, and holds what it has lost lately.
    private mutating func hold(_ name: ServiceName, at time: Duration) {
        window?.join(name)
        if let losses = lately.remove(name) { held.take(OfferChange(losses), of: name, at: time) }
    }
}

// MARK: The end

extension HoldDown {
    /// How many losses, gains and notes of when to forget them are kept.
    var size: Int { held.size + lately.size }

    /// Whether providers had to go early because too many are held; true once for each end of the hold-down.
    mutating func takeExcess() -> Bool {
        let count = held.takeDropped()
        defer { dropped += count }
        return dropped == 0 && count > 0
    }

    /// How many providers had to go early in this hold-down, once no provider is held any more; nil before. Taken once.
    mutating func takeEnd() -> Int? {
        guard held.missing == 0 else { return nil }
        defer { dropped = 0 }
        return dropped
    }

    /// When `expire` has something to do; nil while nothing is held, or the registry is out of reach.
    var deadline: ContinuousClock.Instant? { held.nextEnd.flatMap(clock.instant) }

    /// Lets go what has been held long enough, given the services' states; the services that are served differently from now on.
    mutating func expire(at now: ContinuousClock.Instant, _ registry: Registry) -> [ServiceName] {
        let time = clock.passed(at: now)
        _ = lately.expire(at: time)
        var affected = held.takeDisturbed()
        if let end = held.nextEnd, end <= time {
            let early = min(Self.mostEarly, duration / 10)
            affected.formUnion(held.expire(at: time + early) { registry.services[$0]?.registrations.isEmpty != false })
        }
        return Array(affected)
    }
}
