import DNSAuthority
import IPAddressing

/// Addresses whose names make one zone: those of the same first octets in IPv4 (RFC 1035 §3.5), of the same first hexadecimal digits in IPv6
/// (RFC 3596 §2.5).
package struct ReversePrefix: Hashable, Sendable {
    let isIPv4: Bool
    /// How many bits all of the addresses begin with: whole octets of IPv4, whole hexadecimal digits of IPv6.
    let length: Int
    /// These bits as a number.
    let bits: UInt128

    /// Most zones of a server, and most ranges: more zones than one range is cut into, and so few that a publication looks at each.
    package static let most = 256

    /// Bits of an address.
    static func width(isIPv4: Bool) -> Int { isIPv4 ? 32 : 128 }

    /// Bits that one label of a name stands for.
    private static func step(isIPv4: Bool) -> Int { isIPv4 ? 8 : 4 }

    /// The prefix of fewer bits that contains this one.
    private func cut(to shorter: Int) -> ReversePrefix {
        ReversePrefix(isIPv4: isIPv4, length: shorter, bits: bits >> UInt128(length - shorter))
    }

    /// Whether there is one address only, whose name is the zone's origin.
    var isOneAddress: Bool { length == Self.width(isIPv4: isIPv4) }

    /// The zone's origin.
    package var origin: DomainName { Self.name(bits, length, isIPv4: isIPv4) }

    /// The name of an address.
    static func name(of address: UInt128, isIPv4: Bool) -> DomainName { name(address, width(isIPv4: isIPv4), isIPv4: isIPv4) }

    /// The name of an address.
    package static func name(of address: IPAddress) -> DomainName {
        name(of: address.number, isIPv4: address.width == width(isIPv4: true))
    }

    private static let ipv4Suffix = DomainName(text: "in-addr.arpa") ?? .root
    private static let ipv6Suffix = DomainName(text: "ip6.arpa") ?? .root

    /// The name of addresses that begin with so many bits: a label for each octet or digit, the last one first.
    private static func name(_ bits: UInt128, _ length: Int, isIPv4: Bool) -> DomainName {
        let suffix = isIPv4 ? ipv4Suffix : ipv6Suffix
        guard length > 0 else { return suffix }
        let step = step(isIPv4: isIPv4)
        // 32 digits with as many dots, or four octets with theirs.
        return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { text in
            var end = 0
            var rest = bits
            for _ in 0..<length / step {
                if end > 0 { append(UInt8(ascii: "."), to: text, &end) }
                append(UInt8(truncatingIfNeeded: rest) & UInt8(1 << step - 1), isIPv4: isIPv4, to: text, &end)
                rest >>= UInt128(step)
            }
            return DomainName(labels: UnsafeRawBufferPointer(rebasing: text[..<end]), below: suffix) ?? suffix
        }
    }

    /// Appends an octet in decimal digits, or four bits as a hexadecimal digit.
    private static func append(_ part: UInt8, isIPv4: Bool, to text: UnsafeMutableRawBufferPointer, _ end: inout Int) {
        guard isIPv4 else { return append(part + (part < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10), to: text, &end) }
        if part >= 100 { append(UInt8(ascii: "0") + part / 100, to: text, &end) }
        if part >= 10 { append(UInt8(ascii: "0") + part / 10 % 10, to: text, &end) }
        append(UInt8(ascii: "0") + part % 10, to: text, &end)
    }

    private static func append(_ octet: UInt8, to text: UnsafeMutableRawBufferPointer, _ end: inout Int) {
        text[end] = octet
        end += 1
    }
}

extension ReversePrefix {
    /// The prefixes that addresses make which begin with the first bits of an address: one, or where they end within an octet, or a
    /// hexadecimal digit, as many as that has values beyond them, at most 128. RFC 2317 would make one zone of them, but wants aliases in
    /// the zone above.
    private static func covering(_ address: UInt128, length: Int, isIPv4: Bool) -> [ReversePrefix] {
        let (width, step) = (width(isIPv4: isIPv4), step(isIPv4: isIPv4))
        let end = (length + step - 1) / step * step
        let first = (address >> UInt128(width - length)) << UInt128(end - length)
        return (0..<UInt128(1) << UInt128(end - length)).map { ReversePrefix(isIPv4: isIPv4, length: end, bits: first + $0) }
    }

    /// The prefixes that ranges make together, none within another, in one order whatever that of the ranges is.
    package static func covering(_ ranges: [AddressRange]) -> [ReversePrefix] {
        let all = ranges.flatMap { range in
            covering(range.first.number, length: range.prefixLength, isIPv4: range.first.width == width(isIPv4: true))
        }
        let distinct = Set(all)
        let lengths = Set(distinct.map(\.length))
        return distinct.filter { prefix in !lengths.contains { $0 < prefix.length && distinct.contains(prefix.cut(to: $0)) } }.sorted {
            ($0.isIPv4 ? 0 : 1, $0.length, $0.bits) < ($1.isIPv4 ? 0 : 1, $1.length, $1.bits)
        }
    }
}

/// Which addresses have names that lead to providers, and how the zones of these names are answered.
package struct ReversePolicy: Hashable, Sendable {
    /// What makes a zone each; none within another.
    package let prefixes: [ReversePrefix]
    let policy: ZonePolicy
    /// The name server's name, in a zone of providers so that it resolves.
    let nameServer: DomainName

    /// The names of addresses in ranges. The name server is that of a zone of providers, given by its origin.
    package init(_ ranges: [AddressRange], policy: ZonePolicy, zone origin: DomainName) {
        prefixes = ReversePrefix.covering(ranges)
        nameServer = ApexCompiler.nameServer(of: origin) ?? origin
        var policy = policy
        policy.authority.primary = policy.authority.primary ?? nameServer
        policy.authority.mailbox = policy.authority.mailbox ?? ApexCompiler.mailbox(of: origin)
        self.policy = policy
    }

    /// No address has a name.
    package static let none = ReversePolicy([], policy: .standard, zone: .root)
}
