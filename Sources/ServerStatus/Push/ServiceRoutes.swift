import FoundationEssentials
import Hummingbird
import NIOCore
import ProviderRegistry

/// `/v1/services/NAME`: a service as JSON; `/sd/prometheus`: targets for Prometheus (`http_sd_configs`); `/v3/discovery:endpoints`: endpoints
/// for Envoy (EDS over REST).
package struct ServiceRoutes: RouteGroup {
    private let services: ServedServices
    let polling: LongPolling

    package init(_ services: ServedServices, _ polling: LongPolling) { (self.services, self.polling) = (services, polling) }

    package func add(to router: Router<BasicRequestContext>) {
        router.get("v1/services/**") { request, context in
            let name = context.parameters.getCatchAll().map(PathText.decode)
            guard !name.isEmpty, !name.contains(nil) else {
                return Response.problem(PushProblem.badRequest("no name of a service"))
            }
            let text = name.compactMap(\.self).joined(separator: "/")
            return try await polling.respond(to: request) { try answer(text, in: request.uri.queryParameters["zone"].map(String.init)) }
        }
        router.get("sd/prometheus") { request, _ in
            try await polling.respond(to: request) { try targets(request.uri.queryParameters) }
        }
        router.post("v3/discovery:endpoints") { request, _ in
            do { return try await endpoints(request) } catch let problem as PushProblem { return .problem(problem) }
        }
    }

    /// A service of the first zone that has it.
    func answer(_ name: String, in origin: String?) throws -> PushAnswer {
        let zones = try services.zones(origin, of: name)
        let found = services.find(name, in: zones).first
        guard found?.isUnknown != true else { throw PushProblem.notReady }
        guard let answer = found.map(ServiceAnswer.init) ?? zones.first.map({ ServiceAnswer(missing: name, in: $0) }) else {
            throw PushProblem.noZone
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(answer), as: UTF8.self)
        return PushAnswer(text, serials: zones.serials, status: answer.exists ? .ok : .notFound)
    }

    private func targets(_ parameters: Parameters) throws -> PushAnswer {
        let zones = try services.zones(parameters["zone"].map(String.init), of: parameters["service"].map(String.init))
        let port = parameters["port"].map { String($0).lowercased() }
        guard let name = parameters["service"] else {
            return PushAnswer(id: zones.serials, content: .targets(ScrapeTargetPieces(services, zones, port: port)))
        }
        let found = services.find(String(name), in: zones)
        guard !found.contains(where: \.isUnknown) else { throw PushProblem.notReady }
        let groups = found.flatMap { service in
            ScrapeTargets.groups(port.map { services.service(at: service.owner, in: service.zone, port: $0) } ?? service)
        }
        return PushAnswer("[" + groups.joined(separator: ",") + "]", serials: zones.serials)
    }
}

// MARK: Envoy

extension ServiceRoutes {
    /// Octets of a request's body: Envoy sends about 77 KiB, most of it a list of its own extensions.
    private static let longestBody = 256 << 10
    /// Endpoints of one response: several names may stand for one large service.
    private static let mostEndpoints = 100_000
    /// How long a request is held whose sender does not say how long it waits.
    private static let usualHold: Duration = .seconds(5)
    /// Where Envoy says how long it waits for the response, in milliseconds.
    private static let timeout = HTTPFields.Element.Name("x-envoy-expected-rq-timeout-ms")

    /// The assignments that are asked for, as soon as they are others than the client has; 304 after a while.
    private func endpoints(_ original: Request) async throws -> Response {
        var request = original
        guard let body = try? await request.collectBody(upTo: Self.longestBody) else { throw PushProblem.tooLong }
        let asked = try DiscoveryRequest(Array(buffer: body))
        let look: @Sendable () throws -> PushAnswer? = {
            let found = try endpoints(asked.names)
            return found.isKnown(as: asked.version) ? nil : found
        }
        if let found = try look() { return polling.response(found) }
        let limit = Self.hold(request)
        do {
            guard let found = try await polling.hold(request, for: limit, until: look) else {
                return Response(status: .notModified).closing()
            }
            return polling.response(found).closing()
        } catch PushProblem.busy {
            // Envoy asks again after its own delay.
            return Response(status: .notModified)
        }
    }

    /// How long a request may be held: four fifths of what Envoy waits.
    private static func hold(_ request: Request) -> Duration {
        guard let text = timeout.flatMap({ request.headers[$0] }), let expected = Int32(text) else { return usualHold }
        return min(.milliseconds(max(0, expected)) * 4 / 5, LongPolling.longest)
    }

    private func endpoints(_ names: [String]) throws(PushProblem) -> PushAnswer {
        let zones = services.everyZone
        var assignments: [LoadAssignment] = []
        var count = 0
        for name in names {
            // What is left out of a response Envoy keeps as it has it.
            guard let assignment = services.assignment(name, in: zones) else { continue }
            count += assignment.count
            guard count <= Self.mostEndpoints else {
                throw .badRequest("more than \(Self.mostEndpoints) endpoints: ask for fewer names at once")
            }
            assignments.append(assignment)
        }
        guard !assignments.isEmpty || names.isEmpty else { throw .notReady }
        let (version, text) = LoadAssignment.response(assignments, label: zones.serials)
        return PushAnswer(id: version, content: .text(text))
    }
}

/// What Envoy asks for, of all that it sends: a `DiscoveryRequest` in JSON.
struct DiscoveryRequest {
    /// The version that it has; empty for none.
    let version: String
    /// The names of clusters, each once.
    let names: [String]

    /// Names of one request.
    private static let mostNames = 1000
    /// How deep Envoy nests its own description, and more.
    private static let deepest = 64

    /// Reads the body of a request.
    init(_ octets: [UInt8]) throws(PushProblem) {
        let members: JSONObject
        do throws(JSONValue.Failure) {
            guard case .object(let object) = try JSONValue(octets, deepest: Self.deepest) else { throw .malformed }
            members = object
        } catch {
            throw .badRequest("expected a JSON object")
        }
        if case .string(let type) = members["type_url"] ?? members["typeUrl"], type != LoadAssignment.type {
            throw .badRequest("expected type_url \(LoadAssignment.type)")
        }
        if case .string(let text) = members["version_info"] ?? members["versionInfo"] { version = text } else { version = "" }
        guard case .array(let elements) = members["resource_names"] ?? members["resourceNames"] ?? .array([]) else {
            throw .badRequest("resource_names: expected an array")
        }
        guard elements.count <= Self.mostNames else { throw .badRequest("resource_names: more than \(Self.mostNames)") }
        var seen: Set<String> = []
        var names: [String] = []
        for element in elements {
            guard case .string(let name) = element else { throw .badRequest("resource_names: expected texts") }
            if seen.insert(name).inserted { names.append(name) }
        }
        self.names = names
    }
}
