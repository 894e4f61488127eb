import DequeModule
import ProviderRegistry

/// What all services have lost and gained, each loss and each gain for a time of its own.
///
/// Times are durations since any one beginning. All costs are linear in what changed.
struct LossLedger {
    /// How many losses are kept at once, because each provider that is held costs a few hundred octets here and as many in its zone.
    struct Bounds {
        /// Of one service: more than any has providers that are all to be answered with.
        var ofService = 131_072
        /// Of all services.
        var inAll = 262_144
    }

    /// A loss or a gain and when it is forgotten.
    private struct Entry {
        let end: Duration
        let service: ServiceName
        let offer: Provider.Offer
        /// The number under which the service's losses have it; each is used once.
        let number: Int
    }

    /// Those of later losses and gains, which are never forgotten before earlier ones.
    var lifetime: Duration
    private let bounds: Bounds
    private var known = Known()
    /// All losses that are in their first lifetime. Forgotten ones may still be in the queue, but not as the first; also in the next two.
    private var goneEnds = Deque<Entry>()
    private var comeEnds = Deque<Entry>()
    /// All losses that are in their second lifetime.
    private var overtime = Deque<Entry>()
    /// Losses with lower numbers are in their second lifetime.
    private var firstInTime = 0
    private var nextNumber = 0
    /// How many losses were forgotten early because there were too many, since that was last taken.
    private var dropped = 0
    /// Services of which losses were forgotten because others lost too many.
    private var disturbed: Set<ServiceName> = []

    /// An empty ledger that forgets each loss and each gain after `lifetime`.
    init(lifetime: Duration, bounds: Bounds = Bounds()) {
        self.lifetime = lifetime
        self.bounds = bounds
    }

    /// Services of which something is known.
    var services: some Collection<ServiceName> { known.losses.keys }

    /// How many providers all services together are missing.
    var missing: Int { known.missing }

    /// How many losses, gains and notes of when to forget them are kept.
    var size: Int { known.gone + known.come + goneEnds.count + comeEnds.count + overtime.count }

    /// How many providers a service is missing.
    func missing(of name: ServiceName) -> Int { known.losses[name]?.missing ?? 0 }

    /// The providers that a service has lost; none if as many have come.
    func lost(by name: ServiceName) -> [HeldProvider] {
        guard let losses = known.losses[name], losses.missing > 0 else { return [] }
        return losses.gone.members
    }

    /// How many providers `lost` gives.
    func lostCount(of name: ServiceName) -> Int {
        guard let losses = known.losses[name], losses.missing > 0 else { return 0 }
        return losses.gone.count
    }

    /// When `expire` has something to do next.
    var nextEnd: Duration? { [goneEnds.first?.end, comeEnds.first?.end, overtime.first?.end].compactMap(\.self).min() }
}

// MARK: What happens

extension LossLedger {
    /// Takes in what has become of a service's offers.
    mutating func take(_ change: OfferChange, of name: ServiceName, at time: Duration) {
        guard !change.isEmpty else { return }
        var next = nextNumber
        func entry(_ offer: Provider.Offer) -> Entry {
            defer { next += 1 }
            return Entry(end: time + lifetime, service: name, offer: offer, number: next)
        }
        let gone = change.gone.map { entry($0.offer) }
        let come = change.come.map(entry)
        nextNumber = next
        known.edit(name) { losses in
            for (entry, (offer, member)) in zip(gone, change.gone) { losses.lose(offer, member, number: entry.number) }
            for entry in come { losses.gain(entry.offer, number: entry.number) }
        }
        for entry in gone { goneEnds.append(entry) }
        for entry in come { comeEnds.append(entry) }
        prune()
        keepWithinBounds(name)
    }

    /// Takes in only gains, which make up for known losses, and losses of such gains.
    mutating func takeReplacements(in change: OfferChange, of name: ServiceName, at time: Duration) {
        guard known.losses[name] != nil else { return }
        known.edit(name) { losses in for (offer, _) in change.gone { losses.withdraw(offer) } }
        prune()
        take(OfferChange(gone: [], come: change.come), of: name, at: time)
    }

    /// Takes in that providers of a service were taken back.
    mutating func leave(_ offers: Set<Provider.Offer>, of name: ServiceName) {
        guard known.losses[name] != nil else { return }
        known.edit(name) { losses in for offer in offers { losses.leave(offer) } }
        prune()
    }

    /// Forgets a loss, with a gain that stands in for it; false if there is no such loss.
    mutating func forgetLoss(_ offer: Provider.Offer, of name: ServiceName) -> Bool {
        guard known.losses[name]?.gone.contains(offer) == true else { return false }
        known.edit(name) { $0.forgetLoss(offer) }
        prune()
        return true
    }

