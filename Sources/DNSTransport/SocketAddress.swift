import Glibc
import IPAddressing
import NIOCore

/// An address as the socket calls take it. The C types are `sockaddr_in` and `sockaddr_in6`.
struct SocketAddress {
    private var storage = sockaddr_in6()
    private var length: socklen_t

    /// Throws if there is no interface of the name that the endpoint gives. The C function is `if_nametoindex`.
    init(_ endpoint: SocketEndpoint) throws(ListenError) {
        switch endpoint.address {
        case .v4(let address):
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) { bytes in
                var ipv4 = sockaddr_in()
                ipv4.sin_family = sa_family_t(AF_INET)
                ipv4.sin_port = endpoint.port.bigEndian
                ipv4.sin_addr.s_addr = address.value.bigEndian
                bytes.storeBytes(of: ipv4, as: sockaddr_in.self)
            }
        case .v6(let address):
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            storage.sin6_family = sa_family_t(AF_INET6)
            storage.sin6_port = endpoint.port.bigEndian
            if let scope = endpoint.scope {
                storage.sin6_scope_id = UInt32(scope) ?? if_nametoindex(scope)
                guard storage.sin6_scope_id != 0 else { throw ListenError(endpoint, ENODEV) }
            }
            withUnsafeMutableBytes(of: &storage.sin6_addr) { $0.storeBytes(of: address.value.bigEndian, as: UInt128.self) }
        }
    }

    /// The same for SwiftNIO.
    var forNIO: NIOCore.SocketAddress {
        guard family == AF_INET else { return NIOCore.SocketAddress(storage) }
        return NIOCore.SocketAddress(withUnsafeBytes(of: storage) { $0.loadUnaligned(as: sockaddr_in.self) })
    }

    var family: Int32 { Int32(storage.sin6_family) }

    /// Whether it stands for all addresses of the machine.
    var isWildcard: Bool {
        let octets = withUnsafeBytes(of: storage) { Array($0) }
        return family == AF_INET ? octets[4..<8].allSatisfy { $0 == 0 } : octets[8..<24].allSatisfy { $0 == 0 }
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}

/// Why a server cannot listen at an address.
package struct ListenError: Error, Sendable {
    /// Where.
    package let endpoint: SocketEndpoint
    /// The C library's number for what went wrong.
    package let code: Int32

    init(_ endpoint: SocketEndpoint, _ code: Int32) {
        self.endpoint = endpoint
        self.code = code
    }

    /// What is wrong and how to mend it, in one line.
    package var text: String {
        let what = "cannot listen at \(endpoint.text): \(String(cString: strerror(code)))"
        return switch code {
        case EADDRINUSE: what + "; stop the server that is there, or choose another address or port with --listen"
        case EACCES, EPERM: what + "; ports below 1024 need CAP_NET_BIND_SERVICE, or choose another port with --listen"
        case EADDRNOTAVAIL: what + "; this machine has no such address: choose another with --listen"
        case EAGAIN: what + ", no thread for a worker: raise the limit on tasks, or choose fewer with --workers"
        case ENODEV: what + "; this machine has no such interface (yet): choose another with --listen"
        default: what + "; choose another address with --listen"
        }
    }
}
