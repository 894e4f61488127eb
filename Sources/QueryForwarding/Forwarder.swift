import CLinux
import DNSAuthority
import Glibc
import Handoff
import IPAddressing
import Logging
import Synchronization

/// Asks other servers what clients ask and no zone knows, on one thread. It keeps no answer for later.
package final class Forwarder: Sendable {
    private struct Inbox {
        var queries: [DeferredQuery] = []
        /// Other servers from now on; nil for no change.
        var servers: [SocketEndpoint]?
        var isEnding = false
        /// The thread has been woken, and has not looked yet.
        var isAwaited = false
    }

    private let inbox = Mutex(Inbox())
    private let counts = Mutex(ForwardingTraffic())
    private let mailbox = Mailbox<[SocketEndpoint]>()
    private let wakes: Int32
    private let limit: Int
    private let mostQuestions: Int
    private let logger: Logger

    /// `limit`: most queries of clients that wait at once; `mostQuestions`: how many different ones servers are asked at once.
    package init(limit: Int, mostQuestions: Int, _ logger: Logger) {
        (self.limit, self.mostQuestions, self.logger) = (limit, mostQuestions, logger)
        wakes = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    }

    deinit { if wakes >= 0 { close(wakes) } }

    /// What was counted until a moment ago.
    package var traffic: ForwardingTraffic { counts.withLock { $0 } }

    /// Has these servers asked from now on, in the order in which they are tried first.
    package func use(_ servers: [SocketEndpoint]) { mailbox.post(servers) }

    /// Takes queries from any thread. Those that have no room are answered at once.
    package func take(_ queries: [DeferredQuery]) {
        let (left, wakesThread) = inbox.withLock { inbox in
            let room = max(0, 2 * limit - inbox.queries.count)
            inbox.queries += queries.prefix(room)
            defer { inbox.isAwaited = true }
            return (queries.dropFirst(room), !inbox.isAwaited)
        }
        if wakesThread { wake() }
        for query in left { query.fail() }
    }

    /// Forwards until the task is cancelled; the thread is there once `use` was called, also without servers: it has queries fail then.
    package func run() async throws(NoThread) {
        var hasThread = false
        while let lists = await mailbox.next(before: nil) {
            guard let servers = lists.last else { continue }
            inbox.withLock { $0.servers = servers }
            if !hasThread {
                guard WorkerThread.start({ [self] in ForwardingLoop(self, limit: limit, mostQuestions: mostQuestions, logger).run() })
                else { throw NoThread() }
                hasThread = true
            }
            wake()
        }
        inbox.withLock { $0.isEnding = true }
        wake()
    }

    /// The C function is `eventfd_write`.
    private func wake() { _ = eventfd_write(wakes, 1) }

    /// What the thread finds: what has come since it last looked.
    fileprivate func look() -> (queries: [DeferredQuery], servers: [SocketEndpoint]?, isEnding: Bool) {
        var number: eventfd_t = 0
        _ = eventfd_read(wakes, &number)
        return inbox.withLock { inbox in
            defer { (inbox.queries, inbox.servers, inbox.isAwaited) = ([], nil, false) }
            return (inbox.queries, inbox.servers, inbox.isEnding)
        }
    }

    fileprivate var wakeDescriptor: Int32 { wakes }

    fileprivate func publish(_ traffic: ForwardingTraffic) { counts.withLock { $0 = traffic } }
}

/// The thread's work: sockets on the one side, the state that decides on the other.
private final class ForwardingLoop {
    private let forwarder: Forwarder
    private let logger: Logger
    private var state: ForwardingState<SystemRandomNumberGenerator>
    private let sockets: SocketPool
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
    private var isPublished = true
    private var published = ContinuousClock.now

    /// What was counted is shown after so long at the latest.
    private static let delay = Duration.milliseconds(50)
    /// Sockets that wait for queries: at most so many, and a quarter of what questions may have.
    private static let mostIdleSockets = 256

    init(_ forwarder: Forwarder, limit: Int, mostQuestions: Int, _ logger: Logger) {
        (self.forwarder, self.logger) = (forwarder, logger)
        state = ForwardingState(limit: limit, mostQuestions: mostQuestions, SystemRandomNumberGenerator())
        sockets = SocketPool(mostIdle: min(Self.mostIdleSockets, mostQuestions / 4))
    }

    deinit { memory.deallocate() }

    /// Forwards until the forwarder ends.
    func run() {
        sockets.watch(forwarder.wakeDescriptor)
        while true {
            let ready = sockets.wait(wait)
            let now = ContinuousClock.now
            isPublished = false
            for query in ready { proceed(query, at: now) }
            // Always: a query may have come meanwhile.
            let news = forwarder.look()
            if let servers = news.servers { state.use(servers, at: now) }
            for query in news.queries { state.take(query, at: now) }
            state.pass(to: now)
            if news.isEnding { state.end() }
            act(at: now)
            if news.isEnding { return }
            sockets.sweep(at: now)
            if now - published >= Self.delay { publish(at: now) }
        }
    }

    private func publish(at now: ContinuousClock.Instant) {
        forwarder.publish(state.traffic)
        (isPublished, published) = (true, now)
    }

    /// Milliseconds until there is something to do; -1 for no limit.
    private var wait: Int32 {
        let now = ContinuousClock.now
        var next = [state.nextDeadline, sockets.nextDeadline].compactMap(\.self).min()
        if !isPublished { next = min(next ?? published + Self.delay, published + Self.delay) }
        guard let next else { return -1 }
        let (seconds, fraction) = max(next - now, .zero).components
        return Int32(clamping: seconds * 1000 + fraction / 1_000_000_000_000_000 + 1)
    }

    private func proceed(_ id: UInt64, at now: ContinuousClock.Instant) {
        switch sockets.proceed(id, memory) {
        case .none: break
        case .message(let octets): state.take(octets, of: id, at: now)
        case .failed: state.fail(id, isLocal: false, at: now)
        }
    }

    /// Does what the state wishes, until that wishes nothing more.
    private func act(at now: ContinuousClock.Instant) {
        while true {
            let actions = state.drain()
            guard !actions.isEmpty else { return }
            for action in actions { act(action, at: now) }
        }
    }

    private func act(_ action: ForwardingState<SystemRandomNumberGenerator>.Action, at now: ContinuousClock.Instant) {
        switch action {
        case .send(let id, let endpoint, let message, let isStream):
            do throws(UpstreamSocket.Failure) {
                try sockets.send(id, to: endpoint, message, isStream: isStream, at: now)
            } catch {
                state.fail(id, isLocal: error.isLocal, at: now)
            }
        case .close(let id, let hasServed): sockets.end(id, hasServed: hasServed, at: now)
        case .reply(let query, let response): response.withUnsafeBytes { query.reply($0) }
        case .fail(let query): query.fail()
        case .report(let server, let isDead): report(server, isDead: isDead)
        case .reportLoop(let server):
            logger.error(
                "a server that queries are forwarded to sends them back: they are answered with SERVFAIL",
                metadata: ["server": "\(server.text)"])
        }
    }

    private func report(_ server: SocketEndpoint, isDead: Bool) {
        let metadata: Logger.Metadata = ["server": "\(server.text)"]
        if isDead {
            logger.warning("a server that queries are forwarded to does not answer", metadata: metadata)
        } else {
            logger.info("a server that queries are forwarded to answers again", metadata: metadata)
        }
    }
}
