import DNSAuthority
import ProviderRegistry
import TestSupport
import Testing
import ZoneCompilation

@Suite struct ServiceCompilerTests {
    /// All records of `svc.local` with these providers: service, znode, host.
    private func records(_ providers: [(String, InstanceName, String)]) throws -> Set<Substring> {
        var registry = TestRegistry()
        for (service, instance, host) in providers {
            registry.add(service, instance, Provider(host: try #require(ProviderHost(host)), port: 80))
        }
        return Set(MasterFile.text(of: try #require(registry.zone)).split(separator: "\n"))
    }

    /// SHA-256 of "abc" begins with ba7816bf8f01cfea (FIPS 180-4).
    @Test func `an instance gives way to a service of its name, and takes its digest`() throws {
        let records = try records([("a", "abc", "10.0.0.1"), ("abc.a", "u", "10.0.0.2")])
        #expect(records.contains("abc.a.svc.local. 5 IN A 10.0.0.2"))
        #expect(!records.contains("abc.a.svc.local. 5 IN A 10.0.0.1"))
        #expect(records.contains("i-ba7816bf8f01cfea.a.svc.local. 5 IN A 10.0.0.1"))
        #expect(records.contains("a.svc.local. 5 IN SRV 0 1 80 i-ba7816bf8f01cfea.a.svc.local."))
    }

    @Test func `of two znodes that differ in case the younger takes its digest`() throws {
        let records = try records([("a", "ABC", "10.0.0.1"), ("a", "abc", "10.0.0.2")])
        #expect(records.contains("abc.a.svc.local. 5 IN A 10.0.0.1"))
        #expect(records.contains("i-ba7816bf8f01cfea.a.svc.local. 5 IN A 10.0.0.2"))
    }

    @Test func `services win over the name server and over SRV forms`() throws {
        let records = try records([("ns.dns", "u", "10.0.0.1"), ("a", "u", "10.0.0.2"), ("_a._tcp", "u", "10.0.0.3")])
        #expect(records.contains("ns.dns.svc.local. 5 IN A 10.0.0.1"))
        #expect(!records.contains("ns.dns.svc.local. 5 IN A 192.0.2.53"))
        #expect(records.contains("_a._tcp.svc.local. 5 IN A 10.0.0.3"))
        #expect(records.contains("_a._tcp.svc.local. 5 IN SRV 0 1 80 u._a._tcp.svc.local."))
        #expect(records.contains("_a._udp.svc.local. 5 IN SRV 0 1 80 u.a.svc.local."))
    }

    @Test func `twins are one provider, named by the older`() throws {
        let records = try records([("a", "old", "[2001:DB8::1]"), ("a", "young", "2001:db8:0::1")])
        #expect(records.contains("a.svc.local. 5 IN SRV 0 1 80 old.a.svc.local."))
        #expect(!records.contains { $0.contains("young") })
    }

    @Test func `a host name with a dot is its own target, a bare one is not`() throws {
        let records = try records([("a", "u1", "Host.Example."), ("a", "u2", "localhost")])
        #expect(records.contains("a.svc.local. 5 IN SRV 0 1 80 host.example."))
        #expect(records.contains("a.svc.local. 5 IN SRV 0 1 80 u2.a.svc.local."))
    }

    @Test func `a provider whose names would be too long is kept in addresses`() throws {
        let label = String(repeating: "x", count: 60)
        let service = [label, label, label, String(repeating: "y", count: 59)].joined(separator: ".")
        let records = try records([(service, "u1", "10.0.0.1")])
        #expect(records.contains("\(service).svc.local. 5 IN A 10.0.0.1"))
        #expect(!records.contains { $0.contains(" SRV ") })
    }
}
