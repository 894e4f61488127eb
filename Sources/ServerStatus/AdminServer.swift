import Glibc
import Handoff
import HummingbirdCore
import IPAddressing
import Logging
import NIOCore
import NIOPosix

/// Where the admin endpoint listens.
package enum AdminAddress: Hashable, Sendable {
    /// TCP at an IP address.
    case tcp(SocketEndpoint)
    /// A unix socket at a path; a socket file that no server listens at is replaced.
    case unixSocket(String)

    /// Octets of a unix socket's path at most. The C type is `sockaddr_un`, with a final NUL.
    package static let longestPath = 107

    /// `127.0.0.1:9153`, `[::1]:9153`, or a path, which has a slash; nil for anything else.
    package init?(_ text: String) {
        if text.contains("/") {
            guard text.utf8.count <= Self.longestPath, !text.hasSuffix("/"), !text.utf8.contains(0) else { return nil }
            self = .unixSocket(text)
        } else {
            guard let endpoint = SocketEndpoint(text) else { return nil }
            self = .tcp(endpoint)
        }
    }

    /// The address as `init` reads it.
    package var text: String {
        switch self {
        case .tcp(let endpoint): endpoint.text
        case .unixSocket(let path): path
        }
    }
}

/// Why the admin endpoint cannot listen.
package struct AdminError: Error {
    /// What is wrong and how to mend it, in one line.
    package let text: String

    init(_ address: AdminAddress, _ code: Int32) {
        text = "cannot listen at \(address.text): \(String(cString: strerror(code))); choose another address with --admin"
    }
}

/// The admin endpoint: what the server shows of itself, over HTTP/1.1.
///
/// A client costs no other client anything: its requests are short, its responses wait for it alone, and not for long.
package final class AdminServer: Sendable {
    /// Where it listens, with the port that it got.
    package let address: AdminAddress
    private let group: MultiThreadedEventLoopGroup
    private let listener: NIOAsyncChannel<HTTP1Channel.Value, Never>
    private let connections: AdminConnections
    private let logger: Logger

    /// How long a connection may stand without a request.
    private static let idleLimit: TimeAmount = .seconds(30)
    /// Octets of a request's first line and header fields, and how many fields there may be.
    private static let longestHead = 16 << 10
    private static let mostFields = 100
    /// Connections that may wait to be accepted.
    private static let backlog: ChannelOptions.Types.BacklogOption.Value = 64
    /// Octets that are read from a client at once.
    private static let readSize = 4 << 10

    private init(
        _ address: AdminAddress, _ group: MultiThreadedEventLoopGroup, _ listener: NIOAsyncChannel<HTTP1Channel.Value, Never>,
        _ logger: Logger
    ) {
        (self.address, self.group, self.listener, self.logger) = (address, group, listener, logger)
        connections = AdminConnections(loop: group.next())
    }

    /// Takes an address. From here clients queue up, `run` answers them.
    package static func listen(_ address: AdminAddress, logger: Logger) async throws(AdminError) -> AdminServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let listener = try await bind(address, group, logger)
            return AdminServer(address.withPort(of: listener.channel), group, listener, logger)
        } catch {
            try? await group.shutdownGracefully()
            throw AdminError(address, (error as? IOError)?.errnoCode ?? EINVAL)
        }
    }

    private static func bind(
        _ address: AdminAddress, _ group: MultiThreadedEventLoopGroup, _ logger: Logger
    ) async throws -> NIOAsyncChannel<HTTP1Channel.Value, Never> {
        let http = HTTP1Channel(responder: { _, _, _ in }, configuration: configuration)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AcceptFailures(logger)) }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: readSize))
            .childChannelOption(.maxMessagesPerRead, value: 1)
        let setUp: @Sendable (any Channel) -> EventLoopFuture<HTTP1Channel.Value> = { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(RequestLimit()) }
                .flatMap { http.setup(channel: channel, logger: logger) }
        }
        switch address {
        case .tcp(let endpoint):
            let socket = try NIOCore.SocketAddress(ipAddress: endpoint.address.text, port: Int(endpoint.port))
            return try await bootstrap.bind(to: socket, childChannelInitializer: setUp)
        case .unixSocket(let path):
            if isAlive(path) { throw IOError(errnoCode: EADDRINUSE, reason: "connect") }
            return try await bootstrap.bind(
                unixDomainSocketPath: path, cleanupExistingSocketFile: true, childChannelInitializer: setUp)
        }
    }

    private static var configuration: HTTP1Channel.Configuration {
        .init(
            idleTimeout: idleLimit,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: longestHead, maxHeaderListSize: longestHead, maxHeaderFieldCount: mostFields))
    }

    /// Whether a server listens at a unix socket. The C function is `connect`.
    private static func isAlive(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard let address = try? NIOCore.SocketAddress(unixDomainSocketPath: path) else { return false }
        // A full queue of connections is a server's too.
        return address.withSockAddr { connect(descriptor, $0, socklen_t($1)) == 0 || errno == EAGAIN }
    }
}

