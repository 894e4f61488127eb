import Handoff
import Logging
import Synchronization

/// A client of ZooKeeper: while `run` runs it keeps a session alive and replaces one that has ended.
///
/// Each request is answered exactly once. Events and answers come in ZooKeeper's order on one thread, which must not be blocked.
package final class Client: Sendable {
    private let servers: ConnectString
    private let timeout: Duration
    private let credentials: Credentials?
    private let logger: Logger
    let handle = Mutex<SessionHandle?>(nil)
    private let observers = Mutex(Observers())
    private let complaint = Mutex(Complaint())

    /// Who is reported to, and what a new one has to know.
    private struct Observers {
        var all: [Int: @Sendable (SessionEvent) -> Void] = [:]
        var next = 0
        /// The connection that there is; nil without one.
        var connection: (id: Int64, timeout: Duration)?
    }

    /// Why there is no session, and when that was last logged.
    private struct Complaint {
        var obstacle: SessionObstacle?
        var logged: (obstacle: SessionObstacle, at: ContinuousClock.Instant)?
    }

    /// A client of these servers, anonymous without credentials. `timeout` is the session timeout to ask for; servers may grant another.
    package init(servers: ConnectString, timeout: Duration, credentials: Credentials? = nil, logger: Logger) {
        self.servers = servers
        self.timeout = timeout
        self.credentials = credentials
        self.logger = logger
    }

    /// Why ZooKeeper cannot be asked; nil while it answers, and before anything is known.
    package var obstacle: SessionObstacle? { complaint.withLock { $0.obstacle } }

    /// Has every event reported to `observer` from now on, and a connection that there is, as of a new session: the number to stop that by.
    /// The observer must not wait for anything.
    @discardableResult
    package func observe(_ observer: @escaping @Sendable (SessionEvent) -> Void) -> Int {
        observers.withLock { observers in
            observers.next += 1
            observers.all[observers.next] = observer
            // Under the lock: what happens next is reported next.
            if let (id, timeout) = observers.connection { observer(.connected(id: id, timeout: timeout, isNew: true)) }
            return observers.next
        }
    }

    /// Has no more events reported to the observer of this number.
    package func stopObserving(_ number: Int) { observers.withLock { $0.all[number] = nil } }

    private func report(_ event: SessionEvent) {
        observers.withLock { observers in
            switch event {
            case .connected(let id, let timeout, _): observers.connection = (id, timeout)
            case .disconnected: observers.connection = nil
            case .watchesLost, .watch: break
            }
            for observer in observers.all.values { observer(event) }
        }
    }
}

// MARK: Life

extension Client {
    /// The longest pause before the next attempt to have a session.
    private static let longestPause: Duration = .seconds(30)
    /// The longest pause before the next look at what the machine lacks: addresses of servers, threads.
    private static let longestWait: Duration = .seconds(5)

    /// Connects, and connects again whenever a session has ended, until the task is cancelled; then ends the session.
    ///
    /// The pause before that grows as long as no session has a long life: a server that gives sessions and takes them back at once is not asked
    /// for many.
    package func run() async {
        ClientLog.redirect(to: logger)
        var pause = Backoff(longest: Self.longestPause)
        var detached: SessionHandle.Identity?
        while !Task.isCancelled {
            let ending = await live(resuming: detached)
            detached = ending.detached
            if ending.wasLong { pause = Backoff(longest: Self.longestPause) }
            guard !Task.isCancelled else { return }
            try? await Task.sleep(for: pause.next())
        }
    }

    /// How the life of a handle ended.
    private struct Ending {
        /// Its session lasted, and was of use.
        var wasLong = false
        /// Its session, if that may go on with another handle, without watches.
        var detached: SessionHandle.Identity?
    }

    /// Opens a handle, watches over it and closes it: for a new session, or to resume one.
    private func live(resuming identity: SessionHandle.Identity?) async -> Ending {
        guard let addresses = await addresses() else { return Ending() }
        logger.info("connecting to zookeeper", metadata: ["servers": "\(addresses.text)"])
        let (signs, relay) = SessionRelay.make(resumes: identity != nil, timeout: timeout) { [weak self] in self?.report($0) }
        let handle = SessionHandle { [weak self] event in
            self?.note(event)
            relay.take(event)
        }
        self.handle.withLock { $0 = handle }
        defer { self.handle.withLock { $0 = nil } }
        guard await open(handle, addresses, resuming: identity, relay) else {
            _ = relay.end()
            await close(handle)
            return Ending(detached: identity)
        }
        let dropsWatches = await supervise(signs, relay)
        // Before closing, which may take seconds: no request is to be sent meanwhile.
        let life = relay.end()
        await close(handle, keepsSession: dropsWatches)
        return Ending(wasLong: life.isLong, detached: dropsWatches ? handle.identity : nil)
    }

