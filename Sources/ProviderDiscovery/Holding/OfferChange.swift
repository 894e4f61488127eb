import ProviderRegistry

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
        gone = Self.offers(in: old, missingIn: new).map { ($0.key, $0.value) }
        come = Array(Self.offers(in: new, missingIn: old).keys)
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

    private static func offers(in service: Service?, missingIn other: Service?) -> [Provider.Offer: HeldProvider] {
        guard let service else { return [:] }
        let others = other?.registrations ?? [:]
        var found: [Provider.Offer: HeldProvider] = [:]
        for (instance, registration) in service.registrations {
            let offer = registration.provider.offer
            guard others[instance]?.provider.offer != offer else { continue }
            if let known = found[offer], known.registration.creationZxid <= registration.creationZxid { continue }
            found[offer] = HeldProvider(instance: instance, registration: registration)
        }
        // Under another name it is the same provider still.
        if !found.isEmpty { for registration in others.values { found[registration.provider.offer] = nil } }
        return found
    }
}
