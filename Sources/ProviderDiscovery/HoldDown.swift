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

        /// One is there no more. If it had come since, the place that is empty now is that of whoever went first.
        mutating func lose(_ offer: Offer, _ member: MergedService.Member, note: Int) {
            if come.removeValue(forKey: offer) != nil, let first = gone.min(by: { $0.value.note < $1.value.note })?.key {
                gone[first] = nil
            }
            gone[offer] = (member, note)
        }

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
    /// When the window closes; nil while there is none.
    private var end: ContinuousClock.Instant?
    /// What is held on after the window, by services that had no other provider then, and until when.
    private var lastOnes: [ServiceName: [MergedService.Member]] = [:]
    private var lastOnesEnd: ContinuousClock.Instant?

    /// A guard that holds for `duration` after an outage, and after a mass removal if it guards against that; zero for not at all.
    init(duration: Duration, guardsMassRemoval: Bool) {
        self.duration = duration
        self.guardsMassRemoval = guardsMassRemoval && duration > .zero
    }

    /// Takes in the first registry.
    mutating func begin(with registry: Registry) { present = registry.services.values.reduce(0) { $0 + $1.registrations.count } }

    /// Takes in that the registry has been read anew: only from now on it is known what has vanished.
    mutating func readAnew(at now: ContinuousClock.Instant) {
        if end != nil { end = now + duration }
    }

    /// Takes in what happened to the session.
    mutating func take(_ event: SessionChange, at now: ContinuousClock.Instant) {
        switch event {
        case .disconnected: disconnectedAt = disconnectedAt ?? now
        case .connected(let timeout, let isNew):
            let outage = disconnectedAt.map { $0.duration(to: now) } ?? .zero
            if duration > .zero, hasHadSession, isNew || outage > sessionTimeout / 3 {
                // What vanished before the outage did so in quiet times.
                if end == nil { forgetAll() }
                open(at: now)
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

    /// Takes in that a service went from one state to another; nil for one that is not there.
    mutating func take(_ name: ServiceName, from old: Service?, to new: Service?, at now: ContinuousClock.Instant) {
        present += (new?.registrations.count ?? 0) - (old?.registrations.count ?? 0)
        if new?.registrations.isEmpty == false { lastOnes[name] = nil }
        let isOpen = end != nil
        guard isOpen || guardsMassRemoval else { return }
        if !isOpen { forget(before: now - Self.massRemovalPeriod) }
        let gone = Self.offers(in: old, missingIn: new)
        let come = Self.offers(in: new, missingIn: old)
        guard !gone.isEmpty || !come.isEmpty else { return }
        var losses = losses[name] ?? Losses()
        for (offer, member) in gone {
            losses.lose(offer, member, note: notes.next)
            if !isOpen { notes.add(.init(at: now, service: name, offer: offer)) }
        }
        for offer in come.keys where losses.gone.removeValue(forKey: offer) == nil {
            losses.come[offer] = notes.next
            if !isOpen { notes.add(.init(at: now, service: name, offer: offer)) }
        }
        set(name, losses)
    }

    /// Opens the window if too many have vanished lately; all services in `services` are served differently then.
    mutating func findMassRemoval(at now: ContinuousClock.Instant) -> MassRemoval? {
        guard guardsMassRemoval, end == nil, present + missing >= Self.fewestGuarded, missing > present else { return nil }
        defer { open(at: now) }
        return MassRemoval(missing: missing, total: present + missing)
    }

    /// What to serve for a service that is now like this; nil for one that is not there.
    func served(_ name: ServiceName, _ service: Service?) -> Service? {
        let losses = losses[name] ?? Losses()
        let held = end == nil ? lastOnes[name] ?? [] : losses.count > 0 ? losses.gone.values.map(\.member) : []
        guard !held.isEmpty else { return service }
        var merged = service ?? Service()
        for held in held {
            // A znode of the same name that offers something else does not take the held one's place; no znode's name has a slash.
            let isFree = merged.registrations[held.instance] == nil
            var registration = held.registration
            registration.isHeld = true
            merged.registrations[isFree ? held.instance : InstanceName(held.instance.text + "/held")] = registration
        }
        return merged
    }

    /// The services that have lost or gained something.
    var services: Set<ServiceName> { Set(losses.keys).union(lastOnes.keys) }

    /// Whether some are held on because their services have no other.
    var holdsLastOnes: Bool { !lastOnes.isEmpty }

    /// When `expire` has something to do; nil while nothing is held, or while it is not known who has returned.
    var deadline: ContinuousClock.Instant? { disconnectedAt == nil ? [end, lastOnesEnd].compactMap(\.self).min() : nil }

    /// Ends what is over at this time, where services are now like this; those that may be served differently from now on.
    mutating func expire(at now: ContinuousClock.Instant, _ registry: Registry) -> [ServiceName] {
        guard let deadline, deadline <= now else { return [] }
        guard end == deadline else {
            defer { (lastOnes, lastOnesEnd) = ([:], nil) }
            return Array(lastOnes.keys)
        }
        let affected = losses.filter { $0.value.count > 0 }
        lastOnes = affected.filter { registry.services[$0.key]?.registrations.isEmpty != false }.mapValues { $0.gone.values.map(\.member) }
        lastOnesEnd = lastOnes.isEmpty ? nil : now + duration
        end = nil
        forgetAll()
        return Array(affected.keys)
    }
}

extension HoldDown {
    /// Opens the window anew; what is held already goes on being so.
    private mutating func open(at now: ContinuousClock.Instant) {
        end = now + duration
        for (name, members) in lastOnes {
            var known = losses[name] ?? Losses()
            for member in members { known.lose(member.provider.offer, member, note: notes.next) }
            set(name, known)
        }
        (lastOnes, lastOnesEnd) = ([:], nil)
    }

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
