import ProviderRegistry

/// Providers that a service has lost and that have not returned, and new ones that stand in for them.
struct ServiceLosses {
    /// Kept also while as many new ones stand in: those may vanish again.
    private(set) var gone = OfferQueue()
    /// New providers, whether or not anything has been lost before.
    private(set) var come = OfferQueue()

    /// How many are missing.
    var missing: Int { max(0, gone.count - come.count) }

    /// Whether nothing has been lost or gained.
    var isEmpty: Bool { gone.count == 0 && come.count == 0 }

    /// Takes in a loss. If the provider was new itself, the first loss that it stood in for is given up.
    mutating func lose(_ offer: Provider.Offer, _ member: HeldProvider, number: Int) {
        if come.remove(offer) { gone.removeFirst() }
        gone.append(offer, member, number: number)
    }

    /// Takes in an offer that was not there: of a provider that has returned, or else of a new one.
    mutating func gain(_ offer: Provider.Offer, number: Int) {
        if !gone.remove(offer) { come.append(offer, number: number) }
    }

    /// Takes in that a registrant took a provider back, which is no loss. A loss that the provider stood in for is given up, too.
    mutating func leave(_ offer: Provider.Offer) {
        if come.remove(offer) { gone.removeFirst() } else { gone.remove(offer) }
    }

    /// Takes in that a new provider is gone.
    mutating func withdraw(_ offer: Provider.Offer) { come.remove(offer) }

    /// Forgets a loss, with the first that stands in for one: the next new provider makes up for another loss.
    mutating func forgetLoss(_ offer: Provider.Offer) {
        if gone.remove(offer) { come.removeFirst() }
    }

    /// Forgets a new provider, with the loss that it makes up for if there is one.
    mutating func forgetGain(_ offer: Provider.Offer) {
        let standsIn = gone.count >= come.count
        if come.remove(offer), standsIn { gone.removeFirst() }
    }
}

/// What a service offers no more, and what it did not offer before.
struct OfferChange {
    /// Offers that are gone, each with the oldest znode that made it.
    let gone: [(offer: Provider.Offer, member: HeldProvider)]
    /// Offers that are new.
    let come: [Provider.Offer]

    /// Whether the service offers what it did before.
    var isEmpty: Bool { gone.isEmpty && come.isEmpty }
}

extension OfferChange {
    /// Compares two states of a service; nil for one that is not there. O(providers).
    init(from old: Service?, to new: Service?) {
        // A provider that drains is no loss, and stands in for none.
        gone = Self.offers(in: old, missingIn: new) { _ in true }.map { ($0.key, $0.value) }
        come = Array(Self.offers(in: new, missingIn: old) { $0.provider.status == .up }.keys)
    }

    /// What has become of a service by its losses, oldest first.
    init(_ losses: ServiceLosses) {
        gone = losses.gone.inOrder.compactMap { offer in losses.gone.member(of: offer).map { (offer, $0) } }
        come = losses.come.inOrder
    }

    /// Offers that are gone because their znodes were taken back, where the service was like this before.
    func left(_ old: Service?, _ withdrawn: Set<InstanceName>) -> Set<Provider.Offer> {
        guard !withdrawn.isEmpty else { return [] }
        let offers = Set(withdrawn.compactMap { old?.registrations[$0]?.provider.offer })
        return Set(gone.map(\.offer)).intersection(offers)
    }

    /// What is left of it without providers that were taken back.
    func without(_ offers: Set<Provider.Offer>) -> OfferChange { OfferChange(gone: gone.filter { !offers.contains($0.offer) }, come: come) }

    /// The offers that are up in one state of a service and missing among those of another that count.
    private static func offers(
        in service: Service?, missingIn other: Service?, _ counts: (Registration) -> Bool
    ) -> [Provider.Offer: HeldProvider] {
        guard let service else { return [:] }
        let others = other?.registrations ?? [:]
        var found: [Provider.Offer: HeldProvider] = [:]
        for (instance, registration) in service.registrations where registration.provider.status == .up {
            let offer = registration.provider.offer
            if let known = others[instance], known.provider.offer == offer, counts(known) { continue }
            if let known = found[offer], known.registration.creationZxid <= registration.creationZxid { continue }
            found[offer] = HeldProvider(instance: instance, registration: registration)
        }
        // An offer that another znode makes is not missing.
        if !found.isEmpty { for registration in others.values where counts(registration) { found[registration.provider.offer] = nil } }
        return found
    }
}
