import Glibc
import IPAddressing

/// Finds out whether a port can be had. A server's own sockets share their ports (SO_REUSEPORT), which hides that another program has one.
enum PortProbe {
    /// Binds a socket that shares its port with no other, and closes it. With `mustExist`, an address that the machine does not have is an error
    /// too. The C functions are `socket` and `bind`.
    static func check(_ endpoint: SocketEndpoint, isStream: Bool, mustExist: Bool = false) throws(ListenError) {
        let address = try SocketAddress(listening: endpoint)
        let type = Int32((isStream ? SOCK_STREAM : SOCK_DGRAM).rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { throw ListenError(endpoint, errno) }
        defer { close(descriptor) }
        let option = FreeBinding(of: address.family)
        // Connections of an earlier server that are closing are no conflict; for datagrams the option would share the port.
        if isStream { set(descriptor, SOL_SOCKET, SO_REUSEADDR) }
        if address.family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
        if !mustExist { set(descriptor, option.level, option.name) }
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0 else { throw ListenError(endpoint, errno) }
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32) {
        var value: Int32 = 1
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout.size(ofValue: value)))
    }
}

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
