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
    /// The texts of a status that mean that the provider is to be used, in lower case; nil for our own texts.
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
        let host = try host(value, endpoints)
        for (name, endpoint) in endpoints {
            details.complain("endpoints", details.add(port: name, endpoint.port, host: endpoint.host == host ? nil : endpoint.host))
        }
        details.read(ports: value("ports"))
        guard let port = pointers["port"] == nil ? details.ports.first?.port : value("port")?.port else { throw .badPort }
        readStatus(value("status"), into: &details)
        details.read(attributes: value("attributes"))
        details.read(zone: value("zone"))
        details.read(alpn: value("alpn"))
        if let ttl = value("ttl") { details.set(ttl: UInt32(details.number("ttl", ttl, or: 0))) }
        let weight = details.number("weight", value("weight"), or: 1)
        let priority = details.number("priority", value("priority"), or: 0)
        return ProviderDocument(host, port, weight: weight, priority: priority, details)
    }

    /// The host at its pointer, or of the first endpoint where settings name no other.
    private func host(
        _ value: (String) -> JSONValue?, _ endpoints: [(scheme: String, endpoint: Endpoint)]
    ) throws(ProviderDocument.Rejection) -> ProviderHost {
        guard pointers["host"] == nil else { return try ProviderDocument.host(value("host")) }
        guard let first = endpoints.first else { throw .noEndpoint }
        return first.endpoint.host
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

    /// Reads a status: by the settings' texts, or by our own in any case. `true` and `false` are texts like others.
    private func readStatus(_ value: JSONValue?, into details: inout DetailsBuilder) {
        guard let text = value?.scalarText?.lowercased() else { return }
        if let up {
            details.status = up.contains(text) ? .up : .down
        } else if let isUp = Bool(text) {
            details.status = isUp ? .up : .down
        } else {
            details.read(status: .string(text))
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
