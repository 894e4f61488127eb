/// A host and a port that a text names.
struct Endpoint: Hashable, Sendable {
    let host: ProviderHost
    let port: UInt16

    init(host: ProviderHost, port: UInt16) { (self.host, self.port) = (host, port) }

    /// Reads `HOST:PORT`, an IPv6 address with or without brackets; nil for anything else, or for a host that cannot be reached.
    init?(_ text: Substring) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        self.init(host: text[..<colon], port: text[text.utf8.index(after: colon)...])
    }

    /// A host and a port that stand apart; nil for what is none, or for a host that cannot be reached.
    init?(host: Substring, port: Substring) {
        guard let host = ProviderHost(String(host)), host.isReachable, let port = Self.port(port) else { return nil }
        self.init(host: host, port: port)
    }

    /// A port in decimal digits, 1 to 65535.
    static func port(_ text: some StringProtocol) -> UInt16? {
        UInt16(digits: text).flatMap { $0 > 0 ? $0 : nil }
    }

    /// The scheme and the endpoint of a URI (RFC 3986 §3), whatever follows; without a port, HTTP's own; nil for anything else.
    static func uri(_ text: Substring) -> (scheme: String, endpoint: Endpoint)? {
        let mark = "://".utf8
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), text.utf8[colon...].starts(with: mark) else { return nil }
        let isEnd = { (octet: UInt8) in octet == UInt8(ascii: "/") || octet == UInt8(ascii: "?") || octet == UInt8(ascii: "#") }
        var octets = text.utf8[colon...].dropFirst(mark.count).prefix { !isEnd($0) }
        if let at = octets.lastIndex(of: UInt8(ascii: "@")) { octets = octets[octets.index(after: at)...] }
        let authority = Substring(octets)
        let scheme = text[..<colon].lowercased()
        let usual: Substring? = scheme == "http" ? "80" : scheme == "https" ? "443" : nil
        guard let endpoint = Endpoint(authority) ?? usual.flatMap({ Endpoint(host: authority, port: $0) }) else { return nil }
        return (scheme, endpoint)
    }
}

extension UInt16 {
    /// Reads decimal digits alone: Swift would take a sign too.
    package init?(digits text: some StringProtocol) {
        guard text.utf8.allSatisfy({ 48...57 ~= $0 }) else { return nil }
        self.init(text)
    }
}
