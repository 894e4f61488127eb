import CAres
import Glibc

/// The exchanges under way, and the waiting for all of them. For one thread only.
struct Exchanges {
    private var underWay: [Exchange.Key: Exchange] = [:]
    private var finished: [Exchange] = []

    /// Most milliseconds to wait at once.
    private static let longestWait: Int64 = 60_000

    /// Nil if c-ares cannot be set up. The C function is `ares_library_init`.
    init?() {
        guard ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS else { return nil }
    }

    /// Ends all exchanges. The C function is `ares_library_cleanup`.
    mutating func close() {
        for exchange in underWay.values { exchange.close() }
        underWay = [:]
        ares_library_cleanup()
    }

    /// Asks a question for a host. A host has one exchange a family at a time.
    mutating func begin(_ question: HostLookup.Question, for host: String, timeout: Duration, overTCP: Bool) {
        let key = Exchange.Key(host: host, family: question.family)
        // Name servers get longer at each attempt, as from glibc.
        let deadline = ContinuousClock.now + timeout * (1 << min(question.attempt, 4))
        let exchange = Exchange(question, key, overTCP: overTCP, deadline: deadline)
        underWay[key] = exchange
        if exchange.result != nil { finished.append(exchange) }
    }

    /// Ends what is under way for a host.
    mutating func cancel(_ host: String) {
        for family in Family.allCases { underWay.removeValue(forKey: .init(host: host, family: family))?.close() }
    }

    /// Takes the exchanges that have ended since the last call.
    mutating func takeFinished() -> [Exchange] {
        defer { finished = [] }
        var ended: [Exchange] = []
        for exchange in finished where underWay[exchange.key] === exchange {
            underWay[exchange.key] = nil
            exchange.close()
            ended.append(exchange)
        }
        return ended
    }

    /// Waits until a response or `wake` is ready, a name server has been silent for too long, or an instant.
    mutating func wait(for wake: Int32, until deadline: ContinuousClock.Instant?) {
        var polled: [pollfd] = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
        var owners: [Exchange] = []
        var deadline = deadline
        for exchange in underWay.values {
            deadline = min(deadline ?? exchange.deadline, exchange.deadline)
            for socket in exchange.sockets {
                polled.append(pollfd(fd: socket.descriptor, events: socket.events, revents: 0))
                owners.append(exchange)
            }
        }
        if poll(&polled, nfds_t(polled.count), finished.isEmpty ? Self.milliseconds(until: deadline) : 0) > 0 {
            for (owner, socket) in zip(owners, polled.dropFirst()) where socket.revents != 0 { owner.process(socket.fd, socket.revents) }
        }
        let now = ContinuousClock.now
        finished += underWay.values.filter { $0.result != nil || $0.deadline <= now }
    }

    private static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
        guard let deadline else { return Int32(longestWait) }
        let rest = ContinuousClock.now.duration(to: deadline).components
        guard rest.seconds < longestWait / 1000 else { return Int32(longestWait) }
        return Int32(clamping: max(0, rest.seconds * 1000 + rest.attoseconds / 1_000_000_000_000_000 + 1))
    }
}
