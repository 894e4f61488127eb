import Glibc
import IPAddressing

/// A TCP connection that is begun to learn whether its port is refused; nothing is sent over it. The C functions are `connect` and `poll`.
package final class ConnectProbe {
    /// What has become of it.
    package enum Outcome {
        /// Nothing has come back yet.
        case pending
        /// The host answers that no program listens there.
        case refused
        /// It is connected, or cannot be for a reason that says nothing of the port.
        case other
    }

    private let descriptor: Int32
    private var known = Outcome.pending

    /// Begins to connect, without waiting.
    package init(_ endpoint: SocketEndpoint) {
        guard let address = SocketAddress(endpoint) else {
            (descriptor, known) = (-1, .other)
            return
        }
        let socket = socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let code = socket < 0 ? errno : address.withPointer { connect(socket, $0, $1) == 0 ? 0 : errno }
        descriptor = socket
        if code != EINPROGRESS { known = code == ECONNREFUSED ? .refused : .other }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// What has become of it by now.
    package var outcome: Outcome {
        guard case .pending = known else { return known }
        var event = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&event, 1, 0) > 0 else { return .pending }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        // Reading it clears it.
        let isRead = getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0
        known = isRead && code == ECONNREFUSED ? .refused : .other
        return known
    }
}
