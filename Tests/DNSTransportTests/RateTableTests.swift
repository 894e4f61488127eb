import DNSAuthority
import IPAddressing
import TestSupport
import Testing

@testable import DNSTransport

@Suite struct RateTableTests {
    /// How many of so many responses in each of some seconds are over a limit.
    private func over(_ limit: Int, _ responses: [Int], from start: UInt32 = 1000) -> [Int] {
        let table = RateTable()
        return responses.enumerated().map { second, number in
            (0..<number).count { _ in table.isOver(limit, 0xABCD_EF01_2345_6789, at: start &+ UInt32(second)) }
        }
    }

    @Test func `a steady client at the limit is let through, one of twice that is not`() {
        #expect(over(10, Array(repeating: 9, count: 20)) == Array(repeating: 0, count: 20))
        let twice = over(10, Array(repeating: 21, count: 10))
        #expect(twice[0] == 2 && twice[3...].allSatisfy { $0 == 21 })
    }

    @Test func `a sudden rise is stopped in its second, and forgotten soon after its end`() {
        #expect(over(10, [1000, 1, 1, 1, 1, 1, 1, 1, 1]) == [981, 1, 1, 1, 1, 1, 1, 0, 0])
        #expect(over(10, [100_000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]).last == 0)
    }

    @Test func `time that comes round or is set back does no harm`() {
        #expect(over(10, [9, 9, 9, 9], from: .max - 1) == [0, 0, 0, 0])
        let table = RateTable()
        for _ in 0..<100 { _ = table.isOver(10, 1, at: 5000) }
        #expect(!table.isOver(10, 1, at: 4990))
    }

    @Test func `accounts are apart, and those that meet in a bucket replace each other`() {
        let table = RateTable()
        let accounts: [UInt64] = [1 << 50 | 7, 2 << 50 | 7, 1 << 50 | 8]
        for _ in 0..<100 { _ = table.isOver(10, accounts[0], at: 1) }
        #expect(!table.isOver(10, accounts[2], at: 1) && table.isOver(10, accounts[0], at: 1))
        #expect(!table.isOver(10, accounts[1], at: 1) && !table.isOver(10, accounts[0], at: 1))
    }

    @Test func `the highest limit there may be is still told from more`() {
        #expect(over(RateTable.mostResponses, [2 * RateTable.mostResponses + 100]) == [101])
    }

    /// Loopback has no limit, so this takes another address.
    private static let address = MachineAddresses.reachable(ofFamilyOf: .v4(IPv4Address(value: 0))).first { !$0.isLoopback }

    @Test(.enabled(if: address != nil)) func `beyond the limit there is silence or TC, over UDP alone, and both are counted`() async throws
    {
        let address = try #require(Self.address)
        var guards = QueryGuards()
        guards.rateLimit = RateLimit(responses: 10, slip: 2, isDryRun: false)
        let server = try await DNSServer(
            listen: [SocketEndpoint(address: address, port: 0)], workers: 2, udpLimit: 1232, zones: TestRegistry().zones,
            policy: QueryPolicy(guards: guards))
        let task = Task { try await server.run() }
        defer { task.cancel() }
        let endpoint = server.endpoints[0]
        let query = QueryOctets.query("svc.local", "SOA")
        // From many ports: the workers share the account.
        let clients = try (0..<16).map { _ in try ClientSocket(endpoint, isStream: false) }
        for _ in 0..<50 { for client in clients { try client.send(query) } }
        try await waitUntil("all queries are counted") {
            let traffic = server.traffic
            return (traffic.silent[.udp] ?? 0) + traffic.zones.values.reduce(0) { $0 + $1.responses.reduce(0, +) } == 800
        }
        let traffic = server.traffic
        #expect(traffic.guards.dropped == traffic.silent[.udp] && traffic.guards.dropped > 250 && traffic.guards.cut > 250)
        #expect(traffic.zones.values.reduce(0) { $0 + $1.truncated } == traffic.guards.cut)
        let stream = try ClientSocket(endpoint, isStream: true)
        for _ in 0..<50 {
            try stream.send(query)
            #expect(try PacketText(stream.receive()).answer.count == 1)
        }
        guards.rateLimit = RateLimit(responses: 10, slip: 2, isDryRun: true)
        server.serve(QueryPolicy(guards: guards))
        let silent = server.traffic.silent[.udp]
        let client = try ClientSocket(endpoint, isStream: false)
        try await waitUntil("a dry run answers") {
            try client.send(query)
            return try server.traffic.guards != traffic.guards && PacketText(client.receive()).answer.count == 1
        }
        #expect(server.traffic.silent[.udp] == silent)
    }
}
