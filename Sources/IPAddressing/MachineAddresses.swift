import Glibc

/// The addresses of this machine's network interfaces. The C function is `getifaddrs`.
package enum MachineAddresses {
    /// Most addresses that are named: a response to NS has room for them.
    private static let most = 8

    /// Those of a family by which other machines can reach this one, each once; its loopback address if there are none.
    package static func reachable(ofFamilyOf other: IPAddress) -> [IPAddress] {
        var known: Set<IPAddress> = []
        let up = interfaces.filter { $0.isUp && $0.address.isOfFamily(of: other) && $0.address.isHost && known.insert($0.address).inserted }
        let all = up.map(\.address)
        let reachable = all.filter { !$0.isLoopback && !$0.isLinkLocal }
        return Array((reachable.isEmpty ? all.filter(\.isLoopback) : reachable).prefix(most))
    }

    /// All of them, whether or not their interfaces are up: the machine takes each for its own.
    package static var all: Set<IPAddress> { Set(interfaces.map(\.address)) }

    private static var interfaces: [(address: IPAddress, isUp: Bool)] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: [(address: IPAddress, isUp: Bool)] = []
        var next = list
        while let interface = next?.pointee {
            next = interface.ifa_next
            guard let address = interface.ifa_addr.flatMap(IPAddress.init) else { continue }
            found.append((address, interface.ifa_flags & UInt32(IFF_UP) != 0))
        }
        return found
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
