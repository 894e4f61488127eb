extension RegistryFormat {
    /// Documents in JSON whose members stand where the zone's settings say, by pointers (RFC 6901): a registry that needs no code.
    static func json(_ parameters: [String: String]) throws(Problem) -> RegistryFormat {
        let fields = try DocumentPointers(parameters)
        return RegistryFormat("json", parameters: parameters) { name, octets throws(ProviderDocument.Rejection) in
            guard name.text.hasPrefix(fields.prefix), name.text.hasSuffix(fields.suffix) else { return .nothing }
            return .provider(try fields.read(ProviderDocument.json(octets)))
        }
    }
}

/// Where the members of a document stand.
struct DocumentPointers: Sendable {
    /// The members that may be pointed at.
    private static let members = [
        "host", "port", "weight", "priority", "status", "zone", "alpn", "ttl", "attributes", "ports", "endpoints",
    ]
    /// All that settings may say.
    private static let keys = members + ["up", "prefix", "suffix"]

    private let pointers: [String: JSONPointer]
    /// The texts of a status that mean that the provider is to be used, in lower case: any other, and none, is down. Nil for our own texts.
    private let up: Set<String>?
    /// What the name of an instance begins with.
    let prefix: String
    /// What the name of an instance ends with.
    let suffix: String

    init(_ parameters: [String: String]) throws(RegistryFormat.Problem) {
        try RegistryFormat.checkKeys(of: parameters, format: "json", known: Self.keys)
        var pointers: [String: JSONPointer] = [:]
        for member in Self.members {
            guard let text = parameters[member] else { continue }
            guard let pointer = JSONPointer(text) else {
                throw RegistryFormat.Problem(
                    text: "\(member) of the format json is no JSON pointer, such as /address/port: \(text.debugDescription)")
            }
            pointers[member] = pointer
        }
        guard pointers["host"] != nil || pointers["endpoints"] != nil else {
            throw RegistryFormat.Problem(text: "the format json needs a pointer to the host, such as host: /address, or to endpoints")
        }
        guard pointers["port"] != nil || pointers["ports"] != nil || pointers["endpoints"] != nil else {
            throw RegistryFormat.Problem(text: "the format json needs a pointer to the port, such as port: /port, to ports or to endpoints")
        }
        guard parameters["up"] == nil || pointers["status"] != nil else {
            throw RegistryFormat.Problem(text: "up of the format json needs a pointer to the status, such as status: /state")
        }
        self.pointers = pointers
        up = parameters["up"].map { Set($0.split(separator: ",").map { $0.lowercased() }) }
        (prefix, suffix) = (parameters["prefix"] ?? "", parameters["suffix"] ?? "")
    }
}

extension DocumentPointers {
    /// What a document says of a provider.
    func read(_ document: JSONValue) throws(ProviderDocument.Rejection) -> ProviderDocument {
        let value = { (member: String) in pointers[member]?.value(in: document) }
        var details = DetailsBuilder()
        let endpoints = endpoints(value("endpoints"), into: &details)
        let main = try main(value, endpoints.map(\.endpoint))
        for (name, endpoint) in endpoints {
            let host = endpoint.host == main.host ? nil : endpoint.host
            details.complain("endpoints", details.add(port: name, endpoint.port, host: host))
        }
        details.read(ports: value("ports"))
        readStatus(value("status"), into: &details)
        details.read(attributes: value("attributes"))
        details.read(zone: value("zone"))
        details.read(alpn: value("alpn"))
        details.read(ttl: value("ttl"))
        let weight = details.number("weight", value("weight"), or: 1)
        let priority = details.number("priority", value("priority"), or: 0)
        return ProviderDocument(main.host, main.port, weight: weight, priority: priority, details)
    }

    /// The provider's own host and port: those at their pointers, else the first endpoint. A host without a pointer to its port has the
    /// port of its first endpoint, or of `ports`; where it has none the first endpoint counts whole, as its port is another host's.
    private func main(_ value: (String) -> JSONValue?, _ endpoints: [Endpoint]) throws(ProviderDocument.Rejection) -> Endpoint {
        guard pointers["host"] != nil else {
            guard let first = endpoints.first else { throw .noEndpoint }
            return pointers["port"] == nil ? first : Endpoint(host: first.host, port: try port(value))
        }
        let host = try ProviderDocument.host(value("host"))
        guard pointers["port"] == nil else { return Endpoint(host: host, port: try port(value)) }
        if let own = endpoints.first(where: { $0.host == host }) { return own }
        var named = DetailsBuilder()
        named.read(ports: value("ports"))
        guard let main = named.ports.first.map({ Endpoint(host: host, port: $0.port) }) ?? endpoints.first else { throw .badPort }
        return main
    }

    private func port(_ value: (String) -> JSONValue?) throws(ProviderDocument.Rejection) -> UInt16 {
        guard let port = value("port")?.port else { throw .badPort }
        return port
    }

    /// The endpoints of a URI, or of an array of URIs.
    private func endpoints(_ value: JSONValue?, into details: inout DetailsBuilder) -> [(scheme: String, endpoint: Endpoint)] {
        guard let value, value != .null else { return [] }
        var endpoints: [(scheme: String, endpoint: Endpoint)] = []
        for element in value.elements ?? [value] {
            guard let endpoint = element.text.flatMap({ Endpoint.uri($0[...]) }) else {
                details.complain("endpoints", "an endpoint is no SCHEME://HOST:PORT")
                continue
            }
            endpoints.append(endpoint)
        }
        return endpoints
    }

    /// Reads a status: by the settings' texts, of which none is not one either, or by our own in any case. `true` and `false` are texts.
    private func readStatus(_ value: JSONValue?, into details: inout DetailsBuilder) {
        let text = value?.scalarText?.lowercased()
        if let up {
            details.status = text.map(up.contains) == true ? .up : .down
        } else if let isUp = text.flatMap({ Bool($0) }) {
            details.status = isUp ? .up : .down
        } else {
            details.read(status: text.map(JSONValue.string) ?? value)
        }
    }
}

extension JSONValue {
    /// A string, number or Boolean as text.
    fileprivate var scalarText: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let isTrue): String(isTrue)
        case .object, .array, .null: nil
        }
    }
}
