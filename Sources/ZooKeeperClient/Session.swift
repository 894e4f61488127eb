import CZooKeeper
import Dispatch
import Logging
import Synchronization

/// A session with ZooKeeper that is replaced by a new one when it ends, for as long as `run` runs.
///
/// Requests come back exactly once. Events and answers come in ZooKeeper's order on one thread, which must not be blocked.
package final class Session: Sendable {
    private let servers: ConnectString
    private let timeout: Duration
    private let credentials: Credentials?
    private let logger: Logger
    private let connection = Mutex<Connection?>(nil)
    private let observers = Mutex<[@Sendable (SessionEvent) -> Void]>([])

    /// A session with these servers, of nobody in particular unless there are credentials; `timeout` is asked for and may be granted
    /// differently.
    package init(servers: ConnectString, timeout: Duration, credentials: Credentials? = nil, logger: Logger) {
        self.servers = servers
        self.timeout = timeout
        self.credentials = credentials
        self.logger = logger
    }

    /// Has every event told to `observer` from now on, which must not wait for anything; to be called before `run`.
    package func observe(_ observer: @escaping @Sendable (SessionEvent) -> Void) { observers.withLock { $0.append(observer) } }

    private func tell(_ event: SessionEvent) { for observer in observers.withLock({ $0 }) { observer(event) } }
}

// MARK: Requests

extension Session {
    /// The names of a znode's children, and with `watch` an event when there are others. The C function is `zoo_aget_children`.
    package func list(_ path: String, watch: Bool, _ completion: @escaping @Sendable (Result<[String], ZooKeeperError>) -> Void) {
        submit(.list(completion)) { zoo_aget_children($0, path, watch ? 1 : 0, completeList, $1) }
    }

    /// A znode's data up to `limit` octets, and with `watch` an event when it is different. The C function is `zoo_aget`.
    package func read(
        _ path: String, limit: Int, watch: Bool, _ completion: @escaping @Sendable (Result<ZnodeContent, ZooKeeperError>) -> Void
    ) {
        submit(.read(limit: limit, completion)) { zoo_aget($0, path, watch ? 1 : 0, completeRead, $1) }
    }

    /// When a znode came and changed, nil if it does not exist, and with `watch` an event when that is different. The C function is `zoo_aexists`.
    package func exists(_ path: String, watch: Bool, _ completion: @escaping @Sendable (Result<ZnodeStat?, ZooKeeperError>) -> Void) {
        submit(.exists(completion)) { zoo_aexists($0, path, watch ? 1 : 0, completeExists, $1) }
    }

    /// Creates a znode that everybody may read and change; fails with `nodeExists`, or with `noNode` where its parent is missing.
    /// The C function is `zoo_acreate`.
    package func create(
        _ path: String, _ octets: [UInt8], _ mode: CreateMode, _ completion: @escaping @Sendable (Result<Void, ZooKeeperError>) -> Void
    ) {
        let flags = mode == .ephemeral ? ZOO_EPHEMERAL : ZOO_PERSISTENT
        submit(.change(completion)) { handle, context in
            withCharacters(octets) { zoo_acreate(handle, path, $0, $1, zoo_open_acl_unsafe(), flags, completeCreate, context) }
        }
    }

    /// Replaces a znode's data if it is of this version; fails with `badVersion` otherwise. The C function is `zoo_aset`.
    package func set(
        _ path: String, to octets: [UInt8], version: Int32, _ completion: @escaping @Sendable (Result<Void, ZooKeeperError>) -> Void
    ) {
        submit(.change(completion)) { handle, context in
            withCharacters(octets) { zoo_aset(handle, path, $0, $1, version, completeSet, context) }
        }
    }

    /// Deletes a znode if its data is of this version; fails with `badVersion` otherwise. The C function is `zoo_adelete`.
    package func delete(_ path: String, version: Int32, _ completion: @escaping @Sendable (Result<Void, ZooKeeperError>) -> Void) {
        submit(.change(completion)) { zoo_adelete($0, path, version, completeChange, $1) }
    }