extension AdminAddress {
    /// Whether this machine alone gets there over IP.
    fileprivate var isLoopback: Bool { if case .tcp(let endpoint) = self { endpoint.address.isLoopback } else { false } }

    fileprivate func withPort(of channel: any Channel) -> AdminAddress {
        guard case .tcp(var endpoint) = self else { return self }
        endpoint.port = UInt16(clamping: channel.localAddress?.port ?? 0)
        return .tcp(endpoint)
    }
}

// MARK: Serving

extension AdminServer {
    /// How long clients have to take their last responses.
    private static let drainLimit: TimeAmount = .milliseconds(500)
    /// How long connections that are being accepted have to come.
    private static let lastAccepts: TimeAmount = .milliseconds(100)

    /// Answers requests until the task is cancelled; then lets responses end, and closes.
    package func run(_ routes: [any RouteGroup]) async {
        let responder = RoutedResponder(routes, isForLoopback: address.isLoopback, logger)
        // Whatever clients ask for, all else has the other processors.
        let thread = TaskThread()
        let hasThread = (try? thread.start()) != nil
        let http = HTTP1Channel(
            responder: { [connections] request, writer, channel in
                connections.begin(channel)
                defer { connections.end(channel) }
                let response = try await responder.response(to: request, on: channel)
                if response.headers[.contentType]?.hasPrefix("text/event-stream") == true { connections.stream(channel) }
                try await writer.write(response: response.head, body: response.body)
            }, configuration: Self.configuration)
        let serving = Task { await withTaskExecutorPreference(hasThread ? thread : nil) { await serve(http) } }
        await withTaskCancellationHandler {
            await serving.value
        } onCancel: {
            // Rather than the task: SwiftNIO ends the program for a connection that was accepted and that no task takes.
            _ = listener.channel.setOption(.autoRead, value: false)
            _ = group.next().scheduleTask(in: Self.lastAccepts) { [listener] in listener.channel.close(promise: nil) }
            connections.closeAll(in: Self.drainLimit)
        }
        thread.stop()
        try? await group.shutdownGracefully()
        if case .unixSocket(let path) = address { unlink(path) }
        // Everything else works without it: its early end must not be the program's.
        if !Task.isCancelled { logger.error("admin endpoint has ended", metadata: ["address": "\(address.text)"]) }
        try? await Task.sleep(for: .seconds(Int32.max))
    }

    private func serve(_ http: HTTP1Channel) async {
        let logger = Self.quiet(logger)
        try? await listener.executeThenClose { inbound in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in inbound {
                    connections.add(connection.channel)
                    group.addTask { [connections] in
                        await http.handle(value: connection, logger: logger)
                        connections.remove(connection.channel)
                    }
                }
                group.cancelAll()
            }
        }
    }

    /// What a client does wrong is nothing for the log.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .error)
        return logger
    }
}
