extension RegistryFormat {
    /// A host and a port as text: an instance's data, or its name.
    static func hostport(_ parameters: [String: String]) throws(Problem) -> RegistryFormat {
        try checkKeys(of: parameters, format: "hostport", known: ["from", "prefix", "suffix", "separator"])
        let readsData = try readsData(parameters, format: "hostport") ?? true
        let separator = parameters["separator"] ?? ":"
        guard separator.unicodeScalars.count == 1 else {
            throw Problem(text: "separator of the format hostport is no single character: \(separator.debugDescription)")
        }
        return RegistryFormat("hostport", parameters: parameters, readsData: readsData) { name, octets throws(ProviderDocument.Rejection) in
            throw .notAnObject
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
