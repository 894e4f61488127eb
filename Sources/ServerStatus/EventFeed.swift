import Synchronization

/// Hands events to those who follow them, as server-sent events (WHATWG HTML §9.2).
///
/// Each follower has a buffer of its own. A follower who does not keep up is let go of, and costs no other one anything.
final class EventFeed: Sendable {
    /// An event as it goes over the wire.
    struct Event: Sendable {
        /// What a client that comes back names as the last event that it has had: one line.
        let id: String
        /// The event with all its lines.
        let text: String

        /// An event of a kind with an identifier and JSON in one line.
        init(id: String, kind: String, data: String) {
            self.id = id
            text = "id: \(id)\nevent: \(kind)\ndata: \(data)\n\n"
        }
    }

    /// What goes to one follower.
    struct Following: Sendable {
        /// Texts to send, in order: events, and comments between them.
        let texts: AsyncStream<String>
        /// Ends when the follower is let go of, whatever still waits for it.
        let end: AsyncStream<Never>
        fileprivate let number: Int
    }

    private struct Follower {
        let texts: AsyncStream<String>.Continuation
        let end: AsyncStream<Never>.Continuation
    }

    private struct State {
        /// The last events, the newest last.
        var recent: [Event] = []
        var followers: [Int: Follower] = [:]
        var nextNumber = 0

        /// Sends a text to a follower, or lets go of it if too much waits for it.
        mutating func send(_ text: String, to number: Int) {
            guard let follower = followers[number] else { return }
            if case .enqueued = follower.texts.yield(text) { return }
            end(number)
        }

        mutating func end(_ number: Int) {
            guard let follower = followers.removeValue(forKey: number) else { return }
            follower.texts.finish()
            follower.end.finish()
        }
    }

    private let state = Mutex(State())

    /// Events that a client that comes back is sent again.
    private let mostRecent: Int
    /// Events that wait for one follower.
    private let mostWaiting: Int
    /// Followers at once: others of the endpoint's clients have connections left.
    private static let mostFollowers = 32

    init(mostRecent: Int = 100, mostWaiting: Int = 64) { (self.mostRecent, self.mostWaiting) = (mostRecent, mostWaiting) }

    /// Sends an event to all followers.
    func post(_ event: Event) {
        state.withLock { state in
            state.recent.append(event)
            if state.recent.count > mostRecent { state.recent.removeFirst() }
            for number in Array(state.followers.keys) { state.send(event.text, to: number) }
        }
    }

    /// Begins to follow, with the events since one that was had last, if it is still known. Nil if there are too many followers.
    func follow(after last: String?) -> Following? {
        state.withLock { state in
            guard state.followers.count < Self.mostFollowers else { return nil }
            let (texts, sender) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingOldest(mostWaiting))
            let (end, ender) = AsyncStream.makeStream(of: Never.self)
            if let last, let index = state.recent.lastIndex(where: { $0.id == last }) {
                for event in state.recent[(index + 1)...].suffix(mostWaiting) { sender.yield(event.text) }
            }
            let number = state.nextNumber
            state.nextNumber += 1
            state.followers[number] = Follower(texts: sender, end: ender)
            return Following(texts: texts, end: end, number: number)
        }
    }

    /// Sends one follower a comment, which clients do not show: it keeps the connection in use.
    func pulse(_ following: Following) { state.withLock { $0.send(": keep-alive\n\n", to: following.number) } }

    /// Lets go of a follower.
    func end(_ following: Following) { state.withLock { $0.end(following.number) } }

    /// Whether one more may follow.
    var hasPlace: Bool { followerCount < Self.mostFollowers }

    /// How many follow now.
    var followerCount: Int { state.withLock { $0.followers.count } }
}
