import ProviderRegistry

/// Keeps providers that vanish after an outage until it is clear whether they are gone.
///
/// After an outage sessions of healthy providers run out before their owners are back: their znodes vanish and return up to minutes later.
/// So for a while after a long disconnection or a new session, a provider that vanishes is held: until it returns with the same host and
/// port, the time is over, or its service has gained as many new providers as it lost.
struct HoldDown {
    private typealias Offer = Provider.Offer

    /// What has happened to one service in the window.
    private struct Losses {
        /// Providers that vanished and have not returned; kept in mind also while as many new ones stand in for them.
        var held: [Offer: MergedService.Member] = [:]
        /// Offers that are new since the window opened.
        var gained: Set<Offer> = []
    }

    private let duration: Duration
    private var sessionTimeout: Duration = .zero
    private var disconnectedAt: ContinuousClock.Instant?
    private var hasHadSession = false
    private var losses: [ServiceName: Losses] = [:]
    /// When the window closes; nil while there is none.
    private(set) var end: ContinuousClock.Instant?

    /// A guard that holds for `duration` after an outage; zero for not at all.
    init(duration: Duration) { self.duration = duration }

    /// Takes in what happened to the session.
    mutating func take(_ event: SessionChange, at now: ContinuousClock.Instant) {
        switch event {
        case .disconnected: disconnectedAt = disconnectedAt ?? now
        case .connected(let timeout, let isNew):
            let outage = disconnectedAt.map { $0.duration(to: now) } ?? .zero
            if duration > .zero, hasHadSession, isNew || outage > sessionTimeout / 3 { end = now + duration }
            disconnectedAt = nil
            sessionTimeout = timeout
            hasHadSession = true
        }
    }

    /// What happens to a session, as far as it matters here.
    enum SessionChange {
        case connected(timeout: Duration, isNew: Bool)
        case disconnected
    }

    /// What to serve for a service that went from one state to another; nil for a service that is not there.
    mutating func serve(_ name: ServiceName, from old: Service?, to new: Service?, at now: ContinuousClock.Instant) -> Service? {
        guard let end, now < end else { return new }
        let before = offers(old)
        let after = offers(new)
        var losses = self.losses[name] ?? Losses()
        for (offer, held) in before where after[offer] == nil { losses.held[offer] = held }
        for offer in after.keys where before[offer] == nil {
            if losses.held.removeValue(forKey: offer) == nil { losses.gained.insert(offer) }
        }
        losses.gained.formIntersection(after.keys)
        self.losses[name] = losses
        return merged(new, losses)
    }

    /// The services that have lost something in the window.
    var services: some Sequence<ServiceName> { losses.keys }

    /// Closes the window if its time is over; the services that held something and no longer do.
    mutating func expire(at now: ContinuousClock.Instant) -> [ServiceName] {
        guard let end, end <= now else { return [] }
        self.end = nil
        defer { losses = [:] }
        return losses.filter { !$0.value.held.isEmpty }.map(\.key)
    }

    private func offers(_ service: Service?) -> [Offer: MergedService.Member] {
        Dictionary((service?.registrations ?? [:]).map { ($1.provider.offer, MergedService.Member(instance: $0, registration: $1)) }) {
            first, second in
            first.registration.creationZxid <= second.registration.creationZxid ? first : second
        }
    }

    private func merged(_ service: Service?, _ losses: Losses) -> Service? {
        guard losses.gained.count < losses.held.count else { return service }
        var merged = service ?? Service()
        for held in losses.held.values {
            // A znode of the same name that offers something else does not take the held one's place; no znode's name has a slash.
            let isFree = merged.registrations[held.instance] == nil
            var registration = held.registration
            registration.isHeld = true
            merged.registrations[isFree ? held.instance : InstanceName(held.instance.text + "/held")] = registration
        }
        return merged
    }
}
