import ProviderRegistry

/// Requests that wait, that are under way, and that are to be repeated: each request at most once in each place.
///
/// There are three lines. The root has one of its own, because its answer proves the connection and must not wait for answers that never come.
/// Requests that something has happened to are urgent. The others are unhurried, and delay no urgent one, however many they are. Services that
/// are to be read whole wait for their turns before their lists become urgent.
struct RequestQueue {
    /// Most urgent requests under way at once: enough to keep ZooKeeper busy, and far fewer than make the C client drop the connection.
    static let window = 500
    /// Most unhurried requests under way at once: few, since urgent ones wait for their answers.
    static let unhurriedWindow = 50

    private var root = RequestLine(window: 2)
    private var urgent = RequestLine(window: window)
    private var turns = ReadingTurns()
    private var unhurried = RequestLine(window: unhurriedWindow)
    private var again: Set<WatchRequest> = []

    /// Adds an urgent request. One that is under way is repeated: the answer to come may be older than the reason to ask.
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

    /// Has a service read whole when its turn comes, which is expected to bring so many reads.
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

    /// Adds an unhurried request unless it waits or is under way.
    mutating func addUnhurried(_ request: WatchRequest) { if !contains(request) { unhurried.add(request) } }

    /// Whether a request waits or is under way.
    func contains(_ request: WatchRequest) -> Bool {
        isUnderWay(request) || root.isWaiting(request) || urgent.isWaiting(request) || unhurried.isWaiting(request)
            || turns.isWaiting(request)
    }

    /// Whether a request about a service is under way, or certain to go out soon.
    func isAsked(_ request: WatchRequest) -> Bool { isUnderWay(request) || urgent.isWaiting(request) || turns.isWaiting(request) }

    private func isUnderWay(_ request: WatchRequest) -> Bool {
        root.underWay.contains(request) || urgent.underWay.contains(request) || unhurried.underWay.contains(request)
    }

    /// The next requests to send, as many as the windows take; with `rootOnly`, none but the root's.
    mutating func send(rootOnly: Bool = false) -> [WatchRequest] {
        guard !rootOnly else { return root.send() }
        while let list = turns.next(beside: urgent.count) { urgent.add(list) }
        return root.send() + urgent.send() + unhurried.send()
    }

    /// An answer has come; a request that was repeated meanwhile waits now.
    mutating func answered(_ request: WatchRequest) {
        root.answered(request)
        urgent.answered(request)
        turns.answered(request)
        unhurried.answered(request)
        if again.remove(request) != nil { add(request) }
    }

    /// Drops all requests.
    mutating func clear() { self = RequestQueue() }
}
