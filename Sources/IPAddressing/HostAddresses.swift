/// What is known of a host's addresses of one family.
package enum KnownAddresses<Address: Hashable & Sendable>: Hashable, Sendable {
    /// No name server has answered yet, or only with passing failures.
    case unknown
    /// The addresses, in no order that matters; none means that the host definitely has none of this family.
    case known([Address])

    /// The addresses, none while unknown.
    package var addresses: [Address] {
        switch self {
        case .unknown: []
        case .known(let addresses): addresses
        }
    }

    /// Whether no name server has answered yet.
    package var isUnknown: Bool { self == .unknown }
}

/// What is known of a host's addresses.
package struct HostAddresses: Hashable, Sendable {
    /// Its A records.
    package var ipv4: KnownAddresses<IPv4Address>
    /// Its AAAA records.
    package var ipv6: KnownAddresses<IPv6Address>
    /// Whether some may be out of date: of a provider that has vanished, or of a service that is out of reach.
    package var isHeld = false

    /// Most addresses of one family that a host has here; the others are left out. More than any real host has, and so few that hosts which
    /// stand for many others cost no more than they.
    package static let mostOfOneFamily = 128

    /// Addresses of which nothing is known yet, unless they are given.
    package init(ipv4: KnownAddresses<IPv4Address> = .unknown, ipv6: KnownAddresses<IPv6Address> = .unknown) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
    }
}
