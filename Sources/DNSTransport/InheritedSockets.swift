import Glibc
import IPAddressing

/// Bound sockets that a supervisor hands over to the program that it starts, as systemd does (the C function of its library is
/// `sd_listen_fds`).
///
/// They stay the supervisor's too: what arrives while no server runs waits for the next one. Never closed while the program runs.
package struct InheritedSockets: Sendable {
    /// The sockets of one address.
    struct Pair {
        /// Listens for TCP.
        let stream: Int32
        /// Sockets for UDP, at least one; several share the port, and each gets a part of the packets.
        let datagrams: [Int32]
    }

    /// What is wrong with what was handed over.
    package struct Failure: Error {
        /// A line for each problem.
        package let problems: [String]
    }

    /// The addresses in the order of their first sockets.
    package private(set) var endpoints: [SocketEndpoint] = []
    private var pairs: [SocketEndpoint: Pair] = [:]
    private var descriptors: Range<Int32> = 0..<0

    private static let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
    /// Most sockets: more are no server's, and would be looked at one by one.
    private static let most: Int32 = 4096

    /// None.
    package init() {}

    /// Looks at what the environment says: so many descriptors from `first` on, if they are for this process. Throws with all problems.
    package init(_ environment: [String: String], process: pid_t = getpid(), first: Int32 = 3) throws(Failure) {
        guard let text = environment["LISTEN_FDS"], environment["LISTEN_PID"].flatMap({ pid_t($0) }) == process else { return }
        guard let count = Int32(text), 0...Self.most ~= count else {
            throw Failure(problems: ["LISTEN_FDS \(text.debugDescription): expected a number from 0 to \(Self.most)"])
        }
        descriptors = first..<(first + count)
        let names = environment["LISTEN_FDNAMES"].map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) }
        if let names, names.count != Int(count) {
            throw Failure(problems: ["LISTEN_FDNAMES has \(names.count) names for \(count) descriptors of LISTEN_FDS"])
        }
        var problems: [String] = []
        var streams: [SocketEndpoint: Int32] = [:]
        var datagrams: [SocketEndpoint: [Int32]] = [:]
        for descriptor in descriptors {
            do throws(Unusable) {
                let socket = try InheritedSocket(descriptor)
                if !endpoints.contains(socket.endpoint) { endpoints.append(socket.endpoint) }
                if !socket.isStream {
                    datagrams[socket.endpoint, default: []].append(descriptor)
                } else if streams.updateValue(descriptor, forKey: socket.endpoint) != nil {
                    throw Unusable("a second TCP socket at \(socket.endpoint.text): one accepts all connections")
                }
            } catch {
                let name = names.map { " (\($0[Int(descriptor - first)]))" } ?? ""
                problems.append("inherited descriptor \(descriptor)\(name): \(error.text)")
            }
        }
        for endpoint in endpoints {
            switch (streams[endpoint], datagrams[endpoint]) {
            case (let stream?, let datagrams?): pairs[endpoint] = Pair(stream: stream, datagrams: datagrams)
            case (nil, _): problems.append("inherited sockets at \(endpoint.text): TCP is missing (ListenStream=)")
            case (_, nil): problems.append("inherited sockets at \(endpoint.text): UDP is missing (ListenDatagram=)")
            }
        }
        guard problems.isEmpty else { throw Failure(problems: problems) }
    }

    /// The sockets of an address; nil if there are none.
    subscript(endpoint: SocketEndpoint) -> Pair? { pairs[endpoint] }

    /// Most UDP sockets of one address: each needs a worker.
    package var mostDatagrams: Int { pairs.values.map(\.datagrams.count).max() ?? 0 }

    /// Keeps the sockets, and the variables that speak of them, from programs that this one starts. The C functions are `fcntl` and `unsetenv`.
    package func claim() {
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        for variable in Self.variables { unsetenv(variable) }
    }
}

/// Why an inherited descriptor cannot be used.
private struct Unusable: Error {
    let text: String

    init(_ text: String) { self.text = text }
}

/// What the kernel says of an inherited descriptor. The C functions are `getsockopt`, `getsockname` and `getpeername`.
private struct InheritedSocket {
    let endpoint: SocketEndpoint
    let isStream: Bool

    init(_ descriptor: Int32) throws(Unusable) {
        guard fcntl(descriptor, F_GETFD) >= 0 else { throw Unusable("is not open") }
        guard let type = Self.option(descriptor, SOL_SOCKET, SO_TYPE) else { throw Unusable("is no socket") }
        switch type {
        case Int32(SOCK_STREAM.rawValue): isStream = true
        case Int32(SOCK_DGRAM.rawValue): isStream = false
        default: throw Unusable("is a socket for neither TCP nor UDP")
        }
        guard let endpoint = Self.endpoint(descriptor) else { throw Unusable("is bound to no address of IPv4 or IPv6") }
        self.endpoint = endpoint
        if isStream {
            guard Self.option(descriptor, SOL_SOCKET, SO_ACCEPTCONN) == 1 else {
                throw Unusable("is a connection, or does not listen: Accept=no is needed")
            }
        } else {
            var peer = sockaddr_storage()
            guard !Self.hasName(&peer, { getpeername(descriptor, $0, $1) }) else { throw Unusable("is connected to one client") }
        }
        if case .v6 = endpoint.address, endpoint.address.isUnspecified,
            Self.option(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) != 1
        {
            throw Unusable("takes IPv4 too: BindIPv6Only=ipv6-only is needed")
        }
    }

    private static func option(_ descriptor: Int32, _ level: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout.size(ofValue: value))
        return getsockopt(descriptor, level, name, &value, &length) == 0 ? value : nil
    }

    private static func hasName(
        _ storage: inout sockaddr_storage, _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Bool {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &length) == 0 }
        }
    }

    private static func endpoint(_ descriptor: Int32) -> SocketEndpoint? {
        var storage = sockaddr_storage()
        guard hasName(&storage, { getsockname(descriptor, $0, $1) }) else { return nil }
        return withUnsafeBytes(of: storage) { octets in
            switch Int32(storage.ss_family) {
            case AF_INET:
                let name = octets.loadUnaligned(as: sockaddr_in.self)
                let address = IPAddress.v4(IPv4Address(value: UInt32(bigEndian: name.sin_addr.s_addr)))
                return SocketEndpoint(address: address, port: UInt16(bigEndian: name.sin_port))
            case AF_INET6:
                let name = octets.loadUnaligned(as: sockaddr_in6.self)
                let value = withUnsafeBytes(of: name.sin6_addr) { UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)) }
                let scope = name.sin6_scope_id == 0 ? nil : String(name.sin6_scope_id)
                return SocketEndpoint(address: .v6(IPv6Address(value: value)), port: UInt16(bigEndian: name.sin6_port), scope: scope)
            default: return nil
            }
        }
    }
}
