import DequeModule
import ProviderRegistry

/// Requests that wait, and those of them that are under way, at most `window`. Services take turns: however many requests one of them causes,
/// another's next one waits for as many as there are services, not for all of them.
struct RequestLine {
    let window: Int
    private(set) var underWay: Set<WatchRequest> = []
    private var waiting: Set<WatchRequest> = []
    /// Each service's requests in the order in which they came, with those that were removed, which are skipped.
    private var requests: [ServiceName: Deque<WatchRequest>] = [:]
    /// The services that have requests, each once, the next first.
    private var turns: Deque<ServiceName> = []

    init(window: Int) { self.window = window }

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
        // Replaced, not emptied: a registry's first reading leaves room for all of it behind.
        if turns.isEmpty { (waiting, requests, turns) = ([], [:], []) }
        return sent
    }

    /// An answer has come.
    mutating func answered(_ request: WatchRequest) { underWay.remove(request) }
}

extension WatchRequest {
    /// The service that it is about; for what is about the root, a name that no service has.
    fileprivate var service: ServiceName {
        switch self {
        case .listServices, .awaitRoot: ServiceName("")
        case .listProviders(let service), .read(let service, _): service
        }
    }
}
