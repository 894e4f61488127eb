extension RegistryFormat {
    /// Airbnb's Nerve: JSON with `host`, `port`, `weight` and `labels` in an instance's data, or in its name in base64.
    static func nerve(_ parameters: [String: String]) throws(Problem) -> RegistryFormat {
        try checkKeys(of: parameters, format: "nerve", known: ["from"])
        let readsData = try readsData(parameters, format: "nerve") ?? true
        return RegistryFormat("nerve", parameters: parameters, readsData: readsData) { name, octets throws(ProviderDocument.Rejection) in
            if name.text.hasPrefix(NerveName.prefix) {
                guard let octets = NerveName.decode(name.text) else { throw .badName }
                return .provider(try NerveReport.read(octets))
            }
            guard readsData else { throw .badName }
            return .provider(try NerveReport.read(octets))
        }
    }
}

/// What Nerve reports of a service's instance.
private enum NerveReport {
    static func read(_ octets: [UInt8]) throws(ProviderDocument.Rejection) -> ProviderDocument {
        let members = try ProviderDocument.object(octets)
        let host = try ProviderDocument.host(members["host"])
        guard let port = members["port"]?.port else { throw .badPort }
        var details = DetailsBuilder()
        for (key, value) in members["labels"]?.object?.members ?? [] {
            if let text = value.text { details.add(attribute: key, text) }
        }
        let weight = details.number("weight", members["weight"], or: 1)
        // HAProxy gives a backup nothing as long as others are there.
        let options = members["haproxy_server_options"]?.text?.split(separator: " ") ?? []
        return ProviderDocument(host, port, weight: weight, priority: options.contains("backup") ? 1 : 0, details)
    }
}

/// A name that hides a document: `base64_<length>_<document>_<sequence number>`.
private enum NerveName {
    static let prefix = "base64_"

    /// The document; nil for another name.
    static func decode(_ name: String) -> [UInt8]? {
        let rest = name.utf8.dropFirst(prefix.utf8.count)
        guard let mark = rest.firstIndex(of: UInt8(ascii: "_")), let length = Int(Substring(rest[..<mark])), length >= 0 else { return nil }
        let text = rest[rest.index(after: mark)...]
        guard length <= text.count else { return nil }
        return base64(text.prefix(length))
    }

    /// Octets in the alphabet for URLs (RFC 4648 §5), with padding or without.
    private static func base64(_ text: Substring.UTF8View) -> [UInt8]? {
        var octets: [UInt8] = []
        var (bits, count): (UInt32, Int) = (0, 0)
        for octet in text where octet != UInt8(ascii: "=") {
            guard let digit = digit(octet) else { return nil }
            bits = bits << 6 | digit
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            octets.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return octets
    }

    private static func digit(_ octet: UInt8) -> UInt32? {
        switch octet {
        case 65...90: UInt32(octet - 65)
        case 97...122: UInt32(octet - 71)
        case 48...57: UInt32(octet + 4)
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
