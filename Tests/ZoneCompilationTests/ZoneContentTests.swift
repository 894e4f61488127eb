import DNSAuthority
import ProviderRegistry
import TestSupport
import Testing

@testable import ZoneCompilation

@Suite struct ZoneContentTests {
    private let name = DomainName(text: "a.svc.local") ?? .root

    private func content() -> ZoneContent { ZoneContent(origin: DomainName(text: "svc.local") ?? .root) }

    private func service(_ providers: String...) -> Service {
        let provider = Provider(host: .name("host"), port: 80)
        return Service(
            registrations: Dictionary(
                uniqueKeysWithValues: providers.map { (InstanceName($0), Registration(creationZxid: 1, provider: provider)) }))
    }

    @Test func `a name is unknown once its services with providers are gone or empty and one is left that is unknown`() {
        for rest in [nil, Service()] {
            var content = content()
            _ = content.apply(RegistryChange(services: ["a": Service(reach: .unknown), "A": service("1")]))
            #expect(content.unknown.isEmpty)
            _ = content.apply(RegistryChange(services: ["A": rest]))
            #expect(content.unknown == [name])
            _ = content.apply(RegistryChange(services: ["a": nil]))
            #expect(content.unknown.isEmpty)
        }
    }

    @Test func `services that share a name are looked at once, however many change`() {
        var content = content()
        // 2¹⁰ ways to write ten letters.
        let names = (0..<1024).map { bits in
            ServiceName(String((0..<10).map { bits >> $0 & 1 == 0 ? "x" : "X" }))
        }
        for service in [service("1"), service("1", "2")] {
            let effect = content.apply(RegistryChange(services: Dictionary(uniqueKeysWithValues: names.map { ($0, service) })))
            #expect(effect.changed.map(\.providers).suffix(1) == [names.count * service.count])
            #expect(effect.changed.count <= 2)
        }
    }
}
