import IPAddressing

extension IPAddress {
    /// The type of record that holds it.
    var family: Family {
        switch self {
        case .v4: .ipv4
        case .v6: .ipv6
        }
    }

    /// Whether a packet can be sent to it as to one machine (RFC 6890).
    var isHostAddress: Bool { isUnicast && !isUnspecified }

    /// Whether it is the machine's own without an interface to others (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
    var isLoopback: Bool {
        switch unmapped {
        case .v4(let address): address.value >> 24 == 127
        case .v6(let address): address.value == 1
        }
    }

    /// The IPv4 address that an IPv4-mapped one stands for (RFC 4291 §2.5.5.2); otherwise itself.
    var unmapped: IPAddress {
        guard case .v6(let address) = self, address.value >> 32 == 0xFFFF else { return self }
        return .v4(IPv4Address(value: UInt32(truncatingIfNeeded: address.value)))
    }
}
