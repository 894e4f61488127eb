import ProviderRegistry

/// Requests that wait, that are under way, and that are to be repeated: each request at most once in each place.
///
/// There are three lines. The root has one of its own, because its answer proves the connection and must not wait for answers that never come.
/// Requests that something has happened to are urgent. The others are unhurried, and delay no urgent one, however many they are. Services that
/// are to be read whole wait for their turns before their reads become urgent.
struct RequestQueue {
    /// Most urgent requests under way at once: enough to keep ZooKeeper busy, and far fewer than make the C client drop the connection.
    static let window = 500
    /// Most unhurried requests under way at once: few, since urgent ones wait for their answers.
    static let unhurriedWindow = 50

    private var root = RequestLine(window: 2)
    private var urgent = RequestLine(window: window)
    private(set) var turns = ReadingTurns()
    /// The last read of the turn that began last; nil once it has been sent.
    private var endOfTurn: WatchRequest?
    private var unhurried = RequestLine(window: unhurriedWindow)
    private var again: Set<WatchRequest> = []

    /// Whether so many answers are to come that they need not be taken in one by one.
    var isBusy: Bool { urgent.underWay.count > Self.window / 2 }

    /// Adds an urgent request. One that is under way is repeated: the answer to come may be older than the reason to ask.
    mutating func add(_ request: WatchRequest) {
        if isUnderWay(request) {
            again.insert(request)
        } else {
            unhurried.remove(request)
            switch request {
            case .listServices, .awaitRoot: root.add(request)
            case .listBranch, .awaitBranch, .listProviders, .awaitProviders, .read: urgent.add(request)
            }
        }
    }

    /// Has these providers of a service read when its turn comes, which is the next one if the service is in a hurry.
    mutating func addTurn(_ name: ServiceName, reading instances: some Collection<InstanceName>, isHurried: Bool) {
        turns.add(name, reading: instances)
        if isHurried { hasten(name) }
    }

    /// Begins the turn of a service if it waits for one.
    mutating func hasten(_ name: ServiceName) { for read in turns.take(name) { add(read) } }

    /// Drops the turn of a service that is gone.
    mutating func dropTurn(of name: ServiceName) { _ = turns.take(name) }

    /// Adds an unhurried request unless it waits or is under way.
    mutating func addUnhurried(_ request: WatchRequest) { if !contains(request) { unhurried.add(request) } }

    /// Whether a request waits or is under way.
    func contains(_ request: WatchRequest) -> Bool {
        isUnderWay(request) || root.isWaiting(request) || urgent.isWaiting(request) || unhurried.isWaiting(request)
    }

    /// Whether a request about a service is under way, or certain to go out soon.
    func isAsked(_ request: WatchRequest) -> Bool { isUnderWay(request) || urgent.isWaiting(request) }

    private func isUnderWay(_ request: WatchRequest) -> Bool {
        root.underWay.contains(request) || urgent.underWay.contains(request) || unhurried.underWay.contains(request)
    }

    /// The next requests to send, as many as the windows take; with `rootOnly`, none but the root's.
    mutating func send(rootOnly: Bool = false) -> [WatchRequest] {
        guard !rootOnly else { return root.send() }
        // A flood of urgent requests leaves room for one turn at a time: otherwise a single registrant could keep all turns from coming.
        while urgent.count < Self.window || endOfTurn == nil, let name = turns.next() {
            let reads = turns.take(name)
            for read in reads { add(read) }
            endOfTurn = reads.last(where: urgent.isWaiting)
        }
        let sent = root.send() + urgent.send() + unhurried.send()
        if let end = endOfTurn, !urgent.isWaiting(end) { endOfTurn = nil }
        return sent
    }

    /// An answer has come; a request that was repeated meanwhile waits now.
    mutating func answered(_ request: WatchRequest) {
        root.answered(request)
        urgent.answered(request)
        unhurried.answered(request)
        if again.remove(request) != nil { add(request) }
    }

    /// Drops all requests.
    mutating func clear() { self = RequestQueue() }
}
