import Synchronization

/// Messages from anywhere for one reader, who takes all that have come at once.
package final class Mailbox<Message: Sendable>: Sendable {
    private let messages = Mutex<[Message]>([])
    private let (wakes, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    package init() {}

    /// Leaves a message.
    package func post(_ message: Message) {
        messages.withLock { $0.append(message) }
        waker.yield()
    }

    /// Waits for messages, or until an instant, and takes them; none if only time has passed, nil once the task is cancelled.
    package func next(before deadline: ContinuousClock.Instant?) async -> [Message]? {
        let alarm = deadline.map { deadline in
            Task { [waker] in
                try await Task.sleep(until: deadline, clock: .continuous)
                waker.yield()
            }
        }
        defer { alarm?.cancel() }
        var iterator = wakes.makeAsyncIterator()
        guard await iterator.next() != nil, !Task.isCancelled else { return nil }
        return messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}
