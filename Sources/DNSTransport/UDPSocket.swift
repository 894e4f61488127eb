import Glibc
import IPAddressing

/// A bound UDP socket that others may share the port with (SO_REUSEPORT), owned by the caller, who must `close` it.
struct UDPSocket: Sendable {
    let descriptor: Int32
    /// Whether it takes packets for every address of the machine, and so must say from which one it answers.
    let isWildcard: Bool
    let isIPv6: Bool
    /// Whether the supervisor has it too, and hands it to the next server.
    private let isInherited: Bool

    /// Octets that the kernel is asked to queue for a socket while its worker is busy.
    private static let receiveBuffer: Int32 = 4 << 20
    /// How long a worker waits in the kernel until it looks whether it must stop, if nothing else wakes it.
    private static let longestWait = timeval(tv_sec: 1, tv_usec: 0)

    /// Binds a socket, also to an address that the machine does not have yet. The C functions are `socket` and `bind`.
    init(_ endpoint: SocketEndpoint) throws(ListenError) {
        let address = try SocketAddress(listening: endpoint)
        let descriptor = socket(address.family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ListenError(endpoint, errno) }
        self.descriptor = descriptor
        isWildcard = endpoint.address.isUnspecified
        isIPv6 = address.family == AF_INET6
        isInherited = false
        set(SOL_SOCKET, SO_REUSEPORT, Int32(1))
        if address.family == AF_INET6 { set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, Int32(1)) }
        let option = FreeBinding(of: address.family)
        set(option.level, option.name, Int32(1))
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0 else {
            let error = ListenError(endpoint, errno)
            close()
            throw error
        }
        setUp(address.family)
    }

    /// Another descriptor of a socket that the supervisor has bound. The C function is `fcntl`.
    init(inherited: Int32, _ endpoint: SocketEndpoint) throws(ListenError) {
        let address = try SocketAddress(listening: endpoint)
        descriptor = fcntl(inherited, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw ListenError(endpoint, errno) }
        (isWildcard, isIPv6, isInherited) = (endpoint.address.isUnspecified, address.family == AF_INET6, true)
        // A worker waits in it.
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        setUp(address.family)
    }

    private func setUp(_ family: Int32) {
        // The first needs CAP_NET_ADMIN and goes beyond the system's limit; without it the second goes as far as that.
        set(SOL_SOCKET, SO_RCVBUFFORCE, Self.receiveBuffer)
        if receiveBuffer < Self.receiveBuffer { set(SOL_SOCKET, SO_RCVBUF, Self.receiveBuffer) }
        set(SOL_SOCKET, SO_RCVTIMEO, Self.longestWait)
        if isWildcard { askForPacketInformation(family) }
        ignorePathMTU(family)
    }

    /// Whether the kernel queues less than it was asked to: the system's limit is lower, and bursts of queries are lost sooner.
    var isShortOfBuffer: Bool { receiveBuffer < Self.receiveBuffer }

    /// Octets that the kernel queues now.
    private var receiveBuffer: Int32 {
        var octets: Int32 = 0
        var length = socklen_t(MemoryLayout.size(ofValue: octets))
        getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &octets, &length)
        return octets
    }

    private func askForPacketInformation(_ family: Int32) {
        if family == AF_INET {
            set(Int32(IPPROTO_IP), IP_PKTINFO, Int32(1))
        } else {
            set(Int32(IPPROTO_IPV6), IPV6_RECVPKTINFO, Int32(1))
        }
    }

    /// Has forged "fragmentation needed" messages ignored, which would make our responses smaller packets (RFC 9715 §3.1).
    private func ignorePathMTU(_ family: Int32) {
        if family == AF_INET {
            set(Int32(IPPROTO_IP), IP_MTU_DISCOVER, IP_PMTUDISC_OMIT)
        } else {
            set(Int32(IPPROTO_IPV6), IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT)
        }
    }

    /// Sets an option. A failure is ignored: the server works without each of them, only less well.
    private func set<Value: BitwiseCopyable>(_ level: Int32, _ option: Int32, _ value: Value) {
        withUnsafeBytes(of: value) { _ = setsockopt(descriptor, level, option, $0.baseAddress, socklen_t($0.count)) }
    }

    /// Has packets go to other sockets of the port from now on, and wakes the worker that waits for one; what has arrived can still be read. The
    /// C functions are `connect`, to its own address, and `shutdown`. An inherited socket stays as it is for the next server, so its worker wakes
    /// within a second by itself.
    func retire() {
        guard !isInherited else { return }
        var own = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutablePointer(to: &own) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getsockname(descriptor, address, &length) == 0 else { return }
                _ = connect(descriptor, address, length)
            }
        }
        _ = shutdown(descriptor, Int32(SHUT_RD))
    }

    func close() { _ = Glibc.close(descriptor) }
}
