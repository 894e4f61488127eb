import IPAddressing

/// A server that names outside the zones are asked for, or those of resolv.conf.
enum ForwardingTarget: Hashable, Sendable {
    case server(SocketEndpoint)
    case system

    /// Reads `system`, or an address with or without a port.
    init?(_ text: String) {
        if text == "system" {
            self = .system
            return
        }
        let read = SocketEndpoint(text, defaultPort: 53, allowsScope: true) ?? IPAddress(text).map { SocketEndpoint(address: $0, port: 53) }
        guard let server = read, server.port > 0, server.address.isHost else { return nil }
        self = .server(server)
    }

    var text: String {
        switch self {
        case .server(let server): server.text
        case .system: "system"
        }
    }
}

/// Where names outside the zones are asked for.
struct ForwardingSettings: Sendable {
    let targets: [ForwardingTarget]
    /// Most queries that wait at once.
    let limit: Int
    /// Whether names below `local.` are forwarded too.
    let forwardsLocal: Bool

    init(_ options: ServeOptions, _ reader: inout SettingsReader) {
        targets = reader.value(Declared.forward, options.forward)
        limit = reader.value(Declared.forwardLimit, options.forwardLimit)
        forwardsLocal = reader.value(Declared.forwardLocal, options.forwardLocal)
    }
}
