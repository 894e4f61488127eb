import DNSAuthority
import DNSSecurity
import DNSTransport
import Foundation
import IPAddressing
import TestSupport
import Testing
import ZoneTransfer

@Suite struct TransferServerTests {
    private static let key = TransactionKey(name: QueryOctets.name("key"), algorithm: .sha256, secret: Array("0123456789abcdef".utf8))

    /// A zone of names with addresses, `count` of them.
    private func version(_ count: Int) -> VersionedZone {
        var version = VersionedZone(serial: 1)
        version.set(names: Dictionary(uniqueKeysWithValues: (0..<count).map { ("u\($0)", [.a(UInt32($0)), .aaaa(UInt128($0))]) }))
        return version
    }

    /// Runs `body` with a server that transfers to all. `address`: where it listens.
    private func serving(
        _ zones: ServedZones, at address: IPAddress = .v4(IPv4Address(value: 0x7F00_0001)), guards: QueryGuards = QueryGuards(),
        longestTransfer: Duration? = nil, _ body: (DNSServer, TransferAnswerer) async throws -> Void
    ) async throws {
        let answerer = TransferAnswerer.open(keys: [Self.key])
        let server = try await DNSServer(
            listen: [SocketEndpoint(address: address, port: 0)], workers: 1, udpLimit: 1232, zones: zones,
            policy: QueryPolicy(guards: guards, answerLong: answerer.answer), longestTransfer: longestTransfer)
        let task = Task { try await server.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(server, answerer)) } catch { result = .failure(error) }
        task.cancel()
        try await task.value
        try result.get()
    }

    /// Receives messages until so many SOA records have come.
    private func receive(_ client: ClientSocket, soas: Int = 2) throws -> [String] {
        var (records, count) = ([String](), 0)
        while count < soas {
            let more = try PacketText(client.receive()).answer
            count += more.count { $0.contains(" SOA ") }
            records += more
        }
        return records
    }

    @Test func `a transfer of a slow reader keeps to its version, and lets others have their turn`() async throws {
        var version = version(20_000)
        let expected = try ZoneRecords.texts(of: version.zone).count
        try await serving(version.served()) { server, answerer in
            let slow = try ClientSocket(server.endpoints[0], isStream: true)
            try slow.send(QueryOctets.query("svc.local", "AXFR"))
            // Queries behind it wait for its end.
            try slow.send(QueryOctets.query("svc.local", "SOA"))
            try slow.send(QueryOctets.incrementalTransfer(since: 3))
            var records = try PacketText(slow.receive()).answer
            version.set(names: Dictionary(uniqueKeysWithValues: (0..<10_000).map { ("u\($0)", []) }))
            server.publish(version.served())
            let other = try ClientSocket(server.endpoints[0], isStream: true)
            try other.send(QueryOctets.query("svc.local", "SOA"))
            #expect(try PacketText(other.receive()).answer[0].contains(" 4 60 "))
            #expect(answerer.underWay == 1)
            records += try receive(slow, soas: 1)
            #expect(records.count == expected + 2)
            #expect(records.first == records.last && records[0].contains(" 3 60 "))
            #expect(try PacketText(slow.receive()).answer[0].contains(" 4 60 "))
            // From the version that it has just got to the one now: two records of each of 10,000 names have gone.
            #expect(try receive(slow, soas: 4).count == 20_004)
            try await waitUntil("no transfer is under way") { answerer.underWay == 0 }
            let column = try #require(CountedType.names.firstIndex(of: "AXFR"))
            let counted = server.traffic.zones.values.flatMap { $0.queries.values }
            #expect(counted.reduce(0) { $0 + $1[column] } == 1)
        }
    }

    @Test func `a connection that closes lets go of its transfer, and one that ends its stream gets all of it`() async throws {
        var version = version(20_000)
        try await serving(version.served()) { server, answerer in
            var client: ClientSocket? = try ClientSocket(server.endpoints[0], isStream: true)
            try client?.send(QueryOctets.query("svc.local", "AXFR"))
            _ = try client?.receive()
            #expect(answerer.underWay == 1)
            client = nil
            try await waitUntil("the transfer is gone") { answerer.underWay == 0 }
            let last = try ClientSocket(server.endpoints[0], isStream: true)
            try last.send(QueryOctets.query("svc.local", "AXFR"))
            last.shutDownWriting()
            #expect(try receive(last).count == 40_002)
            #expect(try last.isAtEnd())
        }
    }

    @Test func `a transfer that takes too long is closed, however steadily its client reads`() async throws {
        var version = version(20_000)
        try await serving(version.served(), longestTransfer: .milliseconds(500)) { server, answerer in
            let client = try ClientSocket(server.endpoints[0], isStream: true)
            try client.send(QueryOctets.query("svc.local", "AXFR"))
            var count = try PacketText(client.receive()).answer.count
            // Before it would be closed because it takes nothing.
            try await waitUntil("the transfer is gone", within: .seconds(20)) { answerer.underWay == 0 }
            while let message = try? client.receive() { count += try PacketText(message).answer.count }
            #expect(count < 40_002)
        }
    }

    /// Loopback has no rate limit, so this takes another address.
    private static let address = MachineAddresses.reachable(ofFamilyOf: .v4(IPv4Address(value: 0))).first { !$0.isLoopback }

    @Test(.enabled(if: address != nil)) func `the rate limit is not for queries whose signature holds, but for all others`() async throws {
        let address = try #require(Self.address)
        var (version, guards) = (version(1), QueryGuards())
        guards.rateLimit = RateLimit(responses: 1, slip: 0, isDryRun: false)
        try await serving(version.served(), at: address, guards: guards) { server, _ in
            let client = try ClientSocket(server.endpoints[0], isStream: false)
            func signed(by key: TransactionKey) -> [UInt8] {
                var (query, signer) = (QueryOctets.query("svc.local", "SOA"), Signer(key: key))
                signer.sign(&query, at: UInt64(Date.now.timeIntervalSince1970))
                return query
            }
            for _ in 0..<50 {
                try client.send(signed(by: Self.key))
                #expect(try PacketText(client.receive()).code == "NOERROR")
            }
            #expect(server.traffic.guards.dropped == 0)
            let other = TransactionKey(name: Self.key.name, algorithm: .sha256, secret: [1])
            for _ in 0..<50 { try client.send(signed(by: other)) }
            try await waitUntil("wrong signatures are held back") { server.traffic.guards.dropped > 25 }
        }
    }

    @Test func `of 200 readers that take nothing 32 have transfers, the others SERVFAIL, and queries are answered`() async throws {
        var version = version(20_000)
        try await serving(version.served()) { server, answerer in
            var clients = try (0..<200).map { _ in try ClientSocket(server.endpoints[0], isStream: true) }
            for client in clients { try client.send(QueryOctets.query("svc.local", "AXFR")) }
            let codes = try clients.map { try PacketText($0.receive()).code }
            #expect(codes.count { $0 == "NOERROR" } == 32 && codes.count { $0 == "SERVFAIL" } == 168)
            for isStream in [false, true] {
                let client = try ClientSocket(server.endpoints[0], isStream: isStream)
                try client.send(QueryOctets.query("u1.svc.local", "A"))
                #expect(try PacketText(client.receive()).answer.count == 1)
            }
            #expect(answerer.underWay == 32)
            clients = []
            try await waitUntil("all transfers are gone") { answerer.underWay == 0 }
        }
    }

    @Test func `dnspython takes transfers, signed and not, whole and by differences`() async throws {
        var version = version(2000)
        version.set(names: ["u1": [], "new": [.a(1)]])
        try await serving(version.served()) { server, _ in
            let script = """
                import dns.query, dns.tsig, dns.zone, dns.name, dns.message, dns.rdatatype, dns.xfr
                where, port = "127.0.0.1", \(server.endpoints[0].port)
                key = dns.tsig.Key("key", b"0123456789abcdef", "hmac-sha256")
                for keyring in [None, key]:
                    zone = dns.zone.Zone("svc.local")
                    query = dns.message.make_query("svc.local", "AXFR")
                    if keyring: query.use_tsig(keyring)
                    dns.query.inbound_xfr(where, zone, query, port=port, timeout=20)
                    names = len(zone.nodes)
                    # The version before, by hand.
                    with zone.writer() as writer:
                        writer.delete("new")
                        writer.add("u1", 5, dns.rdata.from_text("IN", "A", "0.0.0.1"))
                        writer.add("u1", 5, dns.rdata.from_text("IN", "AAAA", "::1"))
                        writer.replace("@", 5, dns.rdata.from_text("IN", "SOA", "svc.local. svc.local. 3 60 10 86400 1"))
                    query, serial = dns.xfr.make_query(zone, keyring=keyring)
                    dns.query.inbound_xfr(where, zone, query, port=port, timeout=20, udp_mode=dns.query.UDPMode.TRY_FIRST)
                    print(names, serial, len(zone.nodes), "u1" in [str(name) for name in zone.nodes], zone.get_soa().serial)
                query = dns.message.make_query("svc.local", "SOA")
                query.use_tsig(key)
                print(dns.query.udp(query, where, port=port, timeout=20).had_tsig)
                """
            let result = try await RunningProgram.run(ZooKeeperProcess.python, ["-c", script])
            #expect(result.errors == "")
            #expect(result.output == "2001 3 2001 False 4\n2001 3 2001 False 4\nTrue\n")
        }
    }
}
