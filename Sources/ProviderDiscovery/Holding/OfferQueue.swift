import DequeModule
import ProviderRegistry

/// Offers of providers, each with the number of its arrival, in the order of their arrival.
///
/// Adding one, removing one and finding the first take constant time on average.
struct OfferQueue {
    private var entries: [Provider.Offer: Entry] = [:]
    /// All that have arrived; those that were removed since stay for a while, never as the first.
    private var order = Deque<Arrival>()

    /// What is kept of an offer.
    private struct Entry {
        let number: Int
        /// The provider, where that matters.
        let member: HeldProvider?
    }

    /// An offer that arrived, and when: of two the one that arrived earlier has the lower number.
    struct Arrival {
        let number: Int
        let offer: Provider.Offer
    }

    /// How many there are.
    var count: Int { entries.count }

    /// The arrival of the first offer of those that are there.
    var first: Arrival? { order.first }

    /// All offers, in order. O(`count`).
    var inOrder: [Provider.Offer] { order.filter { contains($0.offer, number: $0.number) }.map(\.offer) }

    /// The providers, in no order.
    var members: [HeldProvider] { entries.values.compactMap(\.member) }

    /// The provider that was kept with an offer.
    func member(of offer: Provider.Offer) -> HeldProvider? { entries[offer]?.member }

    /// Whether an offer is there.
    func contains(_ offer: Provider.Offer) -> Bool { entries[offer] != nil }

    /// Whether an offer is there since the arrival that has this number.
    func contains(_ offer: Provider.Offer, number: Int) -> Bool { entries[offer]?.number == number }

    /// Adds an offer as the last; `number` is higher than all before.
    mutating func append(_ offer: Provider.Offer, _ member: HeldProvider? = nil, number: Int) {
        entries[offer] = Entry(number: number, member: member)
        order.append(Arrival(number: number, offer: offer))
        prune()
    }

    /// Removes an offer; false if it is not there.
    @discardableResult
    mutating func remove(_ offer: Provider.Offer) -> Bool {
        guard entries.removeValue(forKey: offer) != nil else { return false }
        prune()
        return true
    }

    /// Removes the first offer if there is one.
    mutating func removeFirst() { if let first { remove(first.offer) } }

    private mutating func prune() {
        order.prune(wanted: entries.count) { [entries] in entries[$0.offer]?.number == $0.number }
    }
}

extension Deque {
    /// Unwanted elements that may stay, or as many as are wanted.
    private static var mostUnwanted: Int { 256 }

    /// Takes out what leaves next while it is unwanted; and all that is, once more elements are unwanted than the `wanted` ones. Constant time
    /// on average.
    mutating func prune(wanted: Int, _ isWanted: (Element) -> Bool) {
        while let first, !isWanted(first) { removeFirst() }
        // What vanishes and returns again and again leaves an unwanted element each time.
        if count / 2 > Swift.max(wanted, Self.mostUnwanted) { removeAll { !isWanted($0) } }
    }
}
