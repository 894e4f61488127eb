import DNSAuthority
import FoundationEssentials
import Hummingbird
import ProviderRegistry

/// The status page at `/`, and what it asks for: `/status.json` and what is below `/status`.
package struct PageRoutes: RouteGroup {
    private let page = StatusPage()
    private let sources: StatusSources
    private let listing: ServiceListing
    private let changes: ChangeFeed
    /// Explains how a name is answered; nil for a name in no zone.
    private let explain: @Sendable (String) async -> String?

    /// Services of a list, or providers of a service, that are sent at once.
    private static let mostRows = 500

    package init(_ sources: StatusSources, _ changes: ChangeFeed, explain: @escaping @Sendable (String) async -> String?) {
        (self.sources, self.changes, self.explain) = (sources, changes, explain)
        listing = ServiceListing(sources.board)
    }

    package func add(to router: Router<BasicRequestContext>) {
        router.get("") { _, _ in document }
        router.get("status.json") { _, _ in try Response.json(sources.report) }
        router.get("status/changes") { _, _ in Response.text(changes.recentJSON + "\n", type: "application/json") }
        router.get("status/services") { request, _ in try await services(request.uri.queryParameters) }
        router.get("status/service") { request, _ in try service(request.uri.queryParameters) }
        router.get("status/explain") { request, _ in await explanation(of: request.uri.queryParameters) }
    }

    private var document: Response {
        var response = Response.text(page.html, type: "text/html; charset=utf-8")
        for (name, value) in [("Content-Security-Policy", page.contentSecurityPolicy), ("Referrer-Policy", "no-referrer")] {
            if let name = HTTPFields.Element.Name(name) { response.headers[name] = value }
        }
        return response
    }

    private func services(_ parameters: Parameters) async throws -> Response {
        let zone = parameters["zone"].map(String.init) ?? ""
        guard
            let question = ServiceQuestion(
                zone: zone.isEmpty ? nil : DomainName(text: zone), search: String(parameters["search"] ?? ""),
                sort: String(parameters["sort"] ?? "name")),
            let offset = number("offset", in: parameters, fallback: 0), let limit = number("limit", in: parameters, fallback: 100)
        else {
            return .text(
                "sort: name, providers, held or changed, with - in front for the reverse; offset and limit: numbers\n", status: .badRequest)
        }
        return try .json(await listing.page(question, offset: offset, limit: min(limit, Self.mostRows)))
    }

    private func service(_ parameters: Parameters) throws -> Response {
        guard let zone = parameters["zone"].flatMap({ DomainName(text: String($0)) }), let name = parameters["name"],
            let limit = number("limit", in: parameters, fallback: 100),
            let record = sources.board.records.first(where: { $0.origin == zone })?.record,
            let detail = ServiceDetail(
                ServiceName(String(name)), in: zone, sources.layouts[zone], record, atMost: min(limit, Self.mostRows), at: .now)
        else { return .text("no such service\n", status: .notFound) }
        return try .json(detail)
    }

    private func explanation(of parameters: Parameters) async -> Response {
        guard let name = parameters["name"], let text = await explain(String(name)) else {
            return .text("not a name in a zone that is served here\n", status: .notFound)
        }
        return .text(text)
    }

    private func number(_ name: String, in parameters: Parameters, fallback: Int) -> Int? {
        guard let text = parameters[name[...]] else { return fallback }
        return Int(text).flatMap { $0 >= 0 ? $0 : nil }
    }
}
