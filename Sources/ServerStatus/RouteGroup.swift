import FoundationEssentials
import Hummingbird
import HummingbirdCore
import IPAddressing
import Logging
import NIOCore

/// Some paths of the admin endpoint, and what is answered there.
package protocol RouteGroup: Sendable {
    /// Adds the paths to the endpoint's.
    func add(to router: Router<BasicRequestContext>)
}

/// Finds the route of a request, and answers where there is none.
struct RoutedResponder: Sendable {
    private let responder: RouterResponder<BasicRequestContext>
    private let isForLoopback: Bool
    private let logger: Logger

    /// `isForLoopback`: the endpoint is at a loopback address.
    init(_ groups: [any RouteGroup], isForLoopback: Bool, _ logger: Logger) {
        self.isForLoopback = isForLoopback
        let router = Router(options: .autoGenerateHeadEndpoints)
        for group in groups { group.add(to: router) }
        responder = router.buildResponder()
        self.logger = logger
    }

    /// The response, with what every response says.
    func response(to request: Request, on channel: any Channel) async throws -> Response {
        let context = BasicRequestContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        var response: Response
        if isForeign(request) {
            response = .text("requests of other sites are not answered\n", status: .forbidden)
        } else {
            do {
                response =
                    Self.isQuick(request)
                    ? try await responder.respond(to: request, context: context)
                    : try await LongWork.run { try await responder.respond(to: request, context: context) }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                response = .text("\(error)\n", status: .internalServerError)
            }
        }
        response.headers[.xContentTypeOptions] = "nosniff"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return response
    }
}

// MARK: Which requests are answered, and where

extension RoutedResponder {
    /// Whether a request is answered at once: what watches over the server asks for it.
    private static func isQuick(_ request: Request) -> Bool { ["/livez", "/readyz", "/metrics"].contains(request.uri.path) }

    /// Whether a page of another site has made a browser send a request: its origin is another one, or its name has been led to a loopback
    /// address (DNS rebinding). No browser sends a POST without an origin; Envoy does, with the name of its cluster for a host.
    private func isForeign(_ request: Request) -> Bool {
        let host = request.head.authority ?? ""
        if let origin = request.headers[.origin] {
            if origin != "http://\(host)", origin != "https://\(host)" { return true }
        } else if request.method == .post {
            return false
        }
        return isForLoopback && !host.isEmpty && !Self.isLoopback(host)
    }

    /// Whether a host, perhaps with a port, is `localhost` or a loopback address.
    private static func isLoopback(_ host: String) -> Bool {
        let name = host.hasPrefix("[") ? host.dropFirst().prefix { $0 != "]" } : host.prefix { $0 != ":" }
        return name.lowercased() == "localhost" || IPAddress(String(name))?.isLoopback == true
    }
}

extension Response {
    /// Plain text.
    static func text(_ text: String, status: HTTPResponse.Status = .ok, type: String = "text/plain; charset=utf-8") -> Response {
        Response(status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// JSON, whose text escapes what is hostile (RFC 8259 §7).
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return text(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n", status: status, type: "application/json")
    }
}
