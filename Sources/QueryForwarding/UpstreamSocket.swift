import Glibc
import IPAddressing

/// A socket for queries to one server, one at a time: a source port that the kernel draws, connected, so that octets from elsewhere never
/// arrive. The caller must `close` it. The C functions are `socket`, `connect`, `send` and `recv`.
struct UpstreamSocket {
    /// What a look at the socket has brought.
    enum News {
        /// Nothing yet.
        case none
        /// A message.
        case message([UInt8])
        /// The server, or the way to it, refuses.
        case failed
    }

    let descriptor: Int32
    let isStream: Bool
    /// What is still to be sent over a stream, and what of the response has come.
    private var outgoing: ArraySlice<UInt8> = []
    private var incoming: [UInt8] = []

    /// Whether it waits to be writable.
    var isSending: Bool { !outgoing.isEmpty }

    /// Why a query cannot be sent.
    struct Failure: Error {
        /// The reason says nothing of the server: too many open sockets, or no memory.
        let isLocal: Bool

        init(isLocal: Bool) { self.isLocal = isLocal }

        /// By `errno`.
        init() { isLocal = [EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN, EADDRNOTAVAIL].contains(errno) }
    }

    /// Sends a query; over a stream once that is connected.
    init(_ endpoint: SocketEndpoint, _ message: [UInt8], isStream: Bool) throws(Failure) {
        guard let address = SocketAddress(endpoint) else { throw Failure(isLocal: false) }
        let kind = isStream ? SOCK_STREAM : SOCK_DGRAM
        let descriptor = socket(address.family, Int32(kind.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure() }
        (self.descriptor, self.isStream) = (descriptor, isStream)
        do throws(Failure) {
            guard address.withPointer({ connect(descriptor, $0, $1) }) == 0 || isStream && errno == EINPROGRESS else { throw Failure() }
            if isStream {
                outgoing = ([UInt8(message.count >> 8), UInt8(message.count & 255)] + message)[...]
            } else if !send(message) {
                throw Failure()
            }
        } catch {
            close()
            throw error
        }
    }

    /// Sends a query over UDP; false if it cannot be sent, with `errno` set.
    func send(_ message: [UInt8]) -> Bool { Glibc.send(descriptor, message, message.count, Int32(MSG_NOSIGNAL)) >= 0 }

    /// Sends and receives what can be. `memory`: room for the longest message.
    mutating func proceed(_ memory: UnsafeMutableRawBufferPointer) -> News {
        while !outgoing.isEmpty {
            let sent = outgoing.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if sent < 0 { return Self.isPassing ? .none : .failed }
            outgoing = outgoing.dropFirst(sent)
        }
        let count = recv(descriptor, memory.baseAddress, memory.count, 0)
        guard count >= 0 else { return Self.isPassing ? .none : .failed }
        let octets = Array(memory.prefix(count))
        guard isStream else { return .message(octets) }
        guard count > 0 else { return .failed }
        incoming += octets
        guard incoming.count >= 2 else { return .none }
        let length = Int(incoming[0]) << 8 | Int(incoming[1])
        return incoming.count >= 2 + length ? .message(Array(incoming[2..<2 + length])) : .none
    }

    private static var isPassing: Bool { errno == EAGAIN || errno == EINTR || errno == ENOTCONN || errno == EINPROGRESS }

    func close() { _ = Glibc.close(descriptor) }
}