    /// Forgets the losses of a service that are in their second lifetime.
    mutating func endOvertime(of name: ServiceName) {
        guard let first = known.losses[name]?.gone.first, first.number < firstInTime else { return }
        known.edit(name) { [firstInTime] losses in
            while let first = losses.gone.first, first.number < firstInTime { losses.forgetLoss(first.offer) }
        }
        prune()
    }

    /// Takes out what is known of a service.
    mutating func remove(_ name: ServiceName) -> ServiceLosses? {
        defer { prune() }
        return known.remove(name)
    }

    /// Forgets everything.
    mutating func removeAll() { self = LossLedger(lifetime: lifetime, bounds: bounds) }
}

// MARK: What is over

extension LossLedger {
    /// Forgets what is over at a time, except that losses of services that are `alone` have a second lifetime; the services of which
    /// providers that were missing are forgotten.
    mutating func expire(at time: Duration, alone: (ServiceName) -> Bool = { _ in false }) -> Set<ServiceName> {
        var affected: Set<ServiceName> = []
        // Before gains: a loss is forgotten together with the gain that makes up for it.
        while let entry = goneEnds.first, entry.end <= time {
            _ = goneEnds.popFirst()
            firstInTime = entry.number + 1
            if alone(entry.service) {
                overtime.append(Entry(end: entry.end + lifetime, service: entry.service, offer: entry.offer, number: entry.number))
                prune()
            } else if forget(entry, { $0.forgetLoss(entry.offer) }) {
                affected.insert(entry.service)
            }
        }
        while let entry = overtime.first, entry.end <= time {
            if forget(entry, { $0.forgetLoss(entry.offer) }) { affected.insert(entry.service) }
        }
        while let entry = comeEnds.first, entry.end <= time {
            if forget(entry, { $0.forgetGain(entry.offer) }) { affected.insert(entry.service) }
        }
        return affected
    }

    /// Forgets a loss or a gain; whether its service had been missing providers, of which one is forgotten.
    private mutating func forget(_ entry: Entry, _ change: (inout ServiceLosses) -> Void) -> Bool {
        let wasMissing = missing(of: entry.service) > 0
        let count = known.gone
        known.edit(entry.service, change)
        prune()
        return wasMissing && known.gone < count
    }

    /// The services of which losses were forgotten because others lost too many; taken once.
    mutating func takeDisturbed() -> Set<ServiceName> {
        defer { disturbed = [] }
        return disturbed
    }

    /// How many losses were forgotten early because there were too many; taken once.
    mutating func takeDropped() -> Int {
        defer { dropped = 0 }
        return dropped
    }

    /// Forgets the oldest losses of a service that has too many, and the oldest of all if there are too many.
    private mutating func keepWithinBounds(_ name: ServiceName) {
        while let first = known.losses[name]?.gone.first, let count = known.losses[name]?.gone.count,
            count > bounds.ofService || known.gone > bounds.inAll
        {
            // A service that has more than its share gives up its own: no other service pays.
            let paysItself = count > min(bounds.ofService, bounds.inAll / known.losses.count)
            let oldest = paysItself ? nil : overtime.first ?? goneEnds.first
            let (service, offer) = oldest.map { ($0.service, $0.offer) } ?? (name, first.offer)
            known.edit(service) { $0.forgetLoss(offer) }
            if service != name { disturbed.insert(service) }
            dropped += 1
            prune()
        }
    }

    /// Removes the notes of when to forget what is forgotten already.
    private mutating func prune() {
        goneEnds.prune(wanted: known.gone) { [known] in known.losses[$0.service]?.gone.contains($0.offer, number: $0.number) == true }
        overtime.prune(wanted: known.gone) { [known] in known.losses[$0.service]?.gone.contains($0.offer, number: $0.number) == true }
        comeEnds.prune(wanted: known.come) { [known] in known.losses[$0.service]?.come.contains($0.offer, number: $0.number) == true }
    }
}

extension LossLedger {
    /// The losses of all services and how many they are together.
    private struct Known {
        private(set) var losses: [ServiceName: ServiceLosses] = [:]
        private(set) var missing = 0
        private(set) var gone = 0
        private(set) var come = 0

        /// Changes what is known of a service where it stands: a copy would cost as much as all that is known.
        mutating func edit(_ name: ServiceName, _ change: (inout ServiceLosses) -> Void) {
            count(losses[name], times: -1)
            change(&losses[name, default: ServiceLosses()])
            count(losses[name], times: 1)
            if losses[name]?.isEmpty == true { losses[name] = nil }
        }

        /// Takes out what is known of a service.
        mutating func remove(_ name: ServiceName) -> ServiceLosses? {
            count(losses[name], times: -1)
            return losses.removeValue(forKey: name)
        }

        private mutating func count(_ losses: ServiceLosses?, times: Int) {
            guard let losses else { return }
            missing += times * losses.missing
            gone += times * losses.gone.count
            come += times * losses.come.count
        }
    }
}
