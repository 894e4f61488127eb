import CLinux
import DNSAuthority
import Dispatch
import Glibc
import IPAddressing

/// Asks one name server: over UDP, then over TCP if the response does not fit.
struct NameServerExchange {
    /// What came of a question.
    enum Reply: Equatable {
        case response(NameServerResponse)
        /// Responses came, none of which could be read.
        case unreadable
        /// Nothing came in time.
        case silence
        /// The machine or the network refuses, with the error's number.
        case failed(Int32)
    }

    let server: SocketEndpoint

    /// How long a server may take for one question.
    static let limit: Duration = .seconds(1)
    /// Sockets block; Dispatch gives these threads of their own.
    private static let queue = DispatchQueue(label: "name servers", attributes: .concurrent)

    /// Asks, and waits for `limit` at most over each of UDP and TCP.
    func reply(to query: NameServerQuery) async -> Reply {
        await withCheckedContinuation { continuation in
            Self.queue.async {
                let reply = ask(query, overTCP: false)
                guard case .response(let response) = reply, response.isTruncated else { return continuation.resume(returning: reply) }
                continuation.resume(returning: ask(query, overTCP: true))
            }
        }
    }

    /// A socket that is connected takes octets of this server alone. The C functions are `socket` and `connect`.
    private func ask(_ query: NameServerQuery, overTCP: Bool) -> Reply {
        guard let address = SocketAddress(server) else { return .failed(ENODEV) }
        let kind = Int32((overTCP ? SOCK_STREAM : SOCK_DGRAM).rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(address.family, kind, 0)
        guard descriptor >= 0 else { return .failed(errno) }
        defer { close(descriptor) }
        let exchange = SocketExchange(descriptor: descriptor, deadline: .now + Self.limit)
        do throws(SocketExchange.Failure) {
            let code = address.withPointer { connect(descriptor, $0, $1) == 0 ? 0 : errno }
            if code == EINPROGRESS { try exchange.waitUntil(Int16(POLLOUT)) } else if code != 0 { throw .failed(code) }
            return try overTCP ? exchange.stream(query) : exchange.datagrams(query)
        } catch {
            switch error {
            case .failed(let code): return .failed(code)
            case .silence: return .silence
            }
        }
    }
}

/// A connected socket that does not block, and until when an answer may come.
private struct SocketExchange {
    enum Failure: Error {
        case silence
        case failed(Int32)
    }

    let descriptor: Int32
    let deadline: ContinuousClock.Instant

    /// Sends the query and takes datagrams until one is the response.
    func datagrams(_ query: NameServerQuery) throws(Failure) -> NameServerExchange.Reply {
        try send(query.octets)
        var isReadable = true
        while true {
            let octets: [UInt8]
            do throws(Failure) { octets = try receive(upTo: 65535) } catch {
                if case .silence = error, !isReadable { return .unreadable }
                throw error
            }
            do throws(MessageReader.Malformed) {
                if let response = try NameServerResponse(octets, to: query) { return .response(response) }
            } catch {
                isReadable = false
            }
        }
    }

    /// Sends the query and reads the one response, each with its length in front (RFC 1035 §4.2.2).
    func stream(_ query: NameServerQuery) throws(Failure) -> NameServerExchange.Reply {
        let octets = query.octets
        try send([UInt8(octets.count >> 8), UInt8(octets.count & 255)] + octets)
        var received: [UInt8] = []
        while received.count < 2 || received.count < 2 + (Int(received[0]) << 8 | Int(received[1])) {
            let more = try receive(upTo: 65537 - min(received.count, 65536))
            // The server has closed the connection.
            guard !more.isEmpty else { throw .silence }
            received += more
        }
        let message = Array(received[2..<2 + (Int(received[0]) << 8 | Int(received[1]))])
        do throws(MessageReader.Malformed) {
            return try NameServerResponse(message, to: query).map { .response($0) } ?? .unreadable
        } catch {
            return .unreadable
        }
    }

    /// Waits until the socket can do what `events` says. The C function is `poll`.
    func waitUntil(_ events: Int16) throws(Failure) {
        while true {
            let left = deadline - .now
            guard left > .zero else { throw .silence }
            var entry = pollfd(fd: descriptor, events: events, revents: 0)
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
            let count = poll(&entry, 1, Int32(clamping: milliseconds))
            if count > 0 { return }
            if count < 0, errno != EINTR { throw .failed(errno) }
        }
    }

    /// The C function is `send`. A query is far smaller than a socket's buffer.
    private func send(_ octets: [UInt8]) throws(Failure) {
        guard Glibc.send(descriptor, octets, octets.count, Int32(MSG_NOSIGNAL)) == octets.count else { throw .failed(errno) }
    }

    /// The C function is `recv`. An empty array at the end of a stream.
    private func receive(upTo count: Int) throws(Failure) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        while true {
            try waitUntil(Int16(POLLIN))
            let received = recv(descriptor, &octets, count, 0)
            if received >= 0 { return Array(octets.prefix(received)) }
            guard errno == EAGAIN || errno == EINTR else { throw .failed(errno) }
        }
    }
}
