import Synchronization

/// Turns the events of one session handle into events for observers, on the C client's thread so that their order is kept, and into signs
/// for the client that looks after the handle.
///
/// Whatever the server sends, connections are reported a few times at most: `ConnectionHealth` gives the handle up after that. Watches are
/// reported each time they fire.
final class SessionRelay: Sendable {
    /// What the client has to know.
    enum Sign: Sendable {
        case connected(GrantedSession)
        case disconnected
        /// Nothing comes after it.
        case over(End)
        /// An instant that the client asked for has come.
        case alarm
    }

    /// How the handle's life ended.
    enum End: Sendable {
        case obstacle(SessionObstacle)
        /// The session may go on with another handle, without its watches.
        case dropWatches
    }

    /// What came of a handle.
    struct Life: Sendable {
        /// Its session lasted with answers for as long as the timeout, or half a minute: whatever ended it, ZooKeeper works.
        var isLong = false
    }

    private struct State {
        var health: ConnectionHealth
        var isConnected = false
        var hadSession = false
        /// The session is an earlier handle's, whose watches are gone; to be reported once.
        var hasLostWatches = false
        /// Nothing is reported any more.
        var isOver = false
        var hasAnswers = false
        var timeout: Duration = .zero
        var firstConnected: ContinuousClock.Instant?
        var lastConnected: ContinuousClock.Instant?
    }

    /// The longest that a session must have lasted to count as one that worked.
    static let longLife: Duration = .seconds(30)

    private let state: Mutex<State>
    private let report: @Sendable (SessionEvent) -> Void
    private let signs: AsyncStream<Sign>.Continuation
    private let now: @Sendable () -> ContinuousClock.Instant

    /// A relay to `report`, with the signs that it gives, for a handle that is about to be opened with this timeout; `resumes`: the session is
    /// an earlier handle's.
    static func make(
        resumes: Bool, timeout: Duration, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        _ report: @escaping @Sendable (SessionEvent) -> Void
    ) -> (AsyncStream<Sign>, SessionRelay) {
        let (stream, continuation) = AsyncStream.makeStream(of: Sign.self)
        return (stream, SessionRelay(resumes, ConnectionHealth(timeout: timeout, now: now()), now, report, continuation))
    }

    private init(
        _ resumes: Bool, _ health: ConnectionHealth, _ now: @escaping @Sendable () -> ContinuousClock.Instant,
        _ report: @escaping @Sendable (SessionEvent) -> Void, _ signs: AsyncStream<Sign>.Continuation
    ) {
        state = Mutex(State(health: health, hadSession: resumes, hasLostWatches: resumes))
        self.now = now
        self.report = report
        self.signs = signs
    }

    /// The handle is about to be opened: time that passed before that is no fault of the servers.
    func begin() { state.withLock { $0.health.begin(at: now()) } }

    /// When patience ends with servers that give no connection.
    var deadline: ContinuousClock.Instant? { state.withLock { $0.health.deadline } }

    /// Gives an alarm at an instant, unless the task is cancelled before.
    func ring(at instant: ContinuousClock.Instant) -> Task<Void, any Error> {
        Task { [signs] in
            try await Task.sleep(until: instant, clock: .continuous)
            signs.yield(.alarm)
        }
    }

    /// The handle is about to be closed: reports the loss of the connection if there is one. Nothing is reported after it.
    func end() -> Life {
        state.withLock { state in
            lose(&state)
            state.isOver = true
            signs.finish()
            let length = state.firstConnected.flatMap { first in state.lastConnected.map { first.duration(to: $0) } } ?? .zero
            return Life(isLong: state.hasAnswers && length >= min(state.timeout, Self.longLife))
        }
    }
}

// MARK: What the handle reports

extension SessionRelay {
    /// Takes in an event of the handle. Reports under the lock: the end comes from another thread, and must come last.
    func take(_ event: SessionHandle.Event) {
        state.withLock { state in
            guard !state.isOver else { return }
            switch event {
            case .watch(let path): report(.watch(path: path))
            case .answered: state.hasAnswers = true
            case .connected(let session): connect(session, &state)
            case .connecting: lose(&state)
            case .ended(let obstacle):
                lose(&state)
                finish(.obstacle(obstacle), &state)
            }
        }
    }

    private func connect(_ session: GrantedSession, _ state: inout State) {
        // The C client does not report each loss before the next connection.
        lose(&state)
        guard !state.isOver else { return }
        state.health.connected(at: now())
        report(.connected(id: session.id, timeout: session.timeout, isNew: !state.hadSession))
        if state.hasLostWatches { report(.watchesLost) }
        state.isConnected = true
        state.hadSession = true
        state.hasLostWatches = false
        state.timeout = session.timeout
        state.firstConnected = state.firstConnected ?? now()
        signs.yield(.connected(session))
    }

    private func lose(_ state: inout State) {
        guard state.isConnected else { return }
        state.isConnected = false
        state.lastConnected = now()
        report(.disconnected)
        guard !state.isOver else { return }
        signs.yield(.disconnected)
        switch state.health.disconnected(at: now()) {
        case .wait: break
        case .dropWatches: finish(.dropWatches, &state)
        case .startOver: finish(.obstacle(.flapping), &state)
        }
    }

    private func finish(_ end: End, _ state: inout State) {
        guard !state.isOver else { return }
        state.isOver = true
        signs.yield(.over(end))
    }
}
