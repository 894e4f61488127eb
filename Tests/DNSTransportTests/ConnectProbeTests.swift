import DNSAuthority
import IPAddressing
import TestSupport
import Testing

@testable import DNSTransport

@Suite struct ConnectProbeTests {
    private func outcome(_ text: String) async throws -> ConnectProbe.Outcome {
        let probe = ConnectProbe(try #require(SocketEndpoint(text)))
        try await waitUntil("it is known") { probe.outcome != .pending }
        return probe.outcome
    }

    @Test(arguments: ["127.0.0.1", "[::1]"]) func `a port where nothing listens is refused`(
        _ host: String
    ) async throws {
        let port = try ClientSocket.freePort()
        #expect(try await outcome("\(host):\(port)") == .refused)
    }

    @Test func `a port where somebody listens, or an address that cannot be reached, is not refused`() async throws {
        let server = try await DNSServer(
            listen: [try #require(SocketEndpoint("127.0.0.1:0"))], workers: 1, udpLimit: 1232, zones: ServedZones([]))
        #expect(try await outcome(try #require(server.endpoints.first?.text)) == .other)
        #expect(try await outcome("255.255.255.255:9") == .other)
    }
}
