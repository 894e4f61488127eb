import CLinux
import Glibc
import Logging
import QueryTap

/// Sends dnstap messages to a receiver's unix socket, and connects again when that is gone. No call waits.
final class DnstapSender {
    private enum Phase {
        /// No receiver; when to try next.
        case isWaiting(until: ContinuousClock.Instant)
        /// READY is sent; how long ACCEPT may take.
        case isGreeting(until: ContinuousClock.Instant)
        /// The receiver takes messages.
        case isSending
        /// STOP is sent; FINISH must come.
        case isStopping
        /// Nothing will be sent any more.
        case hasEnded
    }

    private let path: String
    private let logger: Logger
    private var phase: Phase
    private var descriptor: Int32 = -1
    private var outgoing = OutgoingOctets(capacity: capacity)
    /// Messages and their octets that were added since the connection began: they say how many messages wait.
    private var added = (messages: 0, octets: 0)
    private var encoder: DnstapMessage
    private var reader = FrameStream.ControlReader()
    /// The reason for the last failure that was logged; a receiver that stays away is logged once.
    private var loggedReason: String?
    /// Messages that were not sent.
    private(set) var dropped = 0

    /// Octets that wait for the receiver.
    private static let capacity = 4 << 20
    /// Time between two attempts, as the fstrm library has it, and for a receiver to accept.
    private static let retryInterval: Duration = .seconds(5)

    /// Most octets of a path, which a socket address has room for with its final NUL.
    static let longestPath = 107

    /// `path`: the receiver's socket, which does not have to be there; `now`: when the first attempt is due.
    init(path: String, identity: String, version: String, logger: Logger, _ now: ContinuousClock.Instant) {
        phase = .isWaiting(until: now)
        (self.path, self.logger) = (path, logger)
        encoder = DnstapMessage(identity: identity, version: version)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether nothing will be sent any more.
    var hasEnded: Bool { if case .hasEnded = phase { true } else { false } }

    /// Sends the messages of a record later; they are dropped if there is no receiver, or it does not keep up.
    func add(_ record: QueryRecord) {
        add(.query, of: record)
        if record.code != nil { add(.response, of: record) }
    }

    private func add(_ kind: DnstapMessage.Kind, of record: QueryRecord) {
        switch phase {
        case .isGreeting, .isSending: break
        case .isWaiting, .isStopping, .hasEnded:
            dropped &+= 1
            return
        }
        encoder.encode(kind, of: record)
        let frame = FrameStream.number(UInt32(truncatingIfNeeded: encoder.octets.count)) + encoder.octets
        guard outgoing.add(frame) else {
            dropped &+= 1
            return
        }
        added = (added.messages + 1, added.octets + frame.count)
    }

    /// Does what can be done now: connects, reads what the receiver says, sends.
    func step(_ now: ContinuousClock.Instant) {
        switch phase {
        case .isWaiting(let instant): if now >= instant { connectSocket(now) }
        case .isGreeting(let instant):
            read(now)
            if case .isGreeting = phase, now >= instant { fail("it does not accept in time", now) }
        case .isSending, .isStopping:
            read(now)
            send(now)
        case .hasEnded: break
        }
    }

    /// Begins the end: what waits is sent, and STOP behind it, as `step` goes on.
    func stop(_ now: ContinuousClock.Instant) {
        guard case .isSending = phase, outgoing.add(FrameStream.Control.stop.octets) else { return disconnect(.hasEnded) }
        phase = .isStopping
        send(now)
    }

    /// Ends at once; what waits is dropped.
    func giveUp() { disconnect(.hasEnded) }

    /// Connects to the receiver and says READY. The C functions are `socket` and `connect`, which does not wait.
    private func connectSocket(_ now: ContinuousClock.Instant) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return fail(String(cString: strerror(errno)), now) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(Self.longestPath)) }
        let isConnected = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else { return fail(String(cString: strerror(errno)), now) }
        reader = FrameStream.ControlReader()
        let ready = FrameStream.Control.ready.octets
        guard ready.withUnsafeBytes({ Glibc.send(descriptor, $0.baseAddress, $0.count, Self.flags) }) == ready.count else {
            return fail(String(cString: strerror(errno)), now)
        }
        phase = .isGreeting(until: now + Self.retryInterval)
    }

    private static let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)

    /// Reads what the receiver says, which is never much.
    private func read(_ now: ContinuousClock.Instant) {
        var octets = [UInt8](repeating: 0, count: reader.room)
        let count = recv(descriptor, &octets, octets.count, Self.flags)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return fail(count == 0 ? "it has closed" : String(cString: strerror(errno)), now) }
        reader.add(octets.prefix(count))
        do throws(FrameStream.Violation) {
            while let frame = try reader.next() {
                try take(frame.control, frame.acceptsContentType)
            }
        } catch {
            fail(error.reason, now)
        }
    }

    private func take(_ control: FrameStream.Control, _ acceptsContentType: Bool) throws(FrameStream.Violation) {
        switch (phase, control) {
        case (.isGreeting, .accept):
            guard acceptsContentType else { throw FrameStream.Violation(reason: "it does not accept \(FrameStream.contentType)") }
            try begin()
        case (.isStopping, .finish): disconnect(.hasEnded)
        default: throw FrameStream.Violation(reason: "a control frame out of turn")
        }
    }

    /// Says START, in front of the messages that have come meanwhile.
    private func begin() throws(FrameStream.Violation) {
        let start = FrameStream.Control.start.octets
        // The socket has room for it: nothing but READY was sent so far.
        guard start.withUnsafeBytes({ Glibc.send(descriptor, $0.baseAddress, $0.count, Self.flags) }) == start.count else {
            throw FrameStream.Violation(reason: "it reads nothing")
        }
        phase = .isSending
        loggedReason = nil
        logger.info("dnstap receiver accepts", metadata: ["path": "\(path)"])
    }

    private func send(_ now: ContinuousClock.Instant) {
        let descriptor = descriptor
        guard descriptor >= 0 else { return }
        switch outgoing.write({ Glibc.send(descriptor, $0.baseAddress, $0.count, Self.flags) }) {
        case .done, .isBlocked: break
        case .failed(let code): fail(String(cString: strerror(code)), now)
        }
    }

    /// Ends a connection, or an attempt; there is another later.
    private func fail(_ reason: String, _ now: ContinuousClock.Instant) {
        if case .isStopping = phase { return disconnect(.hasEnded) }
        if reason != loggedReason {
            loggedReason = reason
            logger.warning("dnstap receiver cannot be served", metadata: ["path": "\(path)", "reason": "\(reason)"])
        }
        disconnect(.isWaiting(until: now + Self.retryInterval))
    }

    private func disconnect(_ next: Phase) {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        if added.octets > 0 { dropped &+= (outgoing.count * added.messages + added.octets - 1) / added.octets }
        added = (0, 0)
        outgoing.clear()
        phase = next
    }
}
