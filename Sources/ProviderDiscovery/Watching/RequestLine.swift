import DequeModule
import HeapModule
import ProviderRegistry

/// Requests that wait, and at most `window` that are under way. Services take turns: however many requests one service causes, another
/// service's next request waits for one of each service.
struct RequestLine {
    let window: Int
    private(set) var underWay: Set<WatchRequest> = []
    private var waiting: Set<WatchRequest> = []
    /// Each service's requests in the order in which they came; removed ones are still there, and skipped.
    private var requests: [ServiceName: Deque<WatchRequest>] = [:]
    /// The services that have requests, each once, the next first.
    private var turns: Deque<ServiceName> = []

    init(window: Int) { self.window = window }

    /// How many requests wait or are under way.
    var count: Int { waiting.count + underWay.count }

    func isWaiting(_ request: WatchRequest) -> Bool { waiting.contains(request) }

    mutating func add(_ request: WatchRequest) {
        guard waiting.insert(request).inserted else { return }
        if requests[request.service] == nil { turns.append(request.service) }
        requests[request.service, default: []].append(request)
    }

    mutating func remove(_ request: WatchRequest) { waiting.remove(request) }

    /// The next requests to send, as many as the window takes.
    mutating func send() -> [WatchRequest] {
        var sent: [WatchRequest] = []
        while underWay.count < window, let service = turns.popFirst() {
            while let request = requests[service]?.popFirst() {
                guard waiting.remove(request) != nil else { continue }
                underWay.insert(request)
                sent.append(request)
                break
            }
            if requests[service]?.isEmpty == false { turns.append(service) } else { requests[service] = nil }
        }
        // Replaced, because emptied ones keep the memory that a whole registry took.
        if turns.isEmpty { (waiting, requests, turns) = ([], [:], []) }
        return sent
    }

    /// An answer has come.
    mutating func answered(_ request: WatchRequest) { underWay.remove(request) }
}

/// Services that have been listed and are to be read whole, one after another, those with the fewest providers first: a service with thousands
/// delays no other, and leaves the others their watches.
///
/// A turn begins when few requests wait, or when all of the last turn have been sent, however many services there are. So each service is read
/// within a short time after its turn has begun.
struct ReadingTurns {
    private struct Turn: Comparable {
        let reads: Int
        /// How many turns were added before.
        let number: Int
        let name: ServiceName

        static func < (left: Turn, right: Turn) -> Bool { (left.reads, left.number) < (right.reads, right.number) }
    }

    /// Services whose turns have begun are still there, and skipped.
    private var turns = Heap<Turn>()
    private var added = 0
    /// What to read of each service that waits.
    private var reads: [ServiceName: [InstanceName]] = [:]
    private var readCount = 0

    /// How many services wait, and how many reads of theirs.
    struct Size {
        let services: Int
        let reads: Int
    }

    /// How much waits.
    var size: Size { Size(services: reads.count, reads: readCount) }

    /// Adds a turn, in place of one of the same service.
    mutating func add(_ name: ServiceName, reading instances: some Collection<InstanceName>) {
        let old = reads.updateValue(Array(instances), forKey: name)
        readCount += instances.count - (old?.count ?? 0)
        guard old == nil else { return }
        turns.insert(Turn(reads: instances.count, number: added, name: name))
        added += 1
    }

    /// The service whose turn is next; nil if none waits.
    mutating func next() -> ServiceName? {
        while let turn = turns.min, reads[turn.name] == nil { turns.removeMin() }
        return turns.min?.name
    }

    /// Begins the turn of a service: what to read of it, nothing if it does not wait.
    mutating func take(_ name: ServiceName) -> [WatchRequest] {
        guard !reads.isEmpty, let instances = reads.removeValue(forKey: name) else { return [] }
        readCount -= instances.count
        // Replaced, because emptied ones keep the memory that a whole registry took.
        if reads.isEmpty { (turns, reads) = (Heap(), [:]) }
        return instances.map { .read(name, instance: $0) }
    }
}

extension WatchRequest {
    /// The service that is asked about; for the root and for a branch, a name that no service has.
    fileprivate var service: ServiceName {
        switch self {
        case .listServices, .awaitRoot: ServiceName("")
        case .listBranch(let branch), .awaitBranch(let branch): branch.service("")
        case .listProviders(let service), .awaitProviders(let service), .read(let service, _): service
        }
    }
}
