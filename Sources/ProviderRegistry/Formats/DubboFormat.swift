extension RegistryFormat {
    /// Dubbo's interface level: `<interface>/providers/<instance>`, where the instance's name is the provider's URL, percent-encoded.
    package static let dubbo = RegistryFormat("dubbo", suffix: ["providers"], readsData: false) {
        name, _ throws(ProviderDocument.Rejection) in
        guard let text = PercentEncoding.decode(name.text), let url = DubboURL(text) else { throw .badURL }
        return url.isProvider ? .provider(url.document) : .nothing
    }
}

/// A provider's URL: `dubbo://10.1.2.3:20880/com.x.Foo?application=demo&version=1.0&weight=200`.
private struct DubboURL {
    private let scheme: String
    private let endpoint: Endpoint
    private let parameters: [Substring: Substring]

    /// The weight of a provider that names none.
    private static let usualWeight: UInt16 = 100
    /// The parameters that are of use to others than Dubbo's own clients.
    private static let attributes = ["application", "group", "version"]

    init?(_ text: String) {
        guard let (scheme, endpoint) = Endpoint.uri(text[...]) else { return nil }
        (self.scheme, self.endpoint) = (scheme, endpoint)
        var parameters: [Substring: Substring] = [:]
        if let mark = text.firstIndex(of: "?") {
            for pair in text[text.index(after: mark)...].split(separator: "&") {
                guard let sign = pair.firstIndex(of: "=") else { continue }
                parameters[pair[..<sign]] = pair[pair.index(after: sign)...]
            }
        }
        self.parameters = parameters
    }

    /// Whether it is no consumer's.
    var isProvider: Bool { parameters["side"].map { $0 == "provider" } ?? true }

    var document: ProviderDocument {
        var details = DetailsBuilder()
        details.add(port: scheme, endpoint.port)
        for key in Self.attributes {
            if let value = parameters[key[...]] { details.add(attribute: key, String(value)) }
        }
        if parameters["disabled"] == "true" || parameters["enabled"] == "false" { details.status = .down }
        var weight = Self.usualWeight
        if let text = parameters["weight"] {
            if let number = UInt16(text) { weight = number } else { details.complain("weight", "weight is no number from 0 to 65535") }
        }
        return ProviderDocument(endpoint.host, endpoint.port, weight: weight, details)
    }
}
