import Glibc

/// An address as the socket calls take it. The C types are `sockaddr_in` and `sockaddr_in6`.
package struct SocketAddress {
    private var storage = sockaddr_in6()
    private var length: socklen_t

    /// Nil if there is no interface of the name that the endpoint gives. The C function is `if_nametoindex`.
    package init?(_ endpoint: SocketEndpoint) {
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
                guard storage.sin6_scope_id != 0 else { return nil }
            }
            withUnsafeMutableBytes(of: &storage.sin6_addr) { $0.storeBytes(of: address.value.bigEndian, as: UInt128.self) }
        }
    }

    /// `AF_INET` or `AF_INET6`.
    package var family: Int32 { Int32(storage.sin6_family) }

    /// What a socket call is given.
    package func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
