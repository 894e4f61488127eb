import Synchronization

/// Turns what one connection says into events for observers, on the C client's thread so that their order is kept, and into signs for the
/// session that looks after the connection.
///
/// Whatever the server sends, a connection is reported a few times at most: `ConnectionHealth` gives it up after that.
final class SessionRelay: Sendable {
    /// What the session has to know of.
    enum Sign: Sendable {
        case connected(GrantedSession)
        case disconnected
        /// Nothing comes after it.
        case over(End)
        /// It asked to be woken.
        case alarm
    }

    /// How the connection ended.
    enum End: Sendable {
        case obstacle(SessionObstacle)
        /// The session may go on over another connection, without its watches.
        case dropWatches
    }

    /// What came of a connection.
    struct Life: Sendable {
        /// It was there with answers for as long as its timeout, or half a minute: whatever ended it, ZooKeeper works.
        var isLong = false
    }

    private struct State {
        var health: ConnectionHealth
        var isConnected = false
        var hadSession = false
        /// The session is an earlier connection's, whose watches are gone; to be reported once.
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
    private let tell: @Sendable (SessionEvent) -> Void
    private let signs: AsyncStream<Sign>.Continuation
    private let now: @Sendable () -> ContinuousClock.Instant

    /// A relay to `tell`, with the signs that come of it, for a connection that is being made with this timeout; `resumes`: for a session that
    /// there has been before.
    static func make(
        resumes: Bool, timeout: Duration, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        _ tell: @escaping @Sendable (SessionEvent) -> Void
    ) -> (AsyncStream<Sign>, SessionRelay) {
        let (stream, continuation) = AsyncStream.makeStream(of: Sign.self)
        return (stream, SessionRelay(resumes, ConnectionHealth(timeout: timeout, now: now()), now, tell, continuation))
    }

    private init(
        _ resumes: Bool, _ health: ConnectionHealth, _ now: @escaping @Sendable () -> ContinuousClock.Instant,
        _ tell: @escaping @Sendable (SessionEvent) -> Void, _ signs: AsyncStream<Sign>.Continuation
    ) {
        state = Mutex(State(health: health, hadSession: resumes, hasLostWatches: resumes))
        self.now = now
        self.tell = tell
        self.signs = signs
    }

    /// The connection is about to be opened: time that passed before that is no fault of the servers.
    func begin() { state.withLock { $0.health.begin(at: now()) } }

    /// When patience with a connection that is not there ends.
    var deadline: ContinuousClock.Instant? { state.withLock { $0.health.deadline } }

    /// Gives an alarm at an instant, unless the task is cancelled before.
    func ring(at instant: ContinuousClock.Instant) -> Task<Void, any Error> {
        Task { [signs] in
            try await Task.sleep(until: instant, clock: .continuous)
            signs.yield(.alarm)
        }
    }

    /// The connection is about to be closed: reports that there is none any more, then nothing.
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

// MARK: What the connection says

extension SessionRelay {
    /// Takes in what the connection says. Reports under the lock: the end comes from another thread, and must come last.
    func take(_ event: Connection.Event) {
        state.withLock { state in
            guard !state.isOver else { return }
            switch event {
            case .watch(let path): tell(.watch(path: path))
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
        // The C client has connected again without a word.
        lose(&state)
        guard !state.isOver else { return }
        state.health.connected(at: now())
        tell(.connected(id: session.id, timeout: session.timeout, isNew: !state.hadSession))
        if state.hasLostWatches { tell(.watchesLost) }
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
        tell(.disconnected)
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
