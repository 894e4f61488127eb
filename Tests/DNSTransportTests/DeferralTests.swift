import DNSAuthority
import DNSTransport
import IPAddressing
import TestSupport
import Testing

@Suite struct DeferralTests {
    /// Answers deferred queries out of order, each with its own question.
    private static let forward: QueryForwarder = { queries in
        Task.detached {
            for query in queries.reversed() {
                var response = query.message
                response[2] |= 0x80
                (response[10], response[11]) = (0, 0)
                response.withUnsafeBytes { query.reply($0) }
            }
        }
    }

    /// Runs `body` with a server at both families' wildcards and loopbacks.
    private func serving(_ forward: QueryForwarder?, _ body: (DNSServer) throws -> Void) async throws {
        let listen = ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"].compactMap { SocketEndpoint($0) }
        let server = try await DNSServer(
            listen: listen, workers: 1, udpLimit: 1232, zones: ServedZones(), policy: QueryPolicy(isForwarding: true), forward: forward)
        let task = Task { try await server.run() }
        let result = Result { try body(server) }
        task.cancel()
        try await task.value
        try result.get()
    }

    /// Where a client reaches a wildcard: at an address that is not the first of its interface.
    private func reached(_ endpoint: SocketEndpoint) -> SocketEndpoint {
        guard endpoint.address.isUnspecified else { return endpoint }
        let text = endpoint.address.isOfFamily(of: .v6(IPv6Address(value: 1))) ? "::1" : "127.0.0.9"
        return SocketEndpoint(address: IPAddress(text) ?? endpoint.address, port: endpoint.port)
    }

    @Test func `what is answered later goes back the way that the query came`() async throws {
        try await serving(Self.forward) { server in
            for endpoint in server.endpoints {
                for isStream in [false, true] {
                    // Connected: it takes packets from that address only.
                    let client = try ClientSocket(reached(endpoint), isStream: isStream)
                    for number in 0..<3 {
                        try client.send(QueryOctets.query("www\(number).example.com", "A"))
                        let response = try PacketText(client.receive())
                        #expect(response.questions.first?.contains("www\(number).example.com") == true, "\(endpoint.text) \(isStream)")
                    }
                }
            }
        }
    }

    @Test func `a server that ends sends what other servers still owe`() async throws {
        let (queries, source) = AsyncStream.makeStream(of: DeferredQuery.self)
        let server = try await DNSServer(
            listen: [try #require(SocketEndpoint("127.0.0.1:0"))], workers: 1, udpLimit: 1232, zones: ServedZones(),
            policy: QueryPolicy(isForwarding: true), forward: { for query in $0 { source.yield(query) } })
        let task = Task { try await server.run() }
        let client = try ClientSocket(server.endpoints[0], isStream: false)
        try client.send(QueryOctets.query("www.example.com", "A"))
        var iterator = queries.makeAsyncIterator()
        let query = try #require(await iterator.next())
        task.cancel()
        try await Task.sleep(for: .milliseconds(100))
        query.fail()
        #expect(try PacketText(client.receive()).code == "SERVFAIL")
        try await task.value
    }

    @Test func `without anything that forwards, deferred queries fail at once`() async throws {
        try await serving(nil) { server in
            for isStream in [false, true] {
                let client = try ClientSocket(server.endpoints[0], isStream: isStream)
                try client.send(QueryOctets.query("www.example.com", "A"))
                #expect(try PacketText(client.receive()).code == "SERVFAIL")
            }
        }
    }
}
