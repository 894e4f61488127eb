import IPAddressing
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One GET over a connection of its own, as a client that comes for the first time and asks once.
struct HTTPExchange {
    /// Where the server is.
    enum Place: Hashable {
        /// A host name or address, IPv6 without brackets, and a port.
        case tcp(host: String, port: UInt16)
        /// A unix socket's path.
        case unixSocket(String)
    }

    /// What the server answers.
    struct Response {
        let status: HTTPResponseStatus
        let body: [UInt8]
    }

    let place: Place
    /// Whether the connection is TLS. No certificate is looked at.
    var isSecure = false
    /// The `Host` field (RFC 9110 §7.2).
    let hostField: String
    /// The path and query, as the request line has them (RFC 9112 §3.2.1).
    let target: String
    /// Most octets of a body; nil for a client to whom the status alone matters, which does not wait for the body.
    var longestBody: Int?

    /// The body is longer than was allowed.
    struct TooLong: Error {}

    /// Connects, asks, and gives the response; `limit` is how long connecting may take. Cancelling the task closes the connection.
    func response(connectingWithin limit: Duration) async throws -> Response {
        let tls = isSecure ? try Self.tls.get() : nil
        let (request, longestBody, serverName) = (request, longestBody, serverName)
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(TimeAmount(limit))
        let setUp: @Sendable (any Channel) -> EventLoopFuture<(any Channel, EventLoopFuture<Response>)> = { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: serverName)) }
                try pipeline.addHTTPClientHandlers()
                let response = channel.eventLoop.makePromise(of: Response.self)
                try pipeline.addHandler(ResponseCollector(request, response, longestBody: longestBody))
                return (channel, response.futureResult)
            }
        }
        let (channel, response) =
            switch place {
            case .tcp(let host, let port): try await bootstrap.connect(host: host, port: Int(port), channelInitializer: setUp)
            case .unixSocket(let path): try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: setUp)
            }
        return try await withTaskCancellationHandler {
            try await response.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    private var request: HTTPRequestHead {
        HTTPRequestHead(
            version: .http1_1, method: .GET, uri: target,
            headers: ["Host": hostField, "User-Agent": "zoodns", "Connection": "close"])
    }

    /// Names alone stand in the TLS handshake (RFC 6066 §3).
    private var serverName: String? {
        guard case .tcp(let host, _) = place else { return nil }
        return IPAddress(host) == nil ? host : nil
    }

    /// Asked by its address, a provider has a certificate for another name; nothing is trusted that it says.
    private static let tls: Result<NIOSSLContext, any Error> = Result {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.applicationProtocols = ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }
}

/// Sends a request once the connection is up, reports the response, and closes the connection.
private final class ResponseCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequestHead
    private let longestBody: Int?
    private var response: EventLoopPromise<HTTPExchange.Response>?
    private var status: HTTPResponseStatus?
    private var body: [UInt8] = []

    init(_ request: HTTPRequestHead, _ response: EventLoopPromise<HTTPExchange.Response>, longestBody: Int?) {
        (self.request, self.response, self.longestBody) = (request, response, longestBody)
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = head.status
            if longestBody == nil { end(context) }
        case .body(let buffer):
            guard let longestBody else { return }
            guard body.count + buffer.readableBytes <= longestBody else {
                complete(.failure(HTTPExchange.TooLong()))
                return context.close(promise: nil)
            }
            body += buffer.readableBytesView
        case .end: end(context)
        }
    }

    private func end(_ context: ChannelHandlerContext) {
        if let status { complete(.success(HTTPExchange.Response(status: status, body: body))) }
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        complete(.failure(error))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        complete(.failure(ChannelError.eof))
        context.fireChannelInactive()
    }

    /// A connection that was never made has no other end.
    func handlerRemoved(context: ChannelHandlerContext) { complete(.failure(ChannelError.eof)) }

    private func complete(_ result: Result<HTTPExchange.Response, any Error>) {
        response?.completeWith(result)
        response = nil
    }
}
