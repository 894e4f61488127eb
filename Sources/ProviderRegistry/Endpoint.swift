/// A host and a port that a text names.
struct Endpoint: Hashable, Sendable {
    let host: ProviderHost
    let port: UInt16

    init(host: ProviderHost, port: UInt16) { (self.host, self.port) = (host, port) }

    /// Reads `HOST:PORT`, an IPv6 address with or without brackets; nil for anything else, or for a host that cannot be reached.
    init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        self.init(host: text[..<colon], port: text[text.index(after: colon)...])
    }

    /// A host and a port that stand apart; nil for what is none, or for a host that cannot be reached.
    init?(host: some StringProtocol, port: some StringProtocol) {
        guard let host = ProviderHost(String(host)), host.isReachable, let port = Self.port(port) else { return nil }
        self.init(host: host, port: port)
    }

    /// A port in decimal digits, 1 to 65535.
    static func port(_ text: some StringProtocol) -> UInt16? {
        // Digits only: Swift would take a sign too.
        guard text.utf8.allSatisfy({ 48...57 ~= $0 }), let port = UInt16(text), port > 0 else { return nil }
        return port
    }
}
