/// Requests that wait, those under way, and those to be repeated: each at most once in each place.
struct RequestQueue {
    /// Most requests under way at once: enough to keep ZooKeeper busy, far below what makes the C client drop the connection.
    static let window = 500

    private var waiting: [WatchRequest] = []
    private var head = 0
    private var isWaiting: Set<WatchRequest> = []
    private var underWay: Set<WatchRequest> = []
    private var again: Set<WatchRequest> = []

    /// Asks for something, anew if it is already under way: the answer to come may be older than the reason.
    mutating func add(_ request: WatchRequest) {
        if underWay.contains(request) {
            again.insert(request)
        } else if isWaiting.insert(request).inserted {
            waiting.append(request)
        }
    }

    /// The next requests to send, as many as the window takes.
    mutating func send() -> [WatchRequest] {
        var sent: [WatchRequest] = []
        while underWay.count < Self.window, head < waiting.count {
            let request = waiting[head]
            head += 1
            isWaiting.remove(request)
            underWay.insert(request)
            sent.append(request)
        }
        if head == waiting.count {
            // Anew, not emptied: a registry's first reading leaves room for all of it behind.
            (waiting, isWaiting, head) = ([], [], 0)
        } else if head > 4096 {
            waiting.removeFirst(head)
            head = 0
        }
        return sent
    }

    /// An answer has come; what was asked for again meanwhile waits now.
    mutating func answered(_ request: WatchRequest) {
        underWay.remove(request)
        if again.remove(request) != nil { add(request) }
    }

    /// Nothing is left of what was asked for.
    mutating func clear() { self = RequestQueue() }
}
