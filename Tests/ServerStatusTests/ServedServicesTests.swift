import DNSAuthority
import Foundation
import IPAddressing
import ProviderRegistry
import TestSupport
import Testing

@testable import ServerStatus

/// What clients that speak no SRV are given, of a registry and the zone that is compiled of it.
@Suite struct ServedServicesTests {
    /// The services of a registry's zone. Names are read as those below `svc.local`, or with a final dot as they stand.
    static func services(_ test: TestRegistry, _ status: ZoneStatus = .current) throws -> ServedServices {
        let zone = try #require(test.zone)
        let served = status == .notReady ? ServedZone(notReady: zone.origin) : ServedZone(zone, status)
        return ServedServices({ [.init(served, test.registry)] }) { text in
            guard let name = DomainName(text: text) else { return [] }
            if text.hasSuffix(".") { return name.isAtOrBelow(zone.origin) ? [(zone.origin, name)] : [] }
            return name.appending(zone.origin).map { [(zone.origin, $0)] } ?? []
        }
    }

    private func hosts(_ services: ServedServices, _ name: String) throws -> [String] {
        let zones = try services.zones(nil)
        return services.find(name, in: zones).flatMap { $0.providers.map { "\($0.instance.text) \($0.host.text):\($0.port)" } }
    }

    private static let rich = ProviderDetails(
        ports: [NamedPort(name: "metrics", port: 9100), NamedPort(name: "far", port: 1, host: ProviderHost("10.9.9.9"))])

    @Test func `a service is found by its name, its service name and a port's name`() throws {
        var test = TestRegistry()
        test.add("web", "one", Provider(host: .ipv4(.init(value: 0x0A00_0001)), port: 80, details: Self.rich))
        test.add("WEB", "two", Provider(host: .ipv4(.init(value: 0x0A00_0002)), port: 80))
        test.add("a.b", "one", Provider(host: .ipv4(.init(value: 0x0A00_0003)), port: 80))
        let services = try Self.services(test)
        let both = ["one 10.0.0.1:80", "two 10.0.0.2:80"]
        for name in ["web", "WEB", "web.svc.local.", "_web._tcp", "_web._udp.svc.local."] {
            #expect(try hosts(services, name) == both, "\(name)")
        }
        #expect(try hosts(services, "_metrics._tcp.web") == ["one 10.0.0.1:9100"])
        #expect(try hosts(services, "_far._tcp.web") == ["one 10.9.9.9:1"])
        #expect(try hosts(services, "a.b") == ["one 10.0.0.3:80"])
        for name in ["gone", "one.web", "_none._tcp.web", "web.example.", ".."] { #expect(try hosts(services, name) == [], "\(name)") }
    }

    @Test func `providers that are down are left out, and of twins one is left`() throws {
        var test = TestRegistry()
        for (name, last, status) in [("a", 1, ProviderStatus.up), ("b", 1, .up), ("c", 2, .draining), ("d", 3, .down)] {
            let host = ProviderHost.ipv4(.init(value: 0x0A00_0000 + UInt32(last)))
            test.add("web", InstanceName(name), Provider(host: host, port: 80, details: ProviderDetails(status: status)))
        }
        #expect(try hosts(Self.services(test), "web") == ["a 10.0.0.1:80", "c 10.0.0.2:80"])
    }

    @Test func `addresses of hosts are those of the zone, also where a service has the name of a provider`() throws {
        var test = TestRegistry()
        test.hosts = ["h.example": HostAddresses(ipv4: .known([.init(value: 0x0A00_0007)]), ipv6: .known([]))]
        test.add("web", "one", Provider(host: .name("h.example"), port: 80))
        test.add("web", "two", Provider(host: .name("unknown.example"), port: 80))
        test.add("one.web", "x", Provider(host: .ipv4(.init(value: 0x0A00_0063)), port: 80))
        let services = try Self.services(test)
        let service = try #require(services.find("web", in: services.zones(nil)).first)
        #expect(service.providers.map { service.addresses(of: $0)?.map(\.text) } == [["10.0.0.7"], nil])
    }

    @Test func `of a zone that is not ready or expired nothing is said, and of another there is none`() throws {
        for status in [ZoneStatus.notReady, .expired] {
            #expect(throws: PushProblem.self) { try Self.services(TestRegistry(), status).zones(nil) }
            #expect(try Self.services(TestRegistry(), status).clusters().origins == [])
        }
        #expect(try Self.services(TestRegistry(), .stale).zones("svc.local").count == 1)
        #expect(throws: PushProblem.self) { try Self.services(TestRegistry()).zones("example") }
    }
}
