import FoundationEssentials
import Hummingbird
import HummingbirdCore
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
    private let logger: Logger

    init(_ groups: [any RouteGroup], _ logger: Logger) {
        let router = Router(options: .autoGenerateHeadEndpoints)
        for group in groups { group.add(to: router) }
        responder = router.buildResponder()
        self.logger = logger
    }

    /// The response, with what every response says.
    func response(to request: Request, on channel: any Channel) async throws -> Response {
        let context = BasicRequestContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        var response: Response
        do { response = try await responder.respond(to: request, context: context) } catch is CancellationError {
            throw CancellationError()
        } catch {
            response = .text("\(error)\n", status: .internalServerError)
        }
        response.headers[.xContentTypeOptions] = "nosniff"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return response
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
