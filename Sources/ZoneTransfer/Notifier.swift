import CLinux
import DNSAuthority
import DNSSecurity
import Glibc
import Handoff
import IPAddressing
import Logging
import Synchronization

/// Has other servers hear that zones have new versions (RFC 1996), on one thread.
package final class Notifier: Sendable {
    private struct Inbox {
        /// The serials of the zones that were taken in last.
        var serials: [DomainName: UInt32] = [:]
        /// What is different since the thread last looked; nil for a zone that is gone.
        var versions: [DomainName: NotifyVersion?] = [:]
        /// Other servers from now on; nil for no change.
        var policy: NotifyPolicy?
        var isEnding = false
    }

    private let inbox = Mutex(Inbox())
    private let mailbox = Mailbox<NotifyPolicy>()
    private let wakes: Int32
    private let logger: Logger
    private let sentCount = Atomic(0)
    private let failureCount = Atomic(0)

    /// Lets no server hear anything until it is given some.
    package init(_ logger: Logger) {
        self.logger = logger
        wakes = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    }

    deinit { if wakes >= 0 { close(wakes) } }

    /// How many messages were sent.
    package var sent: Int { sentCount.load(ordering: .relaxed) }
    /// How many versions of zones were not acknowledged by a server, or with an error.
    package var failures: Int { failureCount.load(ordering: .relaxed) }

    /// Has these servers hear from now on, and no others; from any thread.
    package func use(_ policy: NotifyPolicy) { mailbox.post(policy) }

    /// Takes in the zones that can be transferred from now on; from any thread, one call after another.
    package func take(_ zones: ServedZones) {
        let hasNews = inbox.withLock { inbox in
            var serials: [DomainName: UInt32] = [:]
            var hasNews = false
            for served in zones.all {
                guard let zone = served.history?.zone ?? served.zone else { continue }
                serials[served.origin] = zone.authority.serial
                guard inbox.serials[served.origin] != zone.authority.serial else { continue }
                inbox.versions[served.origin] = .some(NotifyVersion(of: zone))
                hasNews = true
            }
            for origin in inbox.serials.keys where serials[origin] == nil {
                inbox.versions[origin] = .some(nil)
                hasNews = true
            }
            inbox.serials = serials
            return hasNews
        }
        if hasNews { wake() }
    }

    /// Notifies until the task is cancelled; the thread is there once there are servers to notify.
    package func run() async throws(NoThread) {
        var hasThread = false
        while let policies = await mailbox.next(before: nil) {
            guard let policy = policies.last else { continue }
            inbox.withLock { $0.policy = policy }
            if !hasThread, !policy.isEmpty {
                guard WorkerThread.start({ [self] in NotifyLoop(self, logger).run() }) else { throw NoThread() }
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
    fileprivate func look() -> (versions: [DomainName: NotifyVersion?], policy: NotifyPolicy?, isEnding: Bool) {
        var number: eventfd_t = 0
        _ = eventfd_read(wakes, &number)
        return inbox.withLock { inbox in
            defer { (inbox.versions, inbox.policy) = ([:], nil) }
            return (inbox.versions, inbox.policy, inbox.isEnding)
        }
    }

    fileprivate var wakeDescriptor: Int32 { wakes }

    fileprivate func count(sent: Int, failures: Int) {
        sentCount.wrappingAdd(sent, ordering: .relaxed)
        failureCount.store(failures, ordering: .relaxed)
    }
}

/// The thread's work: sockets on the one side, the state that decides on the other.
private final class NotifyLoop {
    private typealias State = NotifyState<SystemRandomNumberGenerator>

    private let notifier: Notifier
    private let logger: Logger
    private var state = State(SystemRandomNumberGenerator())
    private let sockets = NotifySockets()
    /// The signatures of the last messages to servers with keys.
    private var signatures: [State.Destination: [UInt8]] = [:]

    /// Responses that are taken before what is due is done: a flood must not stop that.
    private static let mostResponses = 256

    init(_ notifier: Notifier, _ logger: Logger) { (self.notifier, self.logger) = (notifier, logger) }

    /// Notifies until the notifier ends.
    func run() {
        while true {
            sockets.wait(for: notifier.wakeDescriptor, milliseconds)
            let now = ContinuousClock.now
            for _ in 0..<Self.mostResponses {
                if let (octets, endpoint) = sockets.receive() { take(octets, from: endpoint) } else { break }
            }
            let news = notifier.look()
            if news.isEnding { return }
            if let policy = news.policy {
                state.use(policy, at: now)
                signatures = [:]
            }
            state.take(news.versions, at: now)
            state.pass(to: now)
            act()
        }
    }

    /// Milliseconds until there is something to do; -1 for no limit.
    private var milliseconds: Int32 {
        guard let deadline = state.nextDeadline else { return -1 }
        let (seconds, fraction) = max(deadline - .now, .zero).components
        return Int32(clamping: seconds * 1000 + fraction / 1_000_000_000_000_000 + 1)
    }

    private func take(_ octets: [UInt8], from endpoint: SocketEndpoint) {
        guard let destination = state.destination(ofResponse: octets, from: endpoint) else { return }
        guard let key = destination.target.key else { return state.acknowledge(destination, with: octets) }
        guard let signature = signatures[destination] else { return }
        var verifier = ResponseVerifier(key: key, requestMAC: signature)
        switch verifier.verify(octets, at: seconds) {
        case .verified: state.acknowledge(destination, with: octets)
        case .refused(let error): state.noteRefusal(of: destination, code: error.rawValue)
        // Anyone may have sent it: the server is asked again.
        case .unsigned, .malformed, .invalid: break
        }
    }

    /// Seconds since 1970. The C function is `time`.
    private var seconds: UInt64 { UInt64(clamping: time(nil)) }

    private func act() {
        var sent = 0
        for action in state.drain() {
            switch action {
            case .send(var message, let destination):
                if let key = destination.target.key {
                    var signer = Signer(key: key)
                    signatures[destination] = signer.sign(&message, at: seconds)
                }
                if sockets.send(message, to: destination.target.endpoint) { sent += 1 }
            case .report(let endpoint, let isSilent): report(endpoint, isSilent)
            case .reportRefusal(let destination, let code):
                logger.warning(
                    "a server does not want to be notified of a zone",
                    metadata: [
                        "server": "\(destination.target.endpoint.text)", "zone": "\(destination.origin.text)", "rcode": "\(code)",
                    ])
            }
        }
        notifier.count(sent: sent, failures: state.failures)
    }

    private func report(_ endpoint: SocketEndpoint, _ isSilent: Bool) {
        let metadata: Logger.Metadata = ["server": "\(endpoint.text)"]
        if isSilent {
            logger.warning("a server does not acknowledge that zones have changed", metadata: metadata)
        } else {
            logger.info("a server acknowledges again that zones have changed", metadata: metadata)
        }
    }
}
