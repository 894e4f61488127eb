import CZooKeeper
import Glibc
import Handoff
import Synchronization

/// The sole owner of one `zhandle_t`, from `open` to `close`.
///
/// The C client calls back for every event and every answer on one thread of its own, in order. The callee must not block that thread.
final class SessionHandle: Sendable {
    /// What the C client reports.
    enum Event: Sendable {
        /// Connected with a session.
        case connected(GrantedSession)
        /// Looking for a server.
        case connecting
        /// A request has been answered, the first over this connection: the server does more than connect.
        case answered
        /// The session is over; the handle is of no more use.
        case ended(SessionObstacle)
        /// A watch fired at a path.
        case watch(String)
    }

    /// The `zhandle_t`.
    ///
    /// Sendable because the C client may be called from any thread until it is closed, and `close` takes the pointer out of the state first.
    private struct CHandle: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// A session's id with the password that lets another handle resume it. The C type is `clientid_t`.
    struct Identity: Sendable {
        fileprivate let value: clientid_t
    }

    private struct State {
        var handle: CHandle?
        var isConnected = false
        var isAnswered = false
        /// The session is over, or `close` has begun: nothing is reported any more.
        var isOver = false
        var identity: Identity?
        var pending: [ObjectIdentifier: PendingRequest] = [:]
    }

    private let state = Mutex(State())
    private let report: @Sendable (Event) -> Void

    /// `report` is called on the C client's thread.
    init(report: @escaping @Sendable (Event) -> Void) { self.report = report }

    /// Threads that must be there: the C client's two, and as many for others that are started at the same time.
    private static let threads = 4

    /// Begins to connect to numeric addresses, to resume a session if one is given. Throws if the client cannot be set up; the handle must be
    /// closed all the same. The C function is `zookeeper_init2`.
    func open(
        _ addresses: String, timeout: Duration, _ credentials: Credentials?, resuming identity: Identity?
    ) throws(SessionObstacle) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let timeout = Int32(clamping: timeout.milliseconds)
        // The C client asserts that it gets its threads: without them it would end the process.
        guard withSignalsBlocked({ WorkerThread.canStart(Self.threads) }) else { throw .noThreads }
        let pointer = withSignalsBlocked {
            guard var value = identity?.value else {
                return zookeeper_init2(addresses, watchZooKeeper, timeout, nil, context, ZOO_NO_LOG_CLIENTENV, zooKeeperLog)
            }
            return zookeeper_init2(addresses, watchZooKeeper, timeout, &value, context, ZOO_NO_LOG_CLIENTENV, zooKeeperLog)
        }
        guard let pointer else { throw .notSetUp }
        // Never look addresses up again: a slow look-up would hold up the pings of the session (ZOOKEEPER-1998).
        zoo_set_servers_resolution_delay(pointer, -1)
        let handle = CHandle(pointer: pointer)
        state.withLock { $0.handle = handle }
        if let credentials, !authenticate(pointer, credentials) { throw .notSetUp }
    }

    /// Before there is a connection, so that each one begins with it; once there is one the client might cut a message in two with it. The
    /// C function is `zoo_add_auth`, which copies what it is given.
    private func authenticate(_ pointer: OpaquePointer, _ credentials: Credentials) -> Bool {
        let secret = credentials.userAndPassword
        return zoo_add_auth(pointer, Credentials.scheme, secret, Int32(clamping: secret.utf8.count), nil, nil) == ZOK.rawValue
    }

    /// The longest wait until the C client is without a connection.
    private static let longestDetachment: Duration = .seconds(2)

    /// Ends the session, if there is a connection, and completes what is pending. Blocks up to some seconds; not for the client's own
    /// threads. `keepsSession`: first waits until there is no connection, which the C client may have made again with another server. The C
    /// function is `zookeeper_close`.
    func close(keepsSession: Bool = false) {
        let handle = state.withLock { state in
            defer {
                state.handle = nil
                state.isConnected = false
                state.isOver = true
            }
            return state.handle
        }
        // From here no request can reach the handle: the C client does not count its users.
        if let handle {
            if keepsSession { awaitDisconnection(handle) }
            zookeeper_close(handle.pointer)
        }
        let left = state.withLock { state in
            defer { state.pending = [:] }
            return state.pending
        }
        for request in left.values { request.fail(.sessionEnded) }
    }

    /// The C function is `zoo_state`.
    private func awaitDisconnection(_ handle: CHandle) {
        let end = ContinuousClock.now + Self.longestDetachment
        while zoo_state(handle.pointer) == ZOO_CONNECTED_STATE, ContinuousClock.now < end { usleep(500) }
    }

    /// The last session; nil if there has been none.
    var identity: Identity? { state.withLock { $0.identity } }

    /// The C client's threads inherit the mask: its `poll` takes an interruption for a lost connection.
    private func withSignalsBlocked<Result>(_ body: () -> Result) -> Result {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        return body()
    }
}

