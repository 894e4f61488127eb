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
                            Registration(creationZxid: Int64(index), provider: Provider(host: $0, port: 80))
                        )
                    }
                }))
    }

    private func lines(_ compiler: inout ZoneCompiler) -> Set<Substring> {
        Set(
            compiler.compile { ($0 ?? 0) + 1 }[0].map { MasterFile.text(of: $0).split(separator: "\n").filter { !$0.contains(" SOA ") } }
                ?? [])
    }

    /// Numbers that look random, the same ones for a seed.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            let product = state.multipliedFullWidth(by: state ^ 0xE703_7ED1_A0B4_28DB)
            return product.high ^ product.low
        }
    }

    /// All records, and the number of names: those without records do not stand in a master file.
    private func content(_ compiler: inout ZoneCompiler) -> [String] {
        compiler.compile { ($0 ?? 0) + 1 }.map { zone in
            guard let zone else { return "" }
            let records = MasterFile.text(of: zone).split(separator: "\n").filter { !$0.contains(" SOA ") }
            return "\(zone.nameCount) names\n" + records.sorted().joined(separator: "\n")
        }
    }

    /// The rule behind incremental compilation: whatever the way, the same registries give the same zones.
    @Test(arguments: 0..<UInt64(8)) func `zones changed step by step are the zones compiled whole`(_ seed: UInt64) throws {
        var random = Numbers(state: seed)
        let origins = [origin, try #require(DomainName(text: "b.svc.local"))]
        func compiler() -> ZoneCompiler { ZoneCompiler(origins: origins, policy: TestRegistry.policy, seed: 1) }
        var steps = compiler()
        var registries = [Registry(), Registry()]
        for zone in 0...1 { steps.replace(with: registries[zone], zone: zone) }
        let names: [ServiceName] = [
            "a", "A", "b", "a.b", "b.a", "_tcp", "u0.a", "ns.dns", "_a._tcp", "c.b.a", "dns", "bad..name", "u1.b",
        ]
        let hosts = [
            "10.0.0.1", "10.0.0.2", "2001:db8::1", "h.example.net", "a.svc.local", "u0.a.svc.local", "a.b.svc.local", "localhost",
            "ns.dns.svc.local",
        ]
        let resolved = ["h.example.net": HostAddresses(ipv4: .known([IPv4Address(value: 9)]), ipv6: .known([]))]
        for step in 0..<100 {
            let name = try #require(names.randomElement(using: &random))
            let zone = Int.random(in: 0...1, using: &random)
            let providers = (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in hosts.randomElement(using: &random) }
            var new: Service? = Service()
            for (index, host) in providers.enumerated() {
                guard let host = ProviderHost(host) else { continue }
                new?.registrations["u\(index)"] = Registration(
                    creationZxid: Int64(step * 10 + index), provider: Provider(host: host, port: 80))
            }
            if Bool.random(using: &random) { new = nil }
            registries[zone].services[name] = new
            steps.apply(RegistryChange(services: [name: new]), zone: zone)
            if step == 50 { steps.resolve(resolved) }
            guard step % 5 == 0 else { continue }
            var whole = compiler()
            if step >= 50 { whole.resolve(resolved) }
            for zone in 0...1 { whole.replace(with: registries[zone], zone: zone) }
            #expect(content(&steps) == content(&whole), "step \(step)")
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

    @Test func `a host inside a zone that has not been read is not known yet`() throws {
        let other = try #require(DomainName(text: "z2.local"))
        var compiler = ZoneCompiler(origins: [origin, other], policy: TestRegistry.policy, seed: 1)
        compiler.replace(with: Registry(services: ["a": service("db.z2.local")]), zone: 0)
        #expect(lines(&compiler).contains("; a.svc.local. A: not known at present"))
        compiler.replace(with: Registry(), zone: 1)
        #expect(!lines(&compiler).contains("; a.svc.local. A: not known at present"))
        compiler.replace(with: Registry(services: ["db": service("10.0.0.7")]), zone: 1)
        #expect(lines(&compiler).contains("a.svc.local. 5 IN A 10.0.0.7"))
    }

    @Test func `equal SRV records are one`() {
        var compiler = compiler()
        compiler.replace(with: Registry(services: ["a": service("10.0.0.1", "u0.a.svc.local")]), zone: 0)
        let zone = compiler.compile { _ in 1 }[0].map(MasterFile.text) ?? ""
        #expect(
            zone.split(separator: "\n").filter { $0.hasPrefix("a.svc.local. 5 IN SRV") } == ["a.svc.local. 5 IN SRV 0 1 80 u0.a.svc.local."]
        )
    }

    /// Each change of a service costs those that name it anew; that must not grow with the square of their sizes.
    @Test(.timeLimit(.minutes(1))) func `thousands of providers may have hosts inside the zone`() throws {
        var compiler = compiler()
        func many(_ count: Int, _ host: (Int) -> String) -> Service {
            Service(
                registrations: Dictionary(
                    uniqueKeysWithValues: (0..<count).compactMap { number in
                        ProviderHost(host(number)).map {
                            let provider = Provider(host: $0, port: UInt16(number + 1))
                            return ("u\(number)", Registration(creationZxid: Int64(number), provider: provider))
                        }
                    }))
        }
        var services: [ServiceName: Service] = ["x": many(2000) { "10.0.\($0 / 250).\($0 % 250)" }, "y": many(2000) { _ in "x.svc.local" }]
        services["z"] = many(2000) { "u\($0).x.svc.local" }
        for number in 0..<1000 { services["ring\(number)"] = service("ring\((number + 1) % 1000).svc.local") }
        compiler.replace(with: Registry(services: services), zone: 0)
        guard let zone = compiler.compile(serial: { _ in 1 })[0] else { return }
        var responder = Responder(seed: 1)
        let zones = ServedZones([ServedZone(zone, .current)])
        for name in ["y.svc.local", "z.svc.local", "u1999.y.svc.local"] {
            let response = responder.response(to: QueryOctets.query(name, "A"), over: .tcp, from: zones)
            #expect(try PacketText(response).answer.count == 2000)
        }
    }
}
