/// The addresses that begin with the same bits, in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3). IPv4-mapped addresses are IPv4 addresses.
package struct AddressRange: Hashable, Sendable {
    /// The lowest address; never an IPv4-mapped one.
    package let first: IPAddress
    /// How many bits all addresses of the range share: 0–32 for IPv4, 0–128 for IPv6.
    package let prefixLength: Int

    /// `10.0.0.0/8` or `2001:db8::/32`; an address without a length is a range of one. Nil for anything else, bits beyond the length included.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddress(String($0)) }) else { return nil }
        var length = address.width
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard 1...3 ~= digits.count, digits.allSatisfy({ 48...57 ~= $0 }), digits.first != 48 || digits.count == 1 else { return nil }
            guard let number = Int(parts[1]) else { return nil }
            length = number
        }
        self.init(first: address, prefixLength: length)
    }

    /// The range of the addresses whose first bits are those of `first`; nil if the length is out of range, or `first` has bits beyond it.
    package init?(first: IPAddress, prefixLength: Int) {
        guard 0...first.width ~= prefixLength else { return nil }
        let mapping = first.width - first.unmapped.width
        guard prefixLength >= mapping else { return nil }
        self.first = first.unmapped
        self.prefixLength = prefixLength - mapping
        guard self.first.number & hostBits == 0 else { return nil }
    }

    /// The highest address.
    package var last: IPAddress {
        switch first {
        case .v4(let address): .v4(IPv4Address(value: address.value | UInt32(truncatingIfNeeded: hostBits)))
        case .v6(let address): .v6(IPv6Address(value: address.value | hostBits))
        }
    }

    /// Whether the address is in the range; an IPv4-mapped one is taken for the IPv4 address.
    package func contains(_ address: IPAddress) -> Bool {
        let address = address.unmapped
        return address.isOfFamily(of: first) && address.number & ~hostBits == first.number
    }

    /// The form of `10.0.0.0/8`, with the length always.
    package var text: String { "\(first.text)/\(prefixLength)" }

    /// Ones in all bits that differ within the range. `>>` of a whole width gives 0.
    private var hostBits: UInt128 { first.width == 32 ? UInt128(UInt32.max >> prefixLength) : UInt128.max >> prefixLength }
}
