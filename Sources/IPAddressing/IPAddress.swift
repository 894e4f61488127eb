import Glibc

/// An IPv4 address (RFC 791).
package struct IPv4Address: Hashable, Sendable {
    /// The address as a number: 10.0.0.1 is 0x0A00_0001.
    package let value: UInt32

    package init(value: UInt32) { self.value = value }

    /// Four decimal octets, as `inet_pton` reads them; nil for anything else, leading zeros included.
    package init?(_ text: String) {
        guard !text.utf8.contains(0) else { return nil }
        var address = in_addr()
        guard inet_pton(AF_INET, text, &address) == 1 else { return nil }
        value = UInt32(bigEndian: address.s_addr)
    }

    /// Whether a packet can be sent to it as to one host: it is not of "this network", a group's, reserved or the broadcast address (RFC 6890
    /// §2.2.2, RFC 1122 §3.2.1.3).
    package var isHost: Bool { value >> 24 != 0 && value >> 29 != 7 }

    /// Four decimal octets.
    package var text: String {
        "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
    }
}

/// An IPv6 address (RFC 4291).
package struct IPv6Address: Hashable, Sendable {
    /// The address as a number: ::1 is 1.
    package let value: UInt128

    package init(value: UInt128) { self.value = value }

    /// Any form that `inet_pton` reads (RFC 4291 §2.2), without brackets; nil for anything else, zone indexes included.
    package init?(_ text: String) {
        guard !text.utf8.contains(0) else { return nil }
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        value = withUnsafeBytes(of: address) { $0.reduce(0) { $0 << 8 | UInt128($1) } }
    }

    /// Whether a packet can be sent to it as to one host: it is neither unspecified nor a group's (RFC 4291 §2.5.2, §2.7), nor an IPv4 address
    /// in IPv6's form (§2.5.5) of which that is so.
    package var isHost: Bool {
        if value == 1 { return true }
        if value >> 32 == 0 || value >> 32 == 0xFFFF { return IPv4Address(value: UInt32(truncatingIfNeeded: value)).isHost }
        return value >> 120 != 0xFF
    }

    /// The form of RFC 5952, as `inet_ntop` writes it.
    package var text: String {
        var octets = value.bigEndian
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = inet_ntop(AF_INET6, &octets, &buffer, socklen_t(buffer.count))
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// An address of either family.
package enum IPAddress: Hashable, Sendable {
    /// An IPv4 address.
    case v4(IPv4Address)
    /// An IPv6 address.
    case v6(IPv6Address)

    /// An address literal, IPv6 without brackets; nil for anything else.
    package init?(_ text: String) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    /// Whether a packet can be sent to it as to one host.
    package var isHost: Bool {
        switch self {
        case .v4(let address): address.isHost
        case .v6(let address): address.isHost
        }
    }

    /// Whether it is in a network of one link only, with no meaning elsewhere (RFC 3927, RFC 4291 §2.5.6).
    package var isLinkLocal: Bool {
        switch self {
        case .v4(let address): address.value >> 16 == 0xA9FE
        case .v6(let address): address.value >> 118 == 0x3FA
        }
    }

    /// Whether it is the machine's own without an interface to others (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
    package var isLoopback: Bool {
        switch unmapped {
        case .v4(let address): address.value >> 24 == 127
        case .v6(let address): address.value == 1
        }
    }

    /// The IPv4 address that an IPv4-mapped one stands for (RFC 4291 §2.5.5.2); otherwise itself.
    package var unmapped: IPAddress {
        guard case .v6(let address) = self, address.value >> 32 == 0xFFFF else { return self }
        return .v4(IPv4Address(value: UInt32(truncatingIfNeeded: address.value)))
    }

    /// Whether it stands for one machine, or for all addresses of one, rather than for a group (RFC 1112 §4, RFC 919 §7, RFC 4291 §2.7).
    package var isUnicast: Bool {
        switch self {
        case .v4(let address): address.value >> 28 != 0xE && address.value != .max
        case .v6(let address): address.value >> 120 != 0xFF
        }
    }

    /// Whether it is 0.0.0.0 or ::, which stand for all addresses of a machine where one listens (RFC 6890).
    package var isUnspecified: Bool { self == .v4(IPv4Address(value: 0)) || self == .v6(IPv6Address(value: 0)) }

    /// Whether both are IPv4 or both IPv6 addresses.
    package func isOfFamily(of other: IPAddress) -> Bool {
        switch (self, other) {
        case (.v4, .v4), (.v6, .v6): true
        case (.v4, .v6), (.v6, .v4): false
        }
    }

    /// The literal, IPv6 without brackets.
    package var text: String {
        switch self {
        case .v4(let address): address.text
        case .v6(let address): address.text
        }
    }
}

extension IPAddress {
    /// Bits of an address of this family.
    package var width: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    /// The address as a number.
    package var number: UInt128 {
        switch self {
        case .v4(let address): UInt128(address.value)
        case .v6(let address): address.value
        }
    }
}
