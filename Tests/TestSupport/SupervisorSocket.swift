import Foundation

/// The socket of a supervisor, and what programs have sent there; a path, or a name behind `@` in the abstract namespace.
package final class SupervisorSocket {
    /// What `NOTIFY_SOCKET` has to say.
    package let place: String
    private let descriptor: Int32
    private var received: [String] = []

    package init(isAbstract: Bool = false) throws {
        place = isAbstract ? "@zoodns-\(UUID().uuidString)" : NSTemporaryDirectory() + "/n-\(UUID().uuidString.prefix(8))"
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var octets = Array(place.utf8)
        if isAbstract { octets[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: octets) }
        let length = isAbstract ? 2 + octets.count : MemoryLayout<sockaddr_un>.size
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(length)) == 0 }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        if !isAbstract { chmod(place, 0o777) }
    }

    deinit {
        close(descriptor)
        if place.hasPrefix("/") { unlink(place) }
    }

    /// All messages so far, each as it was sent.
    package var messages: [String] {
        var octets = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &octets, octets.count, 0)
            guard count >= 0 else { return received }
            received.append(String(decoding: octets.prefix(count), as: UTF8.self))
        }
    }
}
