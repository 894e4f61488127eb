/// Requests that wait, those under way, and those to be repeated: each at most once in each place.
///
/// What is only to make sure waits in a line of its own: however much of it there is, what has happened is asked for beside it. The root has
/// one, too: its answer proves the connection, and must not wait for others that never come.
struct RequestQueue {
    /// Most urgent requests under way at once: enough to keep ZooKeeper busy, far below what makes the C client drop the connection.
    static let window = 500
    /// Most others under way at once: few, since what is urgent waits for their answers.
    static let unhurriedWindow = 50

    private var root = Line(window: 2)
    private var urgent = Line(window: window)
    private var unhurried = Line(window: unhurriedWindow)
    private var again: Set<WatchRequest> = []

    /// Asks for something, again if it is already under way: the answer to come may be older than the reason.
    mutating func add(_ request: WatchRequest) {
        if isUnderWay(request) {
            again.insert(request)
        } else {
            unhurried.remove(request)
            switch request {
            case .listServices, .awaitRoot: root.add(request)
            case .listProviders, .read: urgent.add(request)
            }
        }
    }

    /// Asks for something that nothing has happened to, as far as is known; it need not be new.
    mutating func addUnhurried(_ request: WatchRequest) { if !contains(request) { unhurried.add(request) } }

    /// Whether something waits or is under way.
    func contains(_ request: WatchRequest) -> Bool {
        isUnderWay(request) || root.isWaiting(request) || urgent.isWaiting(request) || unhurried.isWaiting(request)
    }

    private func isUnderWay(_ request: WatchRequest) -> Bool {
        root.underWay.contains(request) || urgent.underWay.contains(request) || unhurried.underWay.contains(request)
    }

    /// The next requests to send, as many as the windows take; `rootOnly`: those for the root alone.
    mutating func send(rootOnly: Bool = false) -> [WatchRequest] {
        rootOnly ? root.send() : root.send() + urgent.send() + unhurried.send()
    }

    /// An answer has come; what was asked for again meanwhile waits now.
    mutating func answered(_ request: WatchRequest) {
        root.underWay.remove(request)
        urgent.underWay.remove(request)
        unhurried.underWay.remove(request)
        if again.remove(request) != nil { add(request) }
    }

    /// Nothing is left of what was asked for.
    mutating func clear() { self = RequestQueue() }
}

extension RequestQueue {
    /// Requests that wait in the order in which they came, and those of them that are under way.
    private struct Line {
        let window: Int
        var underWay: Set<WatchRequest> = []
        /// With those that were removed, which are skipped.
        private var order: [WatchRequest] = []
        private var head = 0
        private var waiting: Set<WatchRequest> = []

        init(window: Int) { self.window = window }

        func isWaiting(_ request: WatchRequest) -> Bool { waiting.contains(request) }

        mutating func add(_ request: WatchRequest) { if waiting.insert(request).inserted { order.append(request) } }

        mutating func remove(_ request: WatchRequest) { waiting.remove(request) }

        mutating func send() -> [WatchRequest] {
            var sent: [WatchRequest] = []
            while underWay.count < window, head < order.count {
                let request = order[head]
                head += 1
                guard waiting.remove(request) != nil else { continue }
                underWay.insert(request)
                sent.append(request)
            }
            if head == order.count {
                // Anew, not emptied: a registry's first reading leaves room for all of it behind.
                (order, waiting, head) = ([], [], 0)
            } else if head > 4096 {
                order.removeFirst(head)
                head = 0
            }
            return sent
        }
    }
}
