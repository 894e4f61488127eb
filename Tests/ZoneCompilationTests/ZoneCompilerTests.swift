import DNSAuthority
import IPAddressing
import ProviderRegistry
import TestSupport
import Testing
import ZoneCompilation

@Suite struct ZoneCompilerTests {
    private let origin = DomainName(text: "svc.local") ?? .root

    private func compiler() -> ZoneCompiler { ZoneCompiler(origins: [origin], policy: TestRegistry.policy, seed: 1) }

    private func service(_ hosts: String...) -> Service {
        Service(
            registrations: Dictionary(
                uniqueKeysWithValues: hosts.enumerated().compactMap { index, host in
                    ProviderHost(host).map {
                        (
                            InstanceName("u\(index)"),
                            Registration(instance: "u\(index)", creationZxid: Int64(index), provider: Provider(host: $0, port: 80))
                        )
                    }
                }))
    }

    private func lines(_ compiler: inout ZoneCompiler) -> Set<Substring> {
        Set(
            compiler.compile { ($0 ?? 0) + 1 }[0].map { MasterFile.text(of: $0).split(separator: "\n").filter { !$0.contains(" SOA ") } }
                ?? [])
    }

    /// The rule behind incremental compilation: whatever the way, the same registry gives the same zone.
    @Test func `a zone changed step by step is the zone compiled whole`() {
        var random = SystemRandomNumberGenerator()
        var steps = compiler()
        steps.replace(with: Registry(), zone: 0)
        var registry = Registry()
        let names: [ServiceName] = ["a", "A", "b", "a.b", "b.a", "_tcp", "u0.a", "ns.dns", "_a._tcp", "c.b.a", "dns", "bad..name", "u1.b"]
        let hosts = ["10.0.0.1", "10.0.0.2", "2001:db8::1", "h.example.net", "a.svc.local", "u0.a.svc.local", "b.svc.local", "localhost"]
        let resolved = ["h.example.net": HostAddresses(ipv4: .known([IPv4Address(value: 9)]), ipv6: .known([]))]
        for step in 0..<400 {
            let name = names.randomElement(using: &random) ?? names[0]
            var change = RegistryChange()
            let providers = (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in hosts.randomElement(using: &random) }
            var new: Service? = Service()
            for (index, host) in providers.enumerated() {
                new?.registrations["u\(index)"] = service(host).registrations["u0"].map {
                    Registration(instance: "u\(index)", creationZxid: Int64(step * 10 + index), provider: $0.provider)
                }
            }
            if Bool.random(using: &random) { new = nil }
            change.services[name] = .some(new)
            registry.services[name] = new
            steps.apply(change, zone: 0)
            if step == 200 { steps.resolve(resolved) }
            guard step % 5 == 0 else { continue }
            var whole = compiler()
            if step >= 200 { whole.resolve(resolved) }
            whole.replace(with: registry, zone: 0)
            #expect(lines(&steps).symmetricDifference(lines(&whole)) == [], "step \(step)")
        }
    }

    @Test func `the serial rises only when something is different`() {
        var compiler = compiler()
        compiler.replace(with: Registry(services: [ServiceName("a"): service("10.0.0.1")]), zone: 0)
        #expect(compiler.compile { ($0 ?? 0) + 1 }[0]?.authority.serial == 1)
        compiler.replace(with: Registry(services: [ServiceName("a"): service("10.0.0.1")]), zone: 0)
        #expect(compiler.compile { ($0 ?? 0) + 1 }[0]?.authority.serial == 1)
        compiler.replace(with: Registry(), zone: 0)
        #expect(compiler.compile { ($0 ?? 0) + 1 }[0]?.authority.serial == 2)
    }

    @Test func `names that cannot be domain names are told once`() {
        var compiler = compiler()
        let registry = Registry(services: [
            ServiceName("a..b"): service("10.0.0.1"), ServiceName(String(repeating: "x", count: 64)): service("10.0.0.1"),
        ])
        compiler.replace(with: registry, zone: 0)
        _ = compiler.compile { _ in 1 }
        #expect(compiler.takeReports().count == 2)
        compiler.replace(with: registry, zone: 0)
        #expect(compiler.takeReports().isEmpty)
    }

    @Test func `hosts inside the zone are never asked of a resolver`() {
        var compiler = compiler()
        compiler.replace(with: Registry(services: [ServiceName("a"): service("b.svc.local", "x.example.net", "ns.dns.svc.local")]), zone: 0)
        _ = compiler.compile { _ in 1 }
        #expect(compiler.externalHosts == ["x.example.net"])
    }

    @Test func `what the resolver no longer knows stays as it was`() {
        var compiler = compiler()
        compiler.replace(with: Registry(services: ["a": service("h.example.net")]), zone: 0)
        _ = compiler.compile { _ in 1 }
        compiler.resolve(["h.example.net": HostAddresses(ipv4: .known([IPv4Address(value: 1)]), ipv6: .unknown)])
        compiler.resolve(["h.example.net": HostAddresses(ipv4: .unknown, ipv6: .known([IPv6Address(value: 1)]))])
        let lines = lines(&compiler)
        #expect(lines.contains("a.svc.local. 5 IN A 0.0.0.1"))
        #expect(lines.contains("a.svc.local. 5 IN AAAA 0:0:0:0:0:0:0:1"))
    }
}
