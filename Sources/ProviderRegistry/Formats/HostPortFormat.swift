extension RegistryFormat {
    /// A host and a port as text: an instance's data, or its name.
    static func hostport(_ parameters: [String: String]) throws(Problem) -> RegistryFormat {
        try checkKeys(of: parameters, format: "hostport", known: ["from", "prefix", "suffix", "separator"])
        let readsData = try readsData(parameters, format: "hostport") ?? true
        let (prefix, suffix) = (parameters["prefix"] ?? "", parameters["suffix"] ?? "")
        guard let separator = Character(exactly: parameters["separator"] ?? ":") else {
            throw Problem(text: "separator of the format hostport is no single character")
        }
        return RegistryFormat("hostport", parameters: parameters, readsData: readsData) { name, octets throws(ProviderDocument.Rejection) in
            let text = readsData ? try ProviderDocument.text(octets) : name.text
            guard text.hasPrefix(prefix), text.hasSuffix(suffix), text.count >= prefix.count + suffix.count else {
                // A name without them is another kind of znode's.
                guard readsData else { return .nothing }
                throw .badEndpoint
            }
            let rest = text.dropFirst(prefix.count).dropLast(suffix.count)
            guard separator != ":" else { return .provider(try ProviderDocument(text: rest)) }
            let parts = rest.split(separator: separator, omittingEmptySubsequences: false)
            guard parts.count >= 2, let endpoint = Endpoint(host: parts[0], port: parts[1]) else { throw .badEndpoint }
            return .provider(ProviderDocument(endpoint.host, endpoint.port, DetailsBuilder()))
        }
    }

    /// Whether the data says where a provider is, rather than the name: `from: data`, `from: name`; nil if that is not said.
    static func readsData(_ parameters: [String: String], format: String) throws(Problem) -> Bool? {
        switch parameters["from"] {
        case nil: nil
        case "data": true
        case "name": false
        case let other?: throw Problem(text: "from of the format \(format) is neither name nor data: \(other.debugDescription)")
        }
    }
}

extension ProviderDocument {
    /// A znode's content as text, without the space around it.
    static func text(_ octets: [UInt8]) throws(Rejection) -> String {
        guard !octets.isEmpty else { throw .empty }
        guard octets.count <= longest else { throw .tooLong }
        let isSpace = { (octet: UInt8) in octet == 0x20 || 9...13 ~= octet }
        let trimmed = octets.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        guard let text = String(validating: trimmed, as: UTF8.self) else { throw .badEndpoint }
        return text
    }

    /// Reads `HOST:PORT`.
    init(text: Substring) throws(Rejection) {
        guard let endpoint = Endpoint(text) else { throw .badEndpoint }
        self.init(endpoint.host, endpoint.port, DetailsBuilder())
    }
}

extension Character {
    /// The single character of a text; nil for any other text.
    fileprivate init?(exactly text: String) {
        guard text.count == 1, let character = text.first else { return nil }
        self = character
    }
}
