import NIOHTTP1

/// A GET of a URL, of which the status alone matters: no redirect is followed, no certificate is looked at.
struct HTTPCheck: Hashable {
    /// Whether the connection is TLS.
    let isSecure: Bool
    /// Where to connect.
    let port: CheckedPort
    /// The path and query, as the request line has them (RFC 9112 §3.2.1).
    let target: String

    private static let defaultPorts: [String: UInt16] = ["http": 80, "https": 443]

    /// Reads `http://host:port/path` or `https://host:port/path`; nil for anything else.
    init?(_ url: String) {
        guard let scheme = Self.defaultPorts.first(where: { url.hasPrefix($0.key + "://") }) else { return nil }
        let address = url.dropFirst(scheme.key.count + 3)
        let end = address.firstIndex { "/?".contains($0) } ?? address.endIndex
        // RFC 9110 §4.2: octets that a URL has as they are, and no fragment.
        guard address[end...].utf8.allSatisfy({ 33...126 ~= $0 && $0 != UInt8(ascii: "#") }),
            let port = CheckedPort(address[..<end], defaultPort: scheme.value)
        else { return nil }
        isSecure = scheme.key == "https"
        self.port = port
        target = address[end...].hasPrefix("/") ? String(address[end...]) : "/" + address[end...]
    }

    /// The `Host` field: without the port where it is the scheme's own (RFC 9110 §7.2).
    var hostField: String {
        let isUsual = Self.defaultPorts[isSecure ? "https" : "http"] == port.port
        return isUsual ? String(port.text[..<(port.text.lastIndex(of: ":") ?? port.text.endIndex)]) : port.text
    }

    /// Connects, asks, and gives the status; `limit` is how long connecting may take. Cancelling the task closes the connection.
    func status(within limit: Duration) async throws -> HTTPResponseStatus {
        let place = HTTPExchange.Place.tcp(host: port.host, port: port.port)
        return try await HTTPExchange(place: place, isSecure: isSecure, hostField: hostField, target: target)
            .response(connectingWithin: limit).status
    }
}
