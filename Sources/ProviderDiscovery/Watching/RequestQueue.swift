import ProviderRegistry

/// Requests that wait, those under way, and those to be repeated: each at most once in each place.
///
/// What is only to make sure waits in a line of its own: however much of it there is, what has happened is asked for beside it. The root has
/// one, too: its answer proves the connection, and must not wait for others that never come. Services that are to be read whole wait for their
/// turns.
struct RequestQueue {
    /// Most urgent requests under way at once: enough to keep ZooKeeper busy, far below what makes the C client drop the connection.
    static let window = 500
    /// Most others under way at once: few, since what is urgent waits for their answers.
    static let unhurriedWindow = 50

    private var root = RequestLine(window: 2)
    private var urgent = RequestLine(window: window)
    private var turns = ReadingTurns()
    private var unhurried = RequestLine(window: unhurriedWindow)
    private var again: Set<WatchRequest> = []

    /// Asks for something, again if it is already under way: the answer to come may be older than the reason.
    mutating func add(_ request: WatchRequest) {
        if isUnderWay(request) {
            again.insert(request)
        } else {
            unhurried.remove(request)
            turns.remove(request)
            switch request {
            case .listServices, .awaitRoot: root.add(request)
            case .listProviders, .read: urgent.add(request)
            }
        }
    }

    /// Asks for a service's list when the service has its turn to be read whole, which is expected to bring so many requests.
    mutating func addTurn(_ name: ServiceName, expecting count: Int) {
        let list = WatchRequest.listProviders(name)
        if isUnderWay(list) {
            again.insert(list)
        } else if !urgent.isWaiting(list) {
            unhurried.remove(list)
            turns.add(list, expecting: count)
        }
    }

    /// Gives a service that waits for its turn the next one.
    mutating func hasten(_ name: ServiceName) { if turns.isWaiting(.listProviders(name)) { add(.listProviders(name)) } }

    /// Asks for something that nothing has happened to, as far as is known; it need not be new.
    mutating func addUnhurried(_ request: WatchRequest) { if !contains(request) { unhurried.add(request) } }

    /// Whether something waits or is under way.
    func contains(_ request: WatchRequest) -> Bool {
        isUnderWay(request) || root.isWaiting(request) || urgent.isWaiting(request) || unhurried.isWaiting(request)
            || turns.isWaiting(request)
    }

    /// Whether a request for a service is under way, or waits for nothing but others like it.
    func isAsked(_ request: WatchRequest) -> Bool { isUnderWay(request) || urgent.isWaiting(request) || turns.isWaiting(request) }

    private func isUnderWay(_ request: WatchRequest) -> Bool {
        root.underWay.contains(request) || urgent.underWay.contains(request) || unhurried.underWay.contains(request)
    }

    /// The next requests to send, as many as the windows take; `rootOnly`: those for the root alone.
    mutating func send(rootOnly: Bool = false) -> [WatchRequest] {
        guard !rootOnly else { return root.send() }
        while let list = turns.next(beside: urgent.count) { urgent.add(list) }
        return root.send() + urgent.send() + unhurried.send()
    }

    /// An answer has come; what was asked for again meanwhile waits now.
    mutating func answered(_ request: WatchRequest) {
        root.answered(request)
        urgent.answered(request)
        turns.answered(request)
        unhurried.answered(request)
        if again.remove(request) != nil { add(request) }
    }

    /// Nothing is left of what was asked for.
    mutating func clear() { self = RequestQueue() }
}
