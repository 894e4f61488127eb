import ProviderRegistry

/// Keeps providers that vanish until it is clear whether they are gone.
///
/// After an outage sessions of healthy providers run out before their owners are back: their znodes vanish and return up to minutes later.
/// So for a while after a long disconnection or a new session, a provider that vanishes is held: until it returns with the same host and
/// port, the time is over, or its service has gained as many new providers as it lost; where its service has no other, for as long again:
/// kazoo's clients pause for up to 84 seconds before they learn that their session has expired, and once more before they make a new one.
/// The same follows when so many vanish at once, while connected, that something else must be wrong than they.
struct HoldDown {
    /// The time in which more than half of all providers must vanish to be held.
    static let massRemovalPeriod: Duration = .seconds(10)
    /// Of fewer providers any number may vanish at once.
    static let fewestGuarded = 10

    private typealias Offer = Provider.Offer

    /// What has happened to one service: since the window opened, or while there is none, lately.
    private struct Losses {
        /// Providers that vanished and have not returned, each with when that was noted; kept in mind also while as many new ones stand in.
        var gone: [Offer: (member: MergedService.Member, note: Int)] = [:]
        /// Offers that are new, each with when that was noted.
        var come: [Offer: Int] = [:]

        /// How many are missing.
        var count: Int { max(0, gone.count - come.count) }
        var isEmpty: Bool { gone.isEmpty && come.isEmpty }
    }

    /// What is to be forgotten again in quiet times, in order, each with a number of its own.
    private struct Notes {
        struct Note {
            let at: ContinuousClock.Instant
            let service: ServiceName
            let offer: Offer
        }

        private var waiting: [Note] = []
        private var head = 0
        /// The number of the next.
        private(set) var next = 0

        mutating func add(_ note: Note) {
            waiting.append(note)
            next += 1
        }

        mutating func take(before instant: ContinuousClock.Instant) -> (number: Int, note: Note)? {
            guard head < waiting.count, waiting[head].at < instant else { return nil }
            defer {
                head += 1
                if head > 1024, head > waiting.count / 2 {
                    waiting.removeFirst(head)
                    head = 0
                }
            }
            return (next - waiting.count + head, waiting[head])
        }

        mutating func clear() { (waiting, head) = ([], 0) }
    }

    private let duration: Duration
    private let guardsMassRemoval: Bool
    private var sessionTimeout: Duration = .zero
    private var disconnectedAt: ContinuousClock.Instant?
    private var hasHadSession = false
    private var losses: [ServiceName: Losses] = [:]
    private var notes = Notes()
    /// Of all services together.
    private var missing = 0
    private var present = 0
    private var window: Window?

    /// The time in which providers are held.
    private struct Window {
        let end: ContinuousClock.Instant
        /// Whether all are, or only those of services that have no other.
        let holdsAll: Bool
    }

    /// A guard that holds for `duration` after an outage, and after a mass removal if it guards against that; zero for not at all.
    init(duration: Duration, guardsMassRemoval: Bool) {
        self.duration = duration
        self.guardsMassRemoval = guardsMassRemoval && duration > .zero
    }

    /// Takes in the first registry.
    mutating func begin(with registry: Registry) { present = registry.services.values.reduce(0) { $0 + $1.registrations.count } }

    /// Takes in that the registry has been read anew: only from now on it is known what has vanished.
    mutating func readAnew(at now: ContinuousClock.Instant) {
        if window != nil { window = Window(end: now + duration, holdsAll: true) }
    }