    /// Lends octets to C; more than ZooKeeper takes are for ZooKeeper to refuse.
    private func withCharacters<Result>(_ octets: [UInt8], _ body: (UnsafePointer<CChar>?, Int32) -> Result) -> Result {
        octets.withUnsafeBytes { body($0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: $0.count)) }
    }

    private func submit(_ completion: PendingRequest.Completion, _ send: (OpaquePointer, UnsafeRawPointer) -> Int32) {
        // A connection that was never opened fails the request for us.
        let connection = connection.withLock { $0 } ?? Connection(report: { _ in })
        connection.submit(completion, send)
    }
}

// MARK: Life

extension Session {
    /// Connects, and connects anew whenever a session has ended, until the task is cancelled; then ends the session.
    package func run() async {
        ClientLog.redirect(to: logger)
        var pause = Backoff()
        var detached: Connection.Identity?
        while !Task.isCancelled {
            switch await live(resuming: detached) {
            case .futile: break
            case .over: (detached, pause) = (nil, Backoff())
            case .detached(let identity): (detached, pause) = (identity, Backoff())
            }
            guard !Task.isCancelled else { return }
            try? await Task.sleep(for: pause.next())
        }
    }

    /// How the life of a connection ended.
    private enum Ending {
        /// It never came to a session.
        case futile
        /// Its session is over, or given up.
        case over
        /// Its session may go on over another connection, without watches.
        case detached(Connection.Identity)
    }

    /// One connection from its making to its end, for a new session or one to go on with.
    private func live(resuming identity: Connection.Identity?) async -> Ending {
        let addresses = await ServerAddresses.resolve(servers)
        guard !addresses.isEmpty else {
            if !Task.isCancelled { logger.warning("no zookeeper server could be resolved", metadata: ["servers": "\(servers.text)"]) }
            return .futile
        }
        logger.info("connecting to zookeeper", metadata: ["servers": "\(addresses.text)"])
        let (signs, relay) = SessionRelay.make(resumes: identity != nil) { [weak self] in self?.tell($0) }
        let connection = Connection { relay.take($0) }
        self.connection.withLock { $0 = connection }
        defer { self.connection.withLock { $0 = nil } }
        guard connection.open(addresses.text, timeout: timeout, credentials, resuming: identity) else {
            logger.warning("zookeeper client could not be set up", metadata: ["servers": "\(addresses.text)"])
            _ = relay.end()
            await close(connection)
            return .futile
        }
        let dropsWatches = await supervise(signs, relay)
        // Before closing, which may take seconds: nobody shall send requests meanwhile.
        let hadSession = relay.end()
        await close(connection)
        if dropsWatches, let identity = connection.identity { return .detached(identity) }
        return hadSession ? .over : .futile
    }

    /// Waits until the session has ended, the connection must be given up, or the task is cancelled; true if only watches must be given up.
    private func supervise(_ signs: AsyncStream<SessionRelay.Sign>, _ relay: SessionRelay) async -> Bool {
        var health = ConnectionHealth(timeout: timeout, now: .now)
        var iterator = signs.makeAsyncIterator()
        while true {
            let alarm = health.deadline.map { relay.ring(at: $0) }
            defer { alarm?.cancel() }
            switch await iterator.next() {
            case .connected(let id, let timeout):
                health.connected(at: .now)
                logger.info(
                    "connected to zookeeper",
                    metadata: ["session": "0x\(String(UInt64(bitPattern: id), radix: 16))", "timeout": "\(timeout)"])
            case .disconnected:
                logger.warning("connection to zookeeper lost")
                switch health.disconnected(at: .now) {
                case .wait: continue
                case .dropWatches:
                    logger.warning("connection to zookeeper lost too often, going on without its watches")
                    return true
                case .startOver:
                    logger.warning("connection to zookeeper lost too often, starting a new session")
                    return false
                }
            case .ended:
                logger.warning("zookeeper session ended")
                return false
            case .alarm:
                guard let deadline = health.deadline, deadline <= .now else { continue }
                logger.warning("no connection to zookeeper for long, starting over", metadata: ["servers": "\(servers.text)"])
                return false
            case nil: return false
            }
        }
    }

    /// `zookeeper_close` blocks, so not on a thread that others need.
    private func close(_ connection: Connection) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                connection.close()
                continuation.resume()
            }
        }
    }
}
