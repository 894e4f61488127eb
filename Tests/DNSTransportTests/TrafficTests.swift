import DNSAuthority
import IPAddressing
import TestSupport
import Testing
import ZoneCompilation

@testable import DNSTransport

@Suite struct TrafficTests {
    private typealias Way = Traffic.Way

    /// Queries that are sent over a way, one after another, each answered unless it must not be.
    private func ask(_ endpoint: SocketEndpoint, isStream: Bool, _ queries: [[UInt8]]) throws -> [[UInt8]] {
        let client = try ClientSocket(endpoint, isStream: isStream)
        return try queries.map { query in
            try client.send(query)
            return try client.receive()
        }
    }

    private func serving(_ zones: ServedZones, _ body: (DNSServer) async throws -> Void) async throws {
        let server = try await DNSServer(
            listen: ["127.0.0.1:0", "[::1]:0"].compactMap { SocketEndpoint($0) }, workers: 2, udpLimit: 4096, zones: zones)
        let task = Task { try await server.run() }
        defer { task.cancel() }
        try await body(server)
        task.cancel()
        try await task.value
    }

    private static var many: TestRegistry {
        var registry = TestRegistry()
        for number in 0..<100 { registry.add("a", "u\(number)", .init(host: .ipv4(.init(value: 0x0A00_0000 + UInt32(number))), port: 80)) }
        return registry
    }

    /// The octets of messages in the buckets of CoreDNS.
    private func sizes(_ messages: [[UInt8]]) -> [UInt64] {
        var buckets = [UInt64](repeating: 0, count: SizeBuckets.bounds.count + 1)
        for message in messages { buckets[SizeBuckets.bounds.firstIndex { message.count <= $0 } ?? SizeBuckets.bounds.count] += 1 }
        return buckets
    }