    /// The servers' addresses, once they can be resolved; nil once the task is cancelled.
    private func addresses() async -> ServerAddresses? {
        var pause = Backoff(longest: Self.longestWait)
        while !Task.isCancelled {
            do throws(SessionObstacle) {
                let addresses = try await ServerAddresses.resolve(servers)
                return Task.isCancelled ? nil : addresses
            } catch {
                if !Task.isCancelled { complain(error) }
            }
            try? await Task.sleep(for: pause.next())
        }
        return nil
    }

    /// Opens a handle once there are threads for it; false if that cannot be done, or the task is cancelled.
    private func open(
        _ handle: SessionHandle, _ addresses: ServerAddresses, resuming identity: SessionHandle.Identity?, _ relay: SessionRelay
    ) async -> Bool {
        var pause = Backoff(longest: Self.longestWait)
        while !Task.isCancelled {
            relay.begin()
            do throws(SessionObstacle) {
                try handle.open(addresses.text, timeout: timeout, credentials, resuming: identity)
                return true
            } catch {
                complain(error)
                guard error == .noThreads else { return false }
            }
            try? await Task.sleep(for: pause.next())
        }
        return false
    }

    /// Waits until the session has ended, the handle must be given up, or the task is cancelled; true if only watches must be given up.
    private func supervise(_ signs: AsyncStream<SessionRelay.Sign>, _ relay: SessionRelay) async -> Bool {
        var iterator = signs.makeAsyncIterator()
        while true {
            let alarm = relay.deadline.map { relay.ring(at: $0) }
            defer { alarm?.cancel() }
            switch await iterator.next() {
            case .connected(let session):
                logger.info(
                    "connected to zookeeper",
                    metadata: ["session": "0x\(String(UInt64(bitPattern: session.id), radix: 16))", "timeout": "\(session.timeout)"])
            case .disconnected: logger.warning("connection to zookeeper lost")
            case .over(.dropWatches):
                logger.warning("connection to zookeeper lost too often, going on without its watches")
                return true
            case .over(.obstacle(let obstacle)):
                complain(obstacle)
                return false
            case .alarm:
                guard let deadline = relay.deadline, deadline <= .now else { continue }
                complain(.outOfReach)
                return false
            case nil: return false
            }
        }
    }

    /// `zookeeper_close` blocks for some seconds, so not on a thread that others need, unless there is no other.
    private func close(_ handle: SessionHandle, keepsSession: Bool = false) async {
        if await !WorkerThread.run({ handle.close(keepsSession: keepsSession) }) { handle.close(keepsSession: keepsSession) }
    }
}

// MARK: Obstacles

extension Client {
    /// How often the same obstacle is logged.
    private static let complaintInterval: Duration = .seconds(600)

    /// Remembers why there is no session; on the C client's thread, before observers learn of it.
    private func note(_ event: SessionHandle.Event) {
        switch event {
        case .answered: complaint.withLock { $0 = Complaint() }
        case .ended(let obstacle): complaint.withLock { $0.obstacle = obstacle }
        case .connected, .connecting, .watch: break
        }
    }

    /// Logs why there is no session: each reason once, and again after a long time, until there are answers.
    private func complain(_ obstacle: SessionObstacle) {
        let isNew = complaint.withLock { complaint in
            complaint.obstacle = obstacle
            if let logged = complaint.logged, logged.obstacle == obstacle, logged.at.duration(to: .now) < Self.complaintInterval {
                return false
            }
            complaint.logged = (obstacle, .now)
            return true
        }
        guard isNew else { return }
        logger.warning("no session with zookeeper", metadata: ["reason": "\(obstacle.text)", "servers": "\(servers.text)"])
    }
}

extension Duration {
    /// The session timeout that ZooKeeper is asked for unless another is set.
    @usableFromInline package static let usualSessionTimeout: Duration = .seconds(10)
}
