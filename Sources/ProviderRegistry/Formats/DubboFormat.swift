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
    private let endpoint: Endpoint
    /// The weight, or that of a provider that names none.
    private var weight: UInt16 = 100
    private var details = DetailsBuilder()
    /// Whether it is no consumer's.
    private(set) var isProvider = true

    init?(_ text: String) {
        guard let (scheme, endpoint) = Endpoint.uri(text[...]) else { return nil }
        self.endpoint = endpoint
        details.add(port: scheme, endpoint.port)
        // Octet by octet: there may be a hundred thousand URLs.
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) else { return }
        for pair in text.utf8[text.utf8.index(after: mark)...].split(separator: UInt8(ascii: "&")) {
            guard let sign = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
            take(Substring(pair[..<sign]), Substring(pair[pair.index(after: sign)...]))
        }
    }

    /// Takes in a parameter, if it is of use to others than Dubbo's own clients.
    private mutating func take(_ key: Substring, _ value: Substring) {
        switch key {
        case "application", "group", "version": details.add(attribute: String(key), String(value))
        case "disabled" where value == "true", "enabled" where value == "false": details.status = .down
        case "side": isProvider = value == "provider"
        case "weight":
            guard let number = UInt16(digits: value) else { return details.complain("weight", "weight is no number from 0 to 65535") }
            weight = number
        default: break
        }
    }

    var document: ProviderDocument { ProviderDocument(endpoint.host, endpoint.port, weight: weight, details) }
}
