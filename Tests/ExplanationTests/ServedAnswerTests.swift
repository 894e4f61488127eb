import DNSAuthority
import ProviderRegistry
import TestSupport
import Testing
import ZoneCompilation

@testable import Explanation

@Suite struct ServedAnswerTests {
    private func registry() -> TestRegistry {
        var registry = TestRegistry()
        registry.add("web", "one", .init(host: .ipv4(.init(value: 0x0A00_0001)), port: 80))
        registry.add("web", "twin", .init(host: .ipv4(.init(value: 0x0A00_0001)), port: 80))
        registry.add("web", "gone", .init(host: .ipv4(.init(value: 0x0A00_0002)), port: 80, weight: 5, priority: 2), isHeld: true)
        return registry
    }

    private func explain(_ name: String, _ registry: TestRegistry, rejected: [ZnodeReport] = []) throws -> ServedAnswer? {
        let source = ZoneSource(origin: try #require(DomainName(text: "svc.local")), layout: RegistryLayout(root: "/providers"))
        let served = try #require(registry.zones.all.first)
        return ServedAnswer(name, source, registry.registry, served, rejected: rejected)
    }

    @Test func `a service is shown with what has become of each provider`() throws {
        let bad = ZnodeReport(path: "/providers/web/bad", reason: "no data", excerpt: "")
        let other = ZnodeReport(path: "/providers/website/bad", reason: "no data", excerpt: "")
        let answer = try #require(try explain("web", registry(), rejected: [other, bad]))
        #expect(answer.providers.map(\.state) == ["served", "merged", "held"])
        #expect(answer.providers.map(\.into) == [nil, "one", nil])
        #expect(answer.rejected.map(\.path) == ["/providers/web/bad"])
        let lines = answer.text.split(separator: "\n").map(String.init)
        #expect(
            lines.prefix(6) == [
                "web.svc.local: service of zone svc.local, current, serial 1", "  znode /providers/web",
                "  /providers/web/one    10.0.0.1:80   served", "  /providers/web/twin   10.0.0.1:80   merged into one",
                "  /providers/web/gone   10.0.0.2:80   held, priority 2, weight 5", "  /providers/web/bad   rejected: no data",
            ])
        #expect(lines.contains("answer (NOERROR)") && lines.contains("  web.svc.local. 5 IN A 10.0.0.1"))
    }

    @Test(arguments: [
        ("one.web", "instance", 1), ("_web._tcp", "service name", 3), ("web.svc.local.", "service", 3), ("ns.dns", "name server", 0),
        ("nothing", "nothing", 0), ("_tcp.web", "nothing", 0), ("_x._zone.web", "nothing", 0),
    ])
    func `a name is known for what it is`(name: String, role: String, providers: Int) throws {
        let answer = try #require(try explain(name, registry()))
        #expect(answer.role == role && answer.providers.count == providers)
        #expect(answer.exists == (role != "nothing"))
        #expect(try explain("web.example.com.", registry()) == nil)
    }

    @Test func `a zone that cannot be relied on answers SERVFAIL`() throws {
        for (status, words) in [(ZoneStatus.notReady, "has not been read"), (.expired, "for too long"), (.stale, "NOERROR")] {
            var registry = registry()
            registry.status = status
            #expect(try #require(try explain("web", registry)).answer.first?.contains(words) == true)
        }
    }

    @Test func `hostile text shows`() throws {
        let name = "\u{1B}[31m<b>"
        let report = ZnodeReport(path: "/providers/web/\(name)", reason: "no data", excerpt: "")
        let text = try #require(try explain("web", registry(), rejected: [report])).text
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || 32...126 ~= $0.value })
    }
}
