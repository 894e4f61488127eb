import ProviderRegistry

/// Providers that a service has lost and that have not returned, and new ones that stand in for them.
struct ServiceLosses {
    /// Kept in mind also while as many new ones stand in: those may vanish again.
    private(set) var gone = OfferQueue()
    /// New ones, whether or not anything has been lost before.
    private(set) var come = OfferQueue()

    /// How many are missing.
    var missing: Int { max(0, gone.count - come.count) }

    /// Whether there is nothing to keep in mind.
    var isEmpty: Bool { gone.count == 0 && come.count == 0 }

    /// Takes in that a provider is there no more. If it was new itself, the place that is empty now is that of the first that went.
    mutating func lose(_ offer: Provider.Offer, _ member: HeldProvider, number: Int) {
        if come.remove(offer) { gone.removeFirst() }
        gone.append(offer, member, number: number)
    }

    /// Takes in an offer that was not there: of a provider that has returned, or else of a new one.
    mutating func gain(_ offer: Provider.Offer, number: Int) {
        if !gone.remove(offer) { come.append(offer, number: number) }
    }

    /// Takes in that a provider was taken back: nothing is missing for that. If it stood in for another, that one's place is given up.
    mutating func leave(_ offer: Provider.Offer) {
        if come.remove(offer) { gone.removeFirst() } else { gone.remove(offer) }
    }

    /// Takes in that an offer stands in no more.
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
