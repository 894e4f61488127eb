extension RegistryFormat {
    /// Documents in JSON whose members stand where the zone's settings say, by pointers (RFC 6901): a registry that needs no code.
    static func json(_ parameters: [String: String]) throws(Problem) -> RegistryFormat {
        let fields = try DocumentPointers(parameters)
        return RegistryFormat("json", parameters: parameters) { name, octets throws(ProviderDocument.Rejection) in
            guard name.text.hasPrefix(fields.prefix), name.text.hasSuffix(fields.suffix) else { return .nothing }
            throw .notAnObject
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
    /// The texts of a status that mean that the provider is to be used; empty for our own.
    let up: [String]
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
        up = parameters["up"]?.split(separator: ",").map(String.init) ?? []
        (prefix, suffix) = (parameters["prefix"] ?? "", parameters["suffix"] ?? "")
    }
}
