import Hummingbird
import HummingbirdCore
import IPAddressing
import Logging
import NIOCore
import ServiceLifecycle

/// Where the admin endpoint listens.
package enum AdminAddress: Hashable, Sendable {
    /// TCP at an IP address.
    case tcp(SocketEndpoint)
    /// A unix socket at a path; a socket file that is left there is replaced.
    case unixSocket(String)

    fileprivate var bind: BindAddress {
        switch self {
        case .tcp(let endpoint): .hostname(endpoint.address.text, port: Int(endpoint.port))
        case .unixSocket(let path): .unixDomainSocket(path: path)
        }
    }
}

/// The admin endpoint: what the server shows of itself, over HTTP/1.1.
package struct AdminServer: Service {
    private let address: AdminAddress
    private let logger: Logger

    /// Connections at once; more of them wait.
    private static let mostConnections = 100
    /// How long a connection may stand without a request.
    private static let idleLimit: TimeAmount = .seconds(30)

    package init(_ address: AdminAddress, logger: Logger) {
        self.address = address
        self.logger = logger
    }

    /// Serves until the task is cancelled or a graceful shutdown begins.
    package func run() async throws {
        let application = Application(
            router: router, server: .http1(configuration: .init(idleTimeout: Self.idleLimit)),
            configuration: ApplicationConfiguration(
                address: address.bind, availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)),
            logger: logger)
        try await application.run()
    }

    private var router: Router<BasicRequestContext> {
        let router = Router()
        router.get("livez") { _, _ in "ok\n" }
        return router
    }
}
