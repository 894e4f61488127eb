import IPAddressing
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A GET of a URL, of which the status alone matters: no redirect is followed, no certificate is looked at.
struct HTTPCheck: Hashable {
    /// Whether the connection is TLS.
    let isSecure: Bool
    /// Where to connect.
    let port: CheckedPort
    /// The path and query, as the request line has them (RFC 9112 §3.2.1).
    let target: String

    private static let defaultPorts: [String: UInt16] = ["http": 80, "https": 443]

    /// Reads `http://host:port/path` or `https://host:port/path`; nil for anything else.
    init?(_ url: String) {
        guard let scheme = Self.defaultPorts.first(where: { url.hasPrefix($0.key + "://") }) else { return nil }
        let address = url.dropFirst(scheme.key.count + 3)
        let end = address.firstIndex { "/?".contains($0) } ?? address.endIndex
        // RFC 9110 §4.2: octets that a URL has as they are, and no fragment.
        guard address[end...].utf8.allSatisfy({ 33...126 ~= $0 && $0 != UInt8(ascii: "#") }),
            let port = CheckedPort(address[..<end], defaultPort: scheme.value)
        else { return nil }
        isSecure = scheme.key == "https"
        self.port = port
        target = address[end...].hasPrefix("/") ? String(address[end...]) : "/" + address[end...]
    }

    /// The `Host` field: without the port where it is the scheme's own (RFC 9110 §7.2).
    var hostField: String {
        let isUsual = Self.defaultPorts[isSecure ? "https" : "http"] == port.port
        return isUsual ? String(port.text[..<(port.text.lastIndex(of: ":") ?? port.text.endIndex)]) : port.text
    }

    /// Connects, asks, and gives the status; `limit` is how long connecting may take. Cancelling the task closes the connection.
    func status(within limit: Duration) async throws -> HTTPResponseStatus {
        let request = request
        let tls = isSecure ? try Self.tls.get() : nil
        // Names alone stand in the TLS handshake (RFC 6066 §3).
        let name = IPAddress(port.host) == nil ? port.host : nil
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(TimeAmount(limit))
        let (channel, status) = try await bootstrap.connect(host: port.host, port: Int(port.port)) { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name)) }
                try pipeline.addHTTPClientHandlers()
                let status = channel.eventLoop.makePromise(of: HTTPResponseStatus.self)
                try pipeline.addHandler(StatusReader(request, status))
                return (channel, status.futureResult)
            }
        }
        return try await withTaskCancellationHandler {
            try await status.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    /// The request of a client that comes for the first time and asks once.
    private var request: HTTPRequestHead {
        HTTPRequestHead(
            version: .http1_1, method: .GET, uri: target,
            headers: ["Host": hostField, "User-Agent": "zoodns", "Connection": "close"])
    }

    /// Asked by its address, a provider has a certificate for another name; nothing is trusted that it says.
    private static let tls: Result<NIOSSLContext, any Error> = Result {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.applicationProtocols = ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }
}

/// Sends a request once the connection is up, reports the status of the response, and closes the connection.
private final class StatusReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequestHead
    private var status: EventLoopPromise<HTTPResponseStatus>?

    init(_ request: HTTPRequestHead, _ status: EventLoopPromise<HTTPResponseStatus>) { (self.request, self.status) = (request, status) }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        complete(.success(head.status))
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

    private func complete(_ result: Result<HTTPResponseStatus, any Error>) {
        status?.completeWith(result)
        status = nil
    }
}
