/// Services that wait to be compiled, those first whose changes cost little; none waits without limit.
///
/// The clock counts what has been compiled, in providers. A service is due its price after the moment at which it came in: one that costs
/// much lets others pass, and comes before those that come in once its time is up, however little they cost. Ties go by arrival.
struct CompilationQueue {
    typealias ServiceReference = ZoneCompiler.ServiceReference

    private struct Entry {
        let due: Int
        let arrival: Int
        let cost: Int
        let service: ServiceReference

        func isBefore(_ other: Entry) -> Bool { (due, arrival) < (other.due, other.arrival) }
    }

    private var waiting: Set<ServiceReference> = []
    /// A binary heap: no entry is before the one at half its place.
    private var heap: [Entry] = []
    private var clock = 0
    private var arrivals = 0

    var isEmpty: Bool { heap.isEmpty }

    /// Whether a service waits.
    func contains(_ service: ServiceReference) -> Bool { waiting.contains(service) }

    /// Adds a service that costs so much itself, and at this price; false if it waits already.
    mutating func insert(_ service: ServiceReference, cost: Int, price: Int) -> Bool {
        guard waiting.insert(service).inserted else { return false }
        arrivals &+= 1
        heap.append(Entry(due: clock &+ price, arrival: arrivals, cost: cost, service: service))
        var place = heap.count - 1
        while place > 0, heap[place].isBefore(heap[(place - 1) / 2]) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
        return true
    }

    /// Takes out the service that is due first.
    mutating func popFirst() -> ServiceReference? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        clock &+= first.cost
        waiting.remove(first.service)
        return first.service
    }

    /// Moves the first entry down to its place.
    private mutating func sink() {
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child].isBefore(heap[least]) { least = child }
            if least == place { return }
            heap.swapAt(place, least)
            place = least
        }
    }
}
