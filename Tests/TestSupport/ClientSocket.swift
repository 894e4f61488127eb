import Glibc
import IPAddressing

/// A client's UDP or TCP socket that gives up after some seconds without an answer.
package final class ClientSocket {
    private let descriptor: Int32
    private let isStream: Bool

    /// What the C library says.
    package struct Failure: Error {
        let code = errno

        package init() {}
    }

    package init(_ endpoint: SocketEndpoint, isStream: Bool, patience seconds: Int = 10) throws {
        self.isStream = isStream
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        hints.ai_socktype = Int32((isStream ? SOCK_STREAM : SOCK_DGRAM).rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(endpoint.address.text, String(endpoint.port), &hints, &list) == 0, let address = list?.pointee else {
            throw Failure()
        }
        defer { freeaddrinfo(list) }
        descriptor = socket(address.ai_family, address.ai_socktype, 0)
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 else { throw Failure() }
    }

    deinit { close(descriptor) }

    /// Sends a message, over TCP behind its length.
    package func send(_ message: [UInt8]) throws { try write((isStream ? QueryOctets.number(message.count) : []) + message) }

    /// Sends octets as they are.
    package func write(_ octets: [UInt8]) throws {
        guard Glibc.write(descriptor, octets, octets.count) == octets.count else { throw Failure() }
    }

    /// Says that no more will come.
    package func shutDownWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next message.
    package func receive() throws -> [UInt8] {
        guard isStream else { return try read(65_535) }
        let prefix = try readExactly(2)
        return try readExactly(Int(prefix[0]) << 8 | Int(prefix[1]))
    }

    /// Whether the other side has closed.
    package func isAtEnd() throws -> Bool { try read(1).isEmpty }

    /// What comes next; nothing at the end.
    package func readSome() throws -> [UInt8] { try read(4096) }

    /// A port at which no program listens.
    package static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard bind(descriptor, pointer, length) == 0, getsockname(descriptor, pointer, &length) == 0 else { throw Failure() }
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
    }

    private func readExactly(_ count: Int) throws -> [UInt8] {
        var octets: [UInt8] = []
        while octets.count < count {
            let more = try read(count - octets.count)
            guard !more.isEmpty else { throw Failure() }
            octets += more
        }
        return octets
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        let length = Glibc.read(descriptor, &octets, count)
        guard length >= 0 else { throw Failure() }
        return Array(octets.prefix(length))
    }
}