    @Test func `every query is counted by zone, way, type, code and size`() async throws {
        try await serving(Self.many.zones) { server in
            let padding = QueryOctets.number(12) + QueryOctets.number(2500) + [UInt8](repeating: 0, count: 2500)
            let inZone = [
                QueryOctets.query("a.svc.local", "A"), QueryOctets.query("svc.local", "SOA"), QueryOctets.query("x.svc.local", "TYPE65"),
                QueryOctets.query("u1.a.svc.local", "ANY"), QueryOctets.query("u1.a.svc.local", "TYPE4711"),
                // Longer than what is counted octet by octet.
                QueryOctets.query("a.svc.local", "SRV", opt: QueryOctets.opt(size: 4096, options: padding)),
            ]
            let outside = [
                QueryOctets.query("example.com", "A"), QueryOctets.header(1, 0, 0, 0),
                QueryOctets.query("svc.local", "A", opt: QueryOctets.opt(version: 1)), QueryOctets.query("svc.local", "AXFR"),
            ]
            let zone = try #require(DomainName(text: "svc.local"))
            var all = (inZone: [[UInt8]](), outside: [[UInt8]]())
            for (endpoint, isStream) in server.endpoints.flatMap({ [($0, false), ($0, true)] }) {
                all.inZone += try ask(endpoint, isStream: isStream, inZone)
                all.outside += try ask(endpoint, isStream: isStream, outside)
            }
            let traffic = server.traffic
            let (zoneCounts, others) = (try #require(traffic.zones[.zone(zone)]), try #require(traffic.zones[.none]))
            for way in [false, true].flatMap({ isIPv6 in [Transport.udp, .tcp].map { Way(transport: $0, isIPv6: isIPv6) } }) {
                func types(_ counts: Traffic.ZoneCounts) -> [String: UInt64] {
                    Dictionary(uniqueKeysWithValues: zip(CountedType.names, counts.queries[way] ?? []).filter { $0.1 > 0 })
                }
                #expect(types(zoneCounts) == ["A": 1, "SOA": 1, "HTTPS": 1, "ANY": 1, "other": 1, "SRV": 1])
                #expect(types(others) == ["A": 2, "other": 1, "AXFR": 1])
            }
            #expect(zoneCounts.responses == [20, 0, 0, 4, 0, 0, 0, 0, 0])
            #expect(others.responses == [0, 4, 0, 0, 0, 8, 0, 4, 0])
            // A over UDP, and SRV where it is longer than the client takes.
            let truncated = all.inZone.count { $0[2] & 2 != 0 }
            #expect(truncated >= 2 && zoneCounts.truncated == UInt64(truncated))
            for transport in [Transport.udp, .tcp] {
                #expect(zoneCounts.querySizes[transport]?.buckets == sizes(inZone + inZone))
                #expect(zoneCounts.querySizes[transport]?.octets == UInt64(inZone.reduce(0) { $0 + $1.count } * 2))
            }
            let buckets = [Transport.udp, .tcp].compactMap { zoneCounts.responseSizes[$0]?.buckets }
            #expect(zip(buckets[0], buckets[1]).map { $0 + $1 } == sizes(all.inZone))
            let octets = [Transport.udp, .tcp].compactMap { zoneCounts.responseSizes[$0]?.octets }.reduce(0, +)
            #expect(octets == UInt64(all.inZone.reduce(0) { $0 + $1.count }))
        }
    }

    @Test func `silence, durations and connections are counted`() async throws {
        try await serving(Self.many.zones) { server in
            let query = QueryOctets.query("svc.local", "SOA")
            let client = try ClientSocket(server.endpoints[0], isStream: false)
            // A response, and what is too short for an answer.
            try client.send(QueryOctets.query("svc.local", "SOA", flags: 0x8100))
            try client.send([1, 2, 3])
            for _ in 0..<400 {
                try client.send(query)
                _ = try client.receive()
            }
            let connection = try ClientSocket(server.endpoints[1], isStream: true)
            try connection.send(query)
            _ = try connection.receive()
            let traffic = server.traffic
            #expect(traffic.silent == [.udp: 2, .tcp: 0])
            // One of 128, of each worker.
            #expect((3...6).contains(traffic.durations[.udp]?.buckets.reduce(0, +) ?? 0))
            #expect(traffic.durations[.udp].map { $0.nanoseconds > 0 } == true)
            #expect(traffic.connections.open == 1 && traffic.connections.accepted == 1 && traffic.connections.evicted == 0)
            withExtendedLifetime(connection) {}
            try await waitUntil("the connection is closed") {
                connection.shutDownWriting()
                return server.traffic.connections.open == 0
            }
        }
    }

    @Test func `a zone keeps its counts when others come and go before it`() async throws {
        let origins = try ["a.test", "b.test"].map { try #require(DomainName(text: $0)) }
        func zones(_ origins: [DomainName]) -> ServedZones { ServedZones(origins.map { ServedZone(notReady: $0) }) }
        try await serving(zones([origins[1]])) { server in
            for served in [[origins[1]], origins, [origins[0]], origins.reversed()] {
                server.publish(zones(served))
                _ = try ask(server.endpoints[0], isStream: false, [QueryOctets.query("x.b.test", "A")])
                _ = try ask(server.endpoints[0], isStream: true, [QueryOctets.query("x.b.test", "A")])
            }
            let traffic = server.traffic
            #expect(traffic.zones[.zone(origins[1])]?.responses[ResponseCode.serverFailure.index] == 6)
            #expect(traffic.zones[.none]?.responses[ResponseCode.refused.index] == 2)
            #expect(traffic.zones[.zone(origins[0])]?.responses.reduce(0, +) ?? 0 == 0)
        }
    }

    @Test func `zones beyond those that are counted apart share a number`() {
        let numbers = ZoneNumbers()
        let all = (0..<40).compactMap { DomainName(text: "z\($0).test") }.map(numbers.number(of:))
        #expect(all.prefix(30) == ArraySlice(1...30))
        #expect(Set(all.dropFirst(30)) == [ZoneNumbers.most - 1])
    }

    @Test func `buckets end where they say`() {
        #expect([0, 1, 100, 101, 511, 512, 64000, 64001].map(SizeBuckets.index) == [0, 1, 1, 2, 5, 6, 13, 14])
        let nanoseconds: [UInt64] = [0, 1000, 1001, 2000, 2001, 524_288_000, 524_288_001]
        #expect(nanoseconds.map(DurationBuckets.index(ofNanoseconds:)) == [0, 0, 1, 1, 2, 19, 20])
        #expect(DurationBuckets.bounds.first == 1e-6 && DurationBuckets.bounds.last == 0.524288)
    }
}