    /// Takes in what happened to the session.
    mutating func take(_ event: SessionChange, at now: ContinuousClock.Instant) {
        switch event {
        case .disconnected: disconnectedAt = disconnectedAt ?? now
        case .connected(let timeout, let isNew):
            let outage = disconnectedAt.map { $0.duration(to: now) } ?? .zero
            if duration > .zero, hasHadSession, isNew || outage > sessionTimeout / 3 {
                // What vanished before the outage did so in quiet times.
                if window == nil { forgetAll() }
                window = Window(end: now + duration, holdsAll: true)
            }
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

    /// A window that opened because too many vanished at once.
    struct MassRemoval: Equatable {
        /// How many vanished.
        let missing: Int
        /// How many there had been.
        let total: Int
    }

    /// Takes in that a service went from one state to another, nil for one that is not there. If that makes too many that vanished lately,
    /// all services in `services` are served differently from now on.
    mutating func take(_ name: ServiceName, from old: Service?, to new: Service?, at now: ContinuousClock.Instant) -> MassRemoval? {
        present += (new?.registrations.count ?? 0) - (old?.registrations.count ?? 0)
        let isOpen = window != nil
        guard isOpen || guardsMassRemoval else { return nil }
        if !isOpen { forget(before: now - Self.massRemovalPeriod) }
        let gone = Self.offers(in: old, missingIn: new)
        let come = Self.offers(in: new, missingIn: old)
        guard !gone.isEmpty || !come.isEmpty else { return nil }
        var losses = losses[name] ?? Losses()
        for (offer, member) in gone {
            losses.gone[offer] = (member, notes.next)
            losses.come[offer] = nil
            if !isOpen { notes.add(.init(at: now, service: name, offer: offer)) }
        }
        for offer in come.keys where losses.gone.removeValue(forKey: offer) == nil {
            losses.come[offer] = notes.next
            if !isOpen { notes.add(.init(at: now, service: name, offer: offer)) }
        }
        set(name, losses)
        guard !isOpen, present + missing >= Self.fewestGuarded, missing > present else { return nil }
        window = Window(end: now + duration, holdsAll: true)
        return MassRemoval(missing: missing, total: present + missing)
    }

    /// What to serve for a service that is now like this; nil for one that is not there.
    func served(_ name: ServiceName, _ service: Service?) -> Service? {
        guard let window, let losses = losses[name], losses.count > 0 else { return service }
        var merged = service ?? Service()
        guard window.holdsAll || merged.registrations.isEmpty else { return service }
        for held in losses.gone.values.map(\.member) {
            // A znode of the same name that offers something else does not take the held one's place; no znode's name has a slash.
            let isFree = merged.registrations[held.instance] == nil
            var registration = held.registration
            registration.isHeld = true
            merged.registrations[isFree ? held.instance : InstanceName(held.instance.text + "/held")] = registration
        }
        return merged
    }

    /// The services that have lost or gained something.
    var services: some Sequence<ServiceName> { losses.keys }

    /// Whether anything may be held at present.
    var isOpen: Bool { window != nil }

    /// When `expire` has something to do; nil while nothing is held.
    var deadline: ContinuousClock.Instant? { window?.end }

    /// Ends what is over at this time; the services that may be served differently from now on.
    mutating func expire(at now: ContinuousClock.Instant) -> [ServiceName] {
        guard let window, window.end <= now else { return [] }
        let affected = losses.filter { $0.value.count > 0 }.map(\.key)
        if window.holdsAll, !affected.isEmpty {
            self.window = Window(end: now + duration, holdsAll: false)
        } else {
            self.window = nil
            forgetAll()
        }
        return affected
    }
}

extension HoldDown {
    private mutating func set(_ name: ServiceName, _ new: Losses) {
        missing += new.count - (losses[name]?.count ?? 0)
        losses[name] = new.isEmpty ? nil : new
    }

    private mutating func forget(before instant: ContinuousClock.Instant) {
        while let (number, note) = notes.take(before: instant) {
            guard var known = losses[note.service] else { continue }
            if known.gone[note.offer]?.note == number { known.gone[note.offer] = nil }
            if known.come[note.offer] == number { known.come[note.offer] = nil }
            set(note.service, known)
        }
    }

    private mutating func forgetAll() {
        losses = [:]
        missing = 0
        notes.clear()
    }

    /// What one state of a service offers and another does not, each with the oldest znode that offers it.
    private static func offers(in service: Service?, missingIn other: Service?) -> [Offer: MergedService.Member] {
        guard let service else { return [:] }
        let others = other?.registrations ?? [:]
        var found: [Offer: MergedService.Member] = [:]
        for (instance, registration) in service.registrations {
            let offer = registration.provider.offer
            guard others[instance]?.provider.offer != offer else { continue }
            if let known = found[offer], known.registration.creationZxid <= registration.creationZxid { continue }
            found[offer] = MergedService.Member(instance: instance, registration: registration)
        }
        // Under another name it is the same provider still.
        if !found.isEmpty { for registration in others.values { found[registration.provider.offer] = nil } }
        return found
    }
}
