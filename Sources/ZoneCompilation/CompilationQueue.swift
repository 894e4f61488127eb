import DNSAuthority

/// A service, given by its name, of one of the zones.
struct ServiceReference: Hashable {
    /// The zone's origin.
    let origin: DomainName
    let owner: DomainName

    /// Of the owner alone: zones share few names.
    func hash(into hasher: inout Hasher) { owner.hash(into: &hasher) }
}

/// Services that wait to be compiled: by turns the one whose change costs least and the one that has waited longest.
///
/// So a service that costs little waits for one other at most, however many cost much, and none waits without limit, however many cost less.
struct CompilationQueue {
    private struct Entry {
        let price: Int
        let arrival: Int

        func isBefore(_ other: Entry) -> Bool { (price, arrival) < (other.price, other.arrival) }
    }

    /// The services that wait.
    private var waiting: Set<ServiceReference> = []
    /// The services that wait by their arrivals; entries of other arrivals are out of date.
    private var services: [Int: ServiceReference] = [:]
    /// A binary heap: no entry is before the one at half its place.
    private var byPrice: [Entry] = []
    /// In the order of arrival, the last one first.
    private var byAge: [Entry] = []
    /// Those that have come since `byAge` was put in order.
    private var newest: [Entry] = []
    private var arrivals = 0
    private var isOldestsTurn = false

    var isEmpty: Bool { waiting.isEmpty }

    /// Whether a service waits.
    func contains(_ service: ServiceReference) -> Bool { waiting.contains(service) }

    /// Adds a service whose change costs so much; false if it waits already.
    mutating func insert(_ service: ServiceReference, price: Int) -> Bool {
        guard waiting.insert(service).inserted else { return false }
        arrivals &+= 1
        services[arrivals] = service
        let entry = Entry(price: price, arrival: arrivals)
        newest.append(entry)
        byPrice.append(entry)
        rise()
        return true
    }

    /// Takes out the service whose turn it is.
    mutating func popFirst() -> ServiceReference? {
        // What is out of date must not pile up behind what is never reached.
        if byPrice.count > 2 * waiting.count + 16 { byPrice = byPrice.filter(isCurrent).sorted { $0.isBefore($1) } }
        if byAge.count + newest.count > 2 * waiting.count + 16 { (byAge, newest) = (byAge.filter(isCurrent), newest.filter(isCurrent)) }
        while let entry = isOldestsTurn ? popOldest() : popCheapest() {
            guard let service = services.removeValue(forKey: entry.arrival) else { continue }
            waiting.remove(service)
            isOldestsTurn = !isOldestsTurn && !isEmpty
            return service
        }
        return nil
    }

    private func isCurrent(_ entry: Entry) -> Bool { services[entry.arrival] != nil }

    private mutating func popOldest() -> Entry? {
        if byAge.isEmpty { (byAge, newest) = (newest.reversed(), []) }
        return byAge.popLast()
    }

    private mutating func popCheapest() -> Entry? {
        guard let first = byPrice.first, let last = byPrice.popLast() else { return nil }
        if !byPrice.isEmpty {
            byPrice[0] = last
            sink()
        }
        return first
    }

    /// Moves the last entry up to its place.
    private mutating func rise() {
        var place = byPrice.count - 1
        while place > 0, byPrice[place].isBefore(byPrice[(place - 1) / 2]) {
            byPrice.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Moves the first entry down to its place.
    private mutating func sink() {
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < byPrice.count && byPrice[child].isBefore(byPrice[least]) {
                least = child
            }
            if least == place { return }
            byPrice.swapAt(place, least)
            place = least
        }
    }
}
