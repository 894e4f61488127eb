import Glibc
import IPAddressing

/// The UDP sockets of messages to other servers, one for each family of addresses. The C functions are `sendto`, `recvfrom` and `poll`.
final class NotifySockets {
    private var ipv4: Int32 = -1
    private var ipv6: Int32 = -1
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)

    deinit {
        for descriptor in [ipv4, ipv6] where descriptor >= 0 { close(descriptor) }
        memory.deallocate()
    }

    /// Waits for so many milliseconds, -1 for no limit, or until a message has come or a descriptor can be read.
    func wait(for wakes: Int32, _ milliseconds: Int32) {
        // A negative descriptor is left out.
        var polled = [wakes, ipv4, ipv6].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        poll(&polled, nfds_t(polled.count), milliseconds)
    }

    /// Sends a message; false if that cannot be done now.
    func send(_ message: [UInt8], to endpoint: SocketEndpoint) -> Bool {
        guard let address = SocketAddress(endpoint) else { return false }
        let descriptor = descriptor(ofFamily: address.family)
        guard descriptor >= 0 else { return false }
        return address.withPointer { sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, $1) } == message.count
    }

    private func descriptor(ofFamily family: Int32) -> Int32 {
        func opened(_ known: Int32) -> Int32 {
            known >= 0 ? known : socket(family, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        if family == AF_INET {
            ipv4 = opened(ipv4)
            return ipv4
        }
        ipv6 = opened(ipv6)
        return ipv6
    }

    /// A message that has come, and from where; nil if there is none.
    func receive() -> (octets: [UInt8], endpoint: SocketEndpoint)? {
        for descriptor in [ipv4, ipv6] where descriptor >= 0 {
            var peer = sockaddr_in6()
            var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            let count = withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor, memory.baseAddress, memory.count, 0, $0, &length)
                }
            }
            if count >= 0 { return (Array(memory.prefix(count)), SocketEndpoint(peer)) }
        }
        return nil
    }
}

extension SocketEndpoint {
    /// The address that `recvfrom` gave, without a scope. The C types are `sockaddr_in` and `sockaddr_in6`.
    fileprivate init(_ peer: sockaddr_in6) {
        let octets = withUnsafeBytes(of: peer) { Array($0) }
        // Both types begin with family and port.
        let port = UInt16(octets[2]) << 8 | UInt16(octets[3])
        let address: IPAddress =
            if Int32(peer.sin6_family) == AF_INET {
                .v4(IPv4Address(value: octets[4..<8].reduce(0) { $0 << 8 | UInt32($1) }))
            } else {
                .v6(IPv6Address(value: octets[8..<24].reduce(0) { $0 << 8 | UInt128($1) }))
            }
        self.init(address: address, port: port)
    }
}
