import Glibc
import IPAddressing

/// Why a server cannot listen at an address.
package struct ListenError: Error, Sendable {
    /// Where.
    package let endpoint: SocketEndpoint
    /// The C library's number for what went wrong.
    package let code: Int32

    init(_ endpoint: SocketEndpoint, _ code: Int32) {
        self.endpoint = endpoint
        self.code = code
    }

    /// What is wrong and how to mend it, in one line.
    package var text: String {
        let what = "cannot listen at \(endpoint.text): \(String(cString: strerror(code)))"
        return switch code {
        case EADDRINUSE: what + "; stop the server that is there, or choose another address or port with --listen"
        case EACCES, EPERM: what + "; ports below 1024 need CAP_NET_BIND_SERVICE, or choose another port with --listen"
        case EADDRNOTAVAIL: what + "; this machine has no such address: choose another with --listen"
        case EAGAIN: what + ", no thread for a worker: raise the limit on tasks, or choose fewer with --workers"
        case ENODEV: what + "; this machine has no such interface (yet): choose another with --listen"
        default: what + "; choose another address with --listen"
        }
    }
}

extension SocketAddress {
    /// The address of an endpoint to listen at; throws if there is no interface of the name that it gives.
    init(listening endpoint: SocketEndpoint) throws(ListenError) {
        guard let address = SocketAddress(endpoint) else { throw ListenError(endpoint, ENODEV) }
        self = address
    }
}
