import DNSAuthority
import ProviderRegistry
import TestSupport

/// A zone with a small service, a large one, and questions to it.
struct Ask {
    static let zones: ServedZones = {
        var registry = TestRegistry()
        for number in 1...3 { add("second", number, to: &registry) }
        for number in 1...200 { add("large", number, to: &registry) }
        for number in 1...1500 { add("huge", number, to: &registry) }
        return registry.zones
    }()

    private static func add(_ service: String, _ number: Int, to registry: inout TestRegistry) {
        guard let host = ProviderHost("10.0.\(number / 250).\(number % 250)") else { return }
        registry.add(service, "u\(number)", Provider(host: host, port: 8000))
    }

    /// The response's octets; empty for silence.
    static func octets(_ query: [UInt8], over transport: Transport = .udp, seed: UInt64 = 1) -> [UInt8] {
        var responder = TestResponder(seed: seed)
        return responder.response(to: query, over: transport, from: zones)
    }

    /// The response.
    static func response(_ query: [UInt8], over transport: Transport = .udp, seed: UInt64 = 1) throws -> PacketText {
        try PacketText(octets(query, over: transport, seed: seed))
    }

    /// The response to a well-formed question.
    static func response(_ name: String, _ type: String, opt: [UInt8] = [], over transport: Transport = .udp) throws -> PacketText {
        try response(QueryOctets.query(name, type, opt: opt), over: transport)
    }
}
