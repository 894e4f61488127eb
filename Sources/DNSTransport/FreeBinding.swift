import Glibc

/// The socket option that lets a server listen at an address that the machine does not have yet: of an interface that comes late, or one whose
/// uniqueness is still being looked into (RFC 4862 §5.4).
struct FreeBinding {
    let level: Int32
    let name: Int32

    /// That of IPv6, which Swift's module of the C library lacks.
    private static let ipv6: Int32 = 78

    init(of family: Int32) {
        (level, name) = family == AF_INET ? (Int32(IPPROTO_IP), IP_FREEBIND) : (Int32(IPPROTO_IPV6), Self.ipv6)
    }
}
