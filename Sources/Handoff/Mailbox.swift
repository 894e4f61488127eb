import Synchronization

/// Messages from anywhere for one reader, who takes all that have come at once.
package final class Mailbox<Message: Sendable>: Sendable {
    private struct Alarm {
        let deadline: ContinuousClock.Instant
        let task: Task<Void, any Error>
    }

    private let messages = Mutex<[Message]>([])
    private let alarm = Mutex<Alarm?>(nil)
    private let (wakes, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    package init() {}

    deinit { alarm.withLock { $0?.task.cancel() } }

    /// Leaves a message.
    package func post(_ message: Message) {
        messages.withLock { $0.append(message) }
        waker.yield()
    }

    /// Waits for messages, or until an instant at the latest, and takes them; none if only time has passed, nil once the task is cancelled.
    package func next(before deadline: ContinuousClock.Instant?) async -> [Message]? {
        if let deadline { arm(deadline) }
        var iterator = wakes.makeAsyncIterator()
        guard await iterator.next() != nil, !Task.isCancelled else { return nil }
        return take()
    }

    /// Takes the messages that have come, without waiting.
    package func take() -> [Message] {
        messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }

    /// Has the reader woken. An alarm that is set for earlier stays: it wakes the reader for nothing once, where setting a new one each time
    /// would cost more than most messages.
    private func arm(_ deadline: ContinuousClock.Instant) {
        alarm.withLock { alarm in
            if let known = alarm, known.deadline <= deadline, known.deadline > .now { return }
            alarm?.task.cancel()
            alarm = Alarm(
                deadline: deadline,
                task: Task { [waker] in
                    try await Task.sleep(until: deadline, clock: .continuous)
                    waker.yield()
                })
        }
    }
}
