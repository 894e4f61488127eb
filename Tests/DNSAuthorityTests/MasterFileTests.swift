import DNSAuthority
import ProviderRegistry
import TestSupport
import Testing

@Suite struct MasterFileTests {
    @Test func `pieces of a zone are short, and all of it together`() throws {
        var registry = TestRegistry()
        for number in 0..<100 { registry.add("a\(number)", "u", .init(host: .ipv4(.init(value: 0x0A00_0000 + UInt32(number))), port: 80)) }
        let zone = try #require(registry.zone)
        let pieces = Array(MasterFile.Pieces(of: zone, octets: 500))
        #expect(pieces.joined() == MasterFile.text(of: zone))
        #expect(pieces.count > 20 && pieces.allSatisfy { (1...1000).contains($0.utf8.count) && $0.hasSuffix("\n") })
    }

    @Test func `a zone is written with its SOA first, and absolute names`() throws {
        var registry = TestRegistry()
        registry.add("second", "u1", .init(host: .name("db.example.net"), port: 80))
        let lines = MasterFile.text(of: try #require(registry.zone)).split(separator: "\n").map(String.init)
        #expect(lines.first == "$TTL 5")
        #expect(lines.dropFirst().first == "svc.local. 5 IN SOA ns.dns.svc.local. hostmaster.svc.local. 1 7200 1800 86400 1")
        #expect(lines.contains("_second._tcp.svc.local. 5 IN SRV 0 1 80 db.example.net."))
        #expect(lines.contains("; second.svc.local. A: not known now"))
    }

    @Test func `a name's records can be had alone`() throws {
        var registry = TestRegistry()
        registry.add("a.second", "u1", .init(host: .name("db.example.net"), port: 80))
        let zone = try #require(registry.zone)
        func found(_ name: String) throws -> [MasterFile.Records]? {
            MasterFile.records(at: try #require(DomainName(text: name)), in: zone)
        }
        let records = try #require(try found("A.second.svc.local"))
        #expect(records.map(\.type.text) == ["A", "AAAA", "SRV"])
        #expect(records.map(\.lines) == [[], [], ["a.second.svc.local. 5 IN SRV 0 1 80 db.example.net."]])
        #expect(try found("second.svc.local")?.isEmpty == true)
        #expect(try found("x.svc.local") == nil)
    }
}
