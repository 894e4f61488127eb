import DequeModule
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

/// Services that are to be read whole, one after another: a turn begins with the service's list, and its reads follow.
///
/// As many turns run at the same time as keep ZooKeeper busy, however many services there are. So each service is read within a short time after
/// its turn has begun.
struct ReadingTurns {
    /// Requests that the turns which run may cause in all: twice as many as are sent at once, since a turn's reads wait for its list.
    static let window = 2 * RequestQueue.window

    /// A turn that has not begun: the service's list, and how many reads are expected to follow.
    private struct Turn {
        let list: WatchRequest
        let reads: Int
    }

    /// In order; removed ones are still there, and skipped.
    private var turns = Deque<Turn>()
    private var waiting: Set<WatchRequest> = []
    /// The lists of turns that have begun, until they are answered, each with the reads that it is expected to bring.
    private var begun: [WatchRequest: Int] = [:]
    private var expected = 0

    func isWaiting(_ list: WatchRequest) -> Bool { waiting.contains(list) }

    /// Adds a service's list unless it waits already.
    mutating func add(_ list: WatchRequest, expecting reads: Int) {
        if waiting.insert(list).inserted { turns.append(Turn(list: list, reads: reads)) }
    }

    mutating func remove(_ list: WatchRequest) { if !waiting.isEmpty { waiting.remove(list) } }

    /// Begins the next turn if there is room for it beside so many other requests; its list.
    mutating func next(beside others: Int) -> WatchRequest? {
        while others + expected < Self.window, let turn = turns.popFirst() {
            guard waiting.remove(turn.list) != nil else { continue }
            expected += turn.reads - (begun.updateValue(turn.reads, forKey: turn.list) ?? 0)
            return turn.list
        }
        // Replaced, because emptied ones keep the memory that a whole registry took.
        if waiting.isEmpty { (turns, waiting) = ([], []) }
        return nil
    }

    /// An answer has come.
    mutating func answered(_ request: WatchRequest) {
        if !begun.isEmpty, let reads = begun.removeValue(forKey: request) { expected -= reads }
    }
}

extension WatchRequest {
    /// The service that is asked about; for the root, a name that no service has.
    fileprivate var service: ServiceName {
        switch self {
        case .listServices, .awaitRoot: ServiceName("")
        case .listProviders(let service), .read(let service, _): service
        }
    }
}
