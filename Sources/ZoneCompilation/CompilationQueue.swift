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
    /// A service in the line.
    private struct Waiting {
        let service: ServiceReference
        /// Whether its zone is not whole without it.
        var isAwaited = false
    }

    private struct Entry {
        let price: Int
        /// Where in the line the service stands.
        let place: Int

        func isBefore(_ other: Entry) -> Bool { (price, place) < (other.price, other.place) }
    }

    /// The services that wait in the order of their arrival; nil for each that has been taken out.
    private var line: [Waiting?] = []
    /// Where in the line a service stands, or stood until it was taken out.
    private var places: [ServiceReference: Int] = [:]
    /// How many services wait.
    private var count = 0
    /// No service waits before this place in the line.
    private var oldest = 0
    /// A binary heap: no entry is before the one at half its place. Entries of services that have been taken out are out of date.
    private var byPrice: [Entry] = []
    /// How many services wait without which a zone is not whole, by the zone's origin.
    private var awaited: [DomainName: Int] = [:]
    private var isOldestsTurn = false

    var isEmpty: Bool { count == 0 }

    /// Whether a service waits.
    func contains(_ service: ServiceReference) -> Bool { places[service].map { line[$0] != nil } ?? false }

    /// Has room for so many services more at once.
    mutating func reserve(_ more: Int) {
        // A few at a time must not have everything copied each time.
        guard more > line.count else { return }
        places.reserveCapacity(places.count + more)
        line.reserveCapacity(line.count + more)
        byPrice.reserveCapacity(byPrice.count + more)
    }

    /// Adds a service whose change costs so much; false if it waits already.
    mutating func insert(_ service: ServiceReference, price: Int) -> Bool {
        guard Self.claim(&places[service, default: line.count], in: line) else { return false }
        count += 1
        byPrice.append(Entry(price: price, place: line.count))
        line.append(Waiting(service: service))
        rise()
        return true
    }

    /// Makes a place the next in the line; false if a service waits at it.
    private static func claim(_ place: inout Int, in line: [Waiting?]) -> Bool {
        if place < line.count, line[place] != nil { return false }
        place = line.count
        return true
    }

    /// Says that a zone is not whole without those of its services that wait now.
    mutating func awaitServices(of origin: DomainName) {
        for place in line.indices where line[place]?.service.origin == origin && line[place]?.isAwaited == false {
            line[place]?.isAwaited = true
            awaited[origin, default: 0] += 1
        }
    }

    /// Whether services wait without which a zone is not whole.
    func isAwaitingServices(of origin: DomainName) -> Bool { awaited[origin] != nil }

    /// Takes out the service whose turn it is.
    mutating func popFirst() -> ServiceReference? {
        // What is out of date must not pile up behind what is never reached.
        if line.count > 8 * count + 64 { closeUp() }
        while let place = isOldestsTurn ? popOldest() : popCheapest() {
            guard let first = line[place] else { continue }
            line[place] = nil
            count -= 1
            if first.isAwaited { countOut(first.service.origin) }
            // Gives the memory back: a first registry has every service wait.
            if isEmpty { self = CompilationQueue() } else { isOldestsTurn.toggle() }
            return first.service
        }
        return nil
    }

    private mutating func countOut(_ origin: DomainName) {
        let rest = (awaited[origin] ?? 0) - 1
        awaited[origin] = rest > 0 ? rest : nil
    }

    /// Drops all that is out of date.
    private mutating func closeUp() {
        var newPlaces = [Int](repeating: 0, count: line.count)
        places = Dictionary(minimumCapacity: count)
        var next = 0
        for (place, waiting) in line.enumerated() {
            guard let waiting else { continue }
            newPlaces[place] = next
            places[waiting.service] = next
            next += 1
        }
        let current = byPrice.filter { line[$0.place] != nil }
        byPrice = current.map { Entry(price: $0.price, place: newPlaces[$0.place]) }.sorted { $0.isBefore($1) }
        (line, oldest) = (line.filter { $0 != nil }, 0)
    }

    private mutating func popOldest() -> Int? {
        guard oldest < line.count else { return nil }
        defer { oldest += 1 }
        return oldest
    }

    private mutating func popCheapest() -> Int? {
        guard let first = byPrice.first, let last = byPrice.popLast() else { return nil }
        if !byPrice.isEmpty {
            byPrice[0] = last
            sink()
        }
        return first.place
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
            for child in 2 * place + 1...2 * place + 2 where child < byPrice.count && byPrice[child].isBefore(byPrice[least]) {
                least = child
            }
            if least == place { return }
            byPrice.swapAt(place, least)
            place = least
        }
    }
}
