import DNSAuthority
import Glibc
import IPAddressing

/// What this server itself answers, and where: nothing is learnt from there, or an address that was withdrawn would keep itself alive.
package struct OwnService: Sendable {
    private let origins: [DomainName]
    private let endpoints: [SocketEndpoint]

    /// The origins of the served zones, and where they are served.
    package init(origins: [DomainName], endpoints: [SocketEndpoint]) {
        self.origins = origins
        self.endpoints = endpoints
    }

    /// Whether a name lies in a served zone.
    func serves(_ name: DomainName) -> Bool { origins.contains { name.isAtOrBelow($0) } }

    /// Whether others than this machine may be answered.
    package var isBeyondLoopback: Bool { endpoints.contains { !$0.address.isLoopback } }

    /// The name servers that are not this server itself, given the addresses of the machine.
    func others(of servers: [SocketEndpoint], machine: Set<IPAddress>) -> [SocketEndpoint] {
        servers.filter { server in
            let address = Self.dialled(server.address)
            return !endpoints.contains { own in
                guard own.port == server.port else { return false }
                guard own.address.isUnspecified else { return own.address == address }
                // Wildcards are of one family only (IPV6_V6ONLY).
                switch (own.address, address) {
                case (.v4, .v4), (.v6, .v6): return address.isLoopback || machine.contains(address)
                default: return false
                }
            }
        }
    }

    /// What is reached by an address: the machine itself by the unspecified ones, IPv4 by mapped ones (RFC 4291 §2.5.5.2).
    private static func dialled(_ address: IPAddress) -> IPAddress {
        switch address {
        case .v4(let ipv4): ipv4.value == 0 ? .v4(IPv4Address(value: 0x7F00_0001)) : address
        case .v6(let ipv6) where ipv6.value == 0: .v6(IPv6Address(value: 1))
        case .v6(let ipv6) where ipv6.value >> 32 == 0xFFFF: dialled(.v4(IPv4Address(value: UInt32(truncatingIfNeeded: ipv6.value))))
        case .v6: address
        }
    }

    /// All addresses of the machine's interfaces. The C function is `getifaddrs`.
    static func machineAddresses() -> Set<IPAddress> {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var addresses: Set<IPAddress> = []
        var next = list
        while let interface = next?.pointee {
            if let address = UnsafeRawPointer(interface.ifa_addr).flatMap(address) { addresses.insert(address) }
            next = interface.ifa_next
        }
        return addresses
    }

    private static func address(_ pointer: UnsafeRawPointer) -> IPAddress? {
        switch Int32(pointer.loadUnaligned(as: sockaddr.self).sa_family) {
        case AF_INET:
            return .v4(IPv4Address(value: UInt32(bigEndian: pointer.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr)))
        case AF_INET6:
            let octets = pointer.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return .v6(IPv6Address(value: withUnsafeBytes(of: octets) { $0.reduce(0) { $0 << 8 | UInt128($1) } }))
        default: return nil
        }
    }
}
