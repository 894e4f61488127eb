extension RegistryFormat {
    /// Kafka's brokers: `/brokers/ids/<number>`, a service of no level.
    package static let kafka = RegistryFormat("kafka", levels: 0, suffix: ["brokers", "ids"]) {
        _, octets throws(ProviderDocument.Rejection) in .provider(try KafkaBroker.read(octets))
    }
}

/// What a broker writes of itself.
private enum KafkaBroker {
    /// Host and port, or, where a broker without a plain listener writes `"host":null,"port":-1`, those of its first listener.
    static func read(_ octets: [UInt8]) throws(ProviderDocument.Rejection) -> ProviderDocument {
        let members = try ProviderDocument.object(octets)
        var details = DetailsBuilder()
        let texts = (members["endpoints"]?.elements ?? []).compactMap(\.text)
        let listeners = texts.compactMap { text in
            let listener = Endpoint.uri(text[...])
            if listener == nil { details.complain("endpoints", "an endpoint is no NAME://HOST:PORT") }
            return listener
        }
        guard let main = try endpoint(members) ?? listeners.first?.endpoint else { throw .noEndpoint }
        for (name, endpoint) in listeners {
            let host = endpoint.host == main.host ? nil : endpoint.host
            details.complain("endpoints", details.add(port: name, endpoint.port, host: host))
        }
        if let rack = members["rack"]?.text { details.complain("rack", details.set(zone: rack)) }
        return ProviderDocument(main.host, main.port, details)
    }

    private static func endpoint(_ members: JSONObject) throws(ProviderDocument.Rejection) -> Endpoint? {
        guard let host = members["host"], host != .null, let port = members["port"]?.port else { return nil }
        return Endpoint(host: try ProviderDocument.host(host), port: port)
    }
}
