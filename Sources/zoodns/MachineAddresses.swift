import Glibc
import IPAddressing

/// The addresses of this machine's network interfaces.
enum MachineAddresses {
    /// Most addresses that are named: a response to NS has room for them.
    private static let most = 8

    /// Those of a family by which other machines can reach this one; its loopback address if there are none. The C function is `getifaddrs`.
    static func reachable(ofFamilyOf other: IPAddress) -> [IPAddress] {
        let all = up.filter { $0.isOfFamily(of: other) && $0.isHost }
        let reachable = all.filter { !$0.isLoopback && !$0.isLinkLocal }
        return Array((reachable.isEmpty ? all.filter(\.isLoopback) : reachable).prefix(most))
    }

    /// The addresses of all interfaces that are up, each once.
    private static var up: [IPAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let interface = next?.pointee {
            next = interface.ifa_next
            guard interface.ifa_flags & UInt32(IFF_UP) != 0, let address = interface.ifa_addr.flatMap(IPAddress.init),
                !addresses.contains(address)
            else { continue }
            addresses.append(address)
        }
        return addresses
    }
}

extension IPAddress {
    /// The address in a `sockaddr`; nil for one of another family.
    fileprivate init?(_ address: UnsafeMutablePointer<sockaddr>) {
        let start = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET: self = .v4(IPv4Address(value: UInt32(bigEndian: start.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr)))
        case AF_INET6:
            let octets = start.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            self = .v6(IPv6Address(value: withUnsafeBytes(of: octets) { $0.reduce(0) { $0 << 8 | UInt128($1) } }))
        default: return nil
        }
    }
}
