extension RegistryFormat {
    /// Our own: `<service>/<instance>`, each instance with a document of its own.
    package static let providers = RegistryFormat(
        "providers",
        write: { draft in
            ProviderDocument.text(
                host: draft.host, port: draft.port, weight: draft.weight, priority: draft.priority, details: draft.details,
                fields: draft.fields)
        },
        read: { _, octets throws(ProviderDocument.Rejection) in .provider(try ProviderDocument(octets)) })
}

extension ProviderDocument {
    /// Reads our own document: a JSON object with `host` and `port` or `ports`, all else optional. Unknown members are ignored.
    package init(_ octets: [UInt8]) throws(Rejection) {
        let members = try Self.object(octets)
        let host = try Self.host(members["host"])
        var details = DetailsBuilder()
        let weight = details.number("weight", members["weight"], or: 1)
        let priority = details.number("priority", members["priority"], or: 0)
        details.read(ports: members["ports"])
        // The first of the named ports is the port of a document that has no other.
        guard let port = members["port"].map(\.port) ?? details.ports.first?.port else { throw .badPort }
        details.read(status: members["status"])
        details.read(attributes: members["attributes"])
        details.read(zone: members["zone"])
        details.read(alpn: members["alpn"])
        self.init(host, port, weight: weight, priority: priority, details)
    }

    /// A document as Python's `json.dumps` writes it: host and port, then what else is given, further fields by name.
    package static func text(
        host: String, port: UInt16, weight: UInt16? = nil, priority: UInt16? = nil, details: ProviderDetails? = nil,
        fields: [String: String] = [:]
    ) -> String {
        var members = ["\"host\": \(JSONValue.quoted(host))", "\"port\": \(port)"]
        if let weight { members.append("\"weight\": \(weight)") }
        if let priority { members.append("\"priority\": \(priority)") }
        if let details { members += Self.members(of: details) }
        members += Self.members(fields)
        return "{" + members.joined(separator: ", ") + "}"
    }

    /// The members that say what differs from a provider without details.
    private static func members(of details: ProviderDetails) -> [String] {
        var members: [String] = []
        if !details.ports.isEmpty {
            let ports = details.ports.map { "\(JSONValue.quoted($0.name)): \($0.port)" }
            members.append("\"ports\": {" + ports.joined(separator: ", ") + "}")
        }
        if details.status != .up { members.append("\"status\": \(JSONValue.quoted(details.status.rawValue))") }
        if !details.attributes.isEmpty {
            members.append("\"attributes\": {" + Self.members(details.attributes).joined(separator: ", ") + "}")
        }
        if let zone = details.zone { members.append("\"zone\": \(JSONValue.quoted(zone))") }
        if !details.alpn.isEmpty {
            members.append("\"alpn\": [" + details.alpn.map(JSONValue.quoted).joined(separator: ", ") + "]")
        }
        return members
    }

    private static func members(_ texts: [String: String]) -> [String] {
        texts.sorted { $0.key < $1.key }.map { "\(JSONValue.quoted($0)): \(JSONValue.quoted($1))" }
    }
}
