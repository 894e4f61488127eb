import Synchronization

/// Turns what one connection says into events for observers, on the C client's thread so that their order is kept, and into signs for the
/// session that looks after the connection.
final class SessionRelay: Sendable {
    /// What the session has to know of.
    enum Sign: Sendable {
        case connected(id: Int64, timeout: Duration)
        case disconnected
        case ended
        /// It asked to be woken.
        case alarm
    }

    private struct State {
        var isConnected = false
        var hadSession = false
        /// The session is an earlier connection's, whose watches are gone; to be told once.
        var hasLostWatches = false
        /// Nothing is told any more.
        var isOver = false
    }

    private let state: Mutex<State>
    private let tell: @Sendable (SessionEvent) -> Void
    private let signs: AsyncStream<Sign>.Continuation

    private init(resumes: Bool, _ tell: @escaping @Sendable (SessionEvent) -> Void, _ signs: AsyncStream<Sign>.Continuation) {
        state = Mutex(State(hadSession: resumes, hasLostWatches: resumes))
        self.tell = tell
        self.signs = signs
    }

    /// A relay to `tell`, with the signs that come of it; `resumes`: for a session that there has been before.
    static func make(resumes: Bool, _ tell: @escaping @Sendable (SessionEvent) -> Void) -> (AsyncStream<Sign>, SessionRelay) {
        let (stream, continuation) = AsyncStream.makeStream(of: Sign.self)
        return (stream, SessionRelay(resumes: resumes, tell, continuation))
    }

    /// Takes in what the connection says.
    func take(_ event: Connection.Event) {
        switch event {
        case .watch(let path): tell(.watch(path: path))
        case .connected(let id, let timeout):
            // Told under the lock: the end comes from another thread, and must be told last.
            state.withLock { state in
                guard !state.isOver else { return }
                tell(.connected(id: id, timeout: timeout, isNew: !state.hadSession))
                if state.hasLostWatches { tell(.watchesLost) }
                state = State(isConnected: true, hadSession: true)
                signs.yield(.connected(id: id, timeout: timeout))
            }
        case .connecting: disconnect()
        case .ended:
            disconnect()
            signs.yield(.ended)
        }
    }

    private func disconnect() {
        state.withLock { state in
            guard state.isConnected else { return }
            state.isConnected = false
            tell(.disconnected)
            signs.yield(.disconnected)
        }
    }

    /// Gives an alarm at an instant, unless the task is cancelled before.
    func ring(at instant: ContinuousClock.Instant) -> Task<Void, any Error> {
        Task { [signs] in
            try await Task.sleep(until: instant, clock: .continuous)
            signs.yield(.alarm)
        }
    }

    /// The connection is about to be closed: tells that there is none any more, then nothing. True if there has been a session.
    func end() -> Bool {
        let hadSession = state.withLock { state in
            state.isOver = true
            return state.hadSession
        }
        disconnect()
        signs.finish()
        return hadSession
    }
}
