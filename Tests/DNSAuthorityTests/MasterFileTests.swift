import DNSAuthority
import ProviderRegistry
import TestSupport
import Testing

@Suite struct MasterFileTests {
    @Test func `a zone is written with its SOA first, and absolute names`() throws {
        var registry = TestRegistry()
        registry.add("second", "u1", .init(host: .name("db.example.net"), port: 80))
        let lines = MasterFile.text(of: try #require(registry.zone)).split(separator: "\n").map(String.init)
        #expect(lines.first == "$TTL 5")
        #expect(lines.dropFirst().first == "svc.local. 5 IN SOA ns.dns.svc.local. hostmaster.svc.local. 1 7200 1800 86400 1")
        #expect(lines.contains("_second._tcp.svc.local. 5 IN SRV 0 1 80 db.example.net."))
        #expect(lines.contains("; second.svc.local. A: not known at present"))
    }
}
