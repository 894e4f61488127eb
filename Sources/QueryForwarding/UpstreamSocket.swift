import Glibc
import IPAddressing

/// A socket for one query to one server: a source port that the kernel draws, connected, so that octets from elsewhere never arrive. The caller
/// must `close` it. The C functions are `socket`, `connect`, `send` and `recv`.
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

        init() { isLocal = [EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN, EADDRNOTAVAIL].contains(errno) }
    }

    /// Sends a query; over a stream once that is connected.
    init(_ endpoint: SocketEndpoint, _ message: [UInt8], isStream: Bool) throws(Failure) {
        let family = if case .v4 = endpoint.address { AF_INET } else { AF_INET6 }
        let kind = isStream ? SOCK_STREAM : SOCK_DGRAM
        let descriptor = socket(family, Int32(kind.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure() }
        (self.descriptor, self.isStream) = (descriptor, isStream)
        do throws(Failure) {
            guard Self.connect(descriptor, endpoint) == 0 || isStream && errno == EINPROGRESS else { throw Failure() }
            if isStream {
                outgoing = ([UInt8(message.count >> 8), UInt8(message.count & 255)] + message)[...]
            } else if send(descriptor, message, message.count, Int32(MSG_NOSIGNAL)) < 0 {
                throw Failure()
            }
        } catch {
            close()
            throw error
        }
    }

    private static func connect(_ descriptor: Int32, _ endpoint: SocketEndpoint) -> Int32 {
        switch endpoint.address {
        case .v4(let address):
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = endpoint.port.bigEndian
            name.sin_addr.s_addr = address.value.bigEndian
            return connect(descriptor, &name)
        case .v6(let address):
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = endpoint.port.bigEndian
            if let scope = endpoint.scope { name.sin6_scope_id = UInt32(scope) ?? if_nametoindex(scope) }
            withUnsafeMutableBytes(of: &name.sin6_addr) { $0.storeBytes(of: address.value.bigEndian, as: UInt128.self) }
            return connect(descriptor, &name)
        }
    }

    private static func connect<Name>(_ descriptor: Int32, _ name: inout Name) -> Int32 {
        withUnsafeMutablePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Name>.size)) }
        }
    }

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
