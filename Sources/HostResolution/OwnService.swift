import DNSAuthority
import IPAddressing

/// What this server itself answers, and where: nothing is learnt from there, or an address that was withdrawn would keep itself alive.
package struct OwnService: Equatable, Sendable {
    private let origins: [DomainName]
    private let endpoints: [SocketEndpoint]

    /// The origins of the served zones, and the addresses at which the server answers.
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
                return own.address.isOfFamily(of: address) && (address.isLoopback || machine.contains(address))
            }
        }
    }

    /// What is reached by an address: the machine itself by the unspecified ones, IPv4 by mapped ones (RFC 4291 §2.5.5.2).
    private static func dialled(_ address: IPAddress) -> IPAddress {
        switch address.unmapped {
        case .v4(let ipv4) where ipv4.value == 0: .v4(IPv4Address(value: 0x7F00_0001))
        case .v6(let ipv6) where ipv6.value == 0: .v6(IPv6Address(value: 1))
        case let unmapped: unmapped
        }
    }
}
