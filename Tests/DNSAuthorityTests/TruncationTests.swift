import DNSAuthority
import IPAddressing
import ProviderRegistry
import TestSupport
import Testing

@Suite struct TruncationTests {
    private let clients = (0..<300).map { [10, 0, UInt8($0 / 250), UInt8($0 % 250)] as [UInt8] }

    private func zones(_ numbers: some Sequence<Int>) -> ServedZones {
        var registry = TestRegistry()
        for number in numbers {
            registry.add("a", "u\(number)", Provider(host: .ipv4(.init(value: 0x0A01_0000 + UInt32(number))), port: 80))
        }
        return registry.zones
    }

    /// The records of an answer, and whether it says that there are more.
    private func answer(
        _ type: String, of client: [UInt8], size: Int = 1232, limit: Int = 1232, seed: UInt64 = 1, from zones: ServedZones
    ) throws -> (records: Set<String>, isTruncated: Bool, first: String?) {
        var responder = TestResponder(seed: seed, udpLimit: limit)
        let query = QueryOctets.query("a.svc.local", type, opt: QueryOctets.opt(size: size))
        let octets = responder.response(to: query, over: .udp, of: client, from: zones)
        #expect(octets.count <= min(max(size, 512), max(limit, 512)))
        let response = try PacketText(octets)
        return (Set(response.answer), response.flags.contains("tc"), response.answer.first)
    }

    @Test(arguments: ["A", "SRV"]) func `each client keeps its part, all clients together see everything`(_ type: String) throws {
        let zones = zones(0..<120)
        var seen: Set<String> = []
        for client in clients {
            let part = try answer(type, of: client, from: zones)
            #expect(part.isTruncated)
            for seed in 2..<5 { #expect(try answer(type, of: client, seed: UInt64(seed), from: zones).records == part.records) }
            seen.formUnion(part.records)
            let firsts = try (1...10).map { try answer(type, of: client, seed: $0, from: zones).first }
            #expect(Set(firsts).count > 3, "clients that take the first record are spread over their part")
        }
        #expect(seen.count == 120)
    }

    @Test(arguments: ["A", "SRV"]) func `one provider more or less moves one record`(_ type: String) throws {
        let (before, more, less) = (zones(0..<120), zones(0..<121), zones((0..<120).filter { $0 != 60 }))
        for client in clients.prefix(100) {
            let part = try answer(type, of: client, from: before).records
            #expect(try answer(type, of: client, from: more).records.subtracting(part).count <= 1)
            #expect(try answer(type, of: client, from: less).records.subtracting(part).count <= 1)
        }
    }

    @Test func `IPv6 clients have parts too`() throws {
        let zones = zones(0..<120)
        let parts = try (0..<50).map { try answer("SRV", of: [0x20, 1] + [UInt8](repeating: 0, count: 13) + [$0], from: zones).records }
        #expect(Set(parts).count > 10)
    }

    @Test func `what the client takes is sent, up to the server's own limit`() throws {
        let zones = zones(0..<120)
        #expect(try answer("SRV", of: clients[0], size: 65_535, limit: 65_535, from: zones).records.count == 120)
        #expect(try answer("A", of: clients[0], size: 4096, limit: 4096, from: zones).records.count == 120)
        #expect(try answer("A", of: clients[0], size: 4096, from: zones).isTruncated)
        #expect(try answer("A", of: clients[0], size: 600, limit: 65_535, from: zones).isTruncated)
        // Too small a limit, or one that no datagram can have, is none.
        #expect(try answer("A", of: clients[0], size: 512, limit: 0, from: zones).records.count > 20)
        #expect(Responder(seed: 1, over: .udp, udpLimit: .max).capacity < 70_000)
    }

    @Test func `ANY over UDP has every RRset where all fit, else SRV`() throws {
        func types(_ zones: ServedZones) throws -> [Substring] {
            let records = try answer("ANY", of: clients[0], from: zones).records
            return Set(records.map { $0.split(separator: " ")[2] }).sorted()
        }
        #expect(try types(zones(0..<3)) == ["A", "SRV"])
        #expect(try types(zones(0..<40)) == ["SRV"])
    }
}