// MARK: Requests

extension SessionHandle {
    /// Submits a request; `send` hands it to the C client with the context for its callback. Fails at once while there is no connection:
    /// the C client would skip its pause before the next attempt.
    func submit(_ completion: PendingRequest.Completion, _ send: (OpaquePointer, UnsafeRawPointer) -> Int32) {
        let request = PendingRequest(self, completion)
        let error: ZooKeeperError? = state.withLock { state in
            guard let handle = state.handle, state.isConnected else { return state.isOver ? .sessionEnded : .connectionLoss }
            state.pending[ObjectIdentifier(request)] = request
            guard let error = ZooKeeperError(code: send(handle.pointer, request.context)) else { return nil }
            state.pending[ObjectIdentifier(request)] = nil
            return error
        }
        if let error { request.fail(error) }
    }

    /// Takes a request off the list; false if it was not there.
    func forget(_ request: PendingRequest) -> Bool {
        state.withLock { $0.pending.removeValue(forKey: ObjectIdentifier(request)) != nil }
    }
}

// MARK: Events

extension SessionHandle {
    /// Takes in the C client's state; on its thread, possibly before `open` has returned.
    fileprivate func noteState(_ code: Int32, of handle: OpaquePointer?) {
        switch code {
        case ZOO_CONNECTED_STATE: noteConnected(handle)
        case ZOO_EXPIRED_SESSION_STATE: end(.ended)
        case ZOO_AUTH_FAILED_STATE: end(.credentialsRefused)
        // It was not asked for, and holds up the C client's own thread.
        case ZOO_READONLY_STATE: end(.unusable("for reading only"))
        default:
            let isOver = state.withLock { state in
                state.isConnected = false
                return state.isOver
            }
            if !isOver { report(.connecting) }
        }
    }

    private func noteConnected(_ handle: OpaquePointer?) {
        let known = handle.map(CHandle.init)
        let identity = zoo_client_id(handle)?.pointee
        let session: GrantedSession
        do throws(SessionObstacle) {
            session = try GrantedSession(id: identity?.client_id ?? 0, timeout: zoo_recv_timeout(handle))
        } catch {
            return end(error)
        }
        let isOver = state.withLock { state in
            guard !state.isOver else { return true }
            state.handle = known ?? state.handle
            state.isConnected = true
            state.identity = identity.map(Identity.init)
            return false
        }
        if !isOver { report(.connected(session)) }
    }

    /// Takes in the code of an answer: some codes mean that the session is over, which the C client passes on without acting on it.
    func noteAnswer(_ code: Int32) {
        switch code {
        case ZSESSIONEXPIRED.rawValue, ZSESSIONMOVED.rawValue: return end(.ended)
        case ZAUTHFAILED.rawValue, ZSESSIONCLOSEDREQUIRESASLAUTH.rawValue: return end(.credentialsRefused)
        default: break
        }
        // The C client makes these up for requests that it did not send.
        guard ![.connectionLoss, .sessionEnded].contains(ZooKeeperError(code: code)) else { return }
        let isFirst = state.withLock { state in
            defer { state.isAnswered = true }
            return !state.isAnswered && !state.isOver
        }
        if isFirst { report(.answered) }
    }

    /// The session is over. The handle stays until it is closed, which its own threads cannot do.
    private func end(_ obstacle: SessionObstacle) {
        let isFirst = state.withLock { state in
            defer { (state.isConnected, state.isOver) = (false, true) }
            return !state.isOver
        }
        if isFirst { report(.ended(obstacle)) }
    }

    fileprivate func noteWatch(_ path: String) {
        if state.withLock({ !$0.isOver }) { report(.watch(path)) }
    }
}

/// The C type is `watcher_fn`. One function with one context for all watches: with many the client's I/O thread would stall for seconds
/// at each change of state.
private func watchZooKeeper(
    _ handle: OpaquePointer?, _ type: Int32, _ stateCode: Int32, _ path: UnsafePointer<CChar>?, _ context: UnsafeMutableRawPointer?
) {
    guard let context else { return }
    let session = Unmanaged<SessionHandle>.fromOpaque(context).takeUnretainedValue()
    if type == ZOO_SESSION_EVENT {
        session.noteState(stateCode, of: handle)
    } else if type != ZOO_NOTWATCHING_EVENT, let path {
        session.noteWatch(String(cString: path))
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
