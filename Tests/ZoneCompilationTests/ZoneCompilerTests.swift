import IPAddressing
import ProviderRegistry
import TestSupport
import Testing

@testable import DNSAuthority
@testable import ZoneCompilation

@Suite struct ZoneCompilerTests {
    private let origin = DomainName(text: "svc.local") ?? .root

    private func compiler() -> ZoneCompiler { ZoneCompiler(origins: [origin], policy: TestRegistry.policy, seed: 1) }

    private func service(_ hosts: String...) -> Service { service(hosts) }

    /// A service with a provider for each of these hosts, each at a port of its own if there are many.
    private func service(_ hosts: [String]) -> Service {
        var service = Service()
        for (index, host) in hosts.enumerated() {
            guard let host = ProviderHost(host) else { continue }
            let provider = Provider(host: host, port: hosts.count > 9 ? UInt16(index + 1) : 80)
            service.registrations["u\(index)"] = Registration(creationZxid: Int64(index), provider: provider)
        }
        return service
    }

    private func lines(_ compiler: inout ZoneCompiler) -> Set<Substring> {
        Set(
            compiler.compile { ($0 ?? 0) + 1 }[origin].map {
                MasterFile.text(of: $0).split(separator: "\n").filter { !$0.contains(" SOA ") }
            }
                ?? [])
    }

    /// All records, and the number of names: those without records do not stand in a master file.
    private func content(_ compiler: inout ZoneCompiler) -> [String] {
        compiler.compile { ($0 ?? 0) + 1 }.values.sorted { $0.origin.text < $1.origin.text }.map { zone in
            let records = MasterFile.text(of: zone).split(separator: "\n").filter { !$0.contains(" SOA ") }
            return "\(zone.nameCount) names\n" + records.sorted().joined(separator: "\n")
        }
    }

    /// Compiles what waits, one service a slice; gives the zones after each.
    private func slices(_ compiler: inout ZoneCompiler) -> [[DomainName: Zone]] {
        var slices: [[DomainName: Zone]] = []
        repeat { slices.append(compiler.compile(VersionNumbering { ($0 ?? 0) + 1 }, while: { false })) } while !compiler.isUpToDate
        return slices
    }

    /// The names of each zone, and whether each has data.
    private func names(_ zones: [DomainName: Zone]) -> [DomainName: [DomainName: Bool]] {
        zones.mapValues { Dictionary(uniqueKeysWithValues: $0.nodes.map { ($0.owner, $0.count > 0) }) }
    }

    static let names: [ServiceName] = [
        "a", "A", "b", "a.b", "b.a", "_tcp", "u0.a", "ns.dns", "_a._tcp", "c.b.a", "dns", "bad..name", "u1.b", "_one.a", "_tcp.a",
        "pin._zone.a", "x.pin._zone.a", "_http.u0.a", "k._tag.a", "a/b",
    ]

    /// What a provider may say, of so few different things that providers share some.
    private func randomDetails(_ random: inout Numbers) -> ProviderDetails? {
        guard Bool.random(using: &random) else { return nil }
        let hosts = ["10.0.0.3", "h.example.net", "localhost"].compactMap { ProviderHost($0) }
        let ports = ["http", "a"].filter { _ in Bool.random(using: &random) }.map { name in
            NamedPort(
                name: name, port: .random(in: 80...81, using: &random),
                host: Bool.random(using: &random) ? hosts.randomElement(using: &random) : nil)
        }
        return ProviderDetails(
            status: ProviderStatus.allCases.randomElement(using: &random) ?? .up, ports: ports,
            attributes: Bool.random(using: &random) ? ["k": Bool.random(using: &random) ? "v" : "_http._tcp"] : [:],
            zone: Bool.random(using: &random) ? "x" : nil, alpn: Bool.random(using: &random) ? ["h2"] : [],
            ttl: Bool.random(using: &random) ? 3 : nil)
    }

    /// A service of up to three providers with hosts inside and outside the zones, or none.
    func randomService(_ random: inout Numbers) -> Service? {
        let hosts = [
            "10.0.0.1", "10.0.0.2", "2001:db8::1", "h.example.net", "a.svc.local", "u0.a.svc.local", "a.b.svc.local", "localhost",
            "ns.dns.svc.local", "u1.a.b.svc.local",
        ]
        var service = Service()
        for index in 0..<Int.random(in: 0...3, using: &random) {
            guard let host = hosts.randomElement(using: &random).flatMap({ ProviderHost($0) }) else { continue }
            service.registrations[index == 2 ? "_a" : "u\(index)"] = Registration(
                creationZxid: .random(in: 0...1 << 40, using: &random),
                provider: Provider(host: host, port: 80, details: randomDetails(&random)))
        }
        return Bool.random(using: &random) ? service : nil
    }

    /// The rule behind incremental compilation: whatever the way, the same registries give the same zones.
    @Test(arguments: 0..<UInt64(8)) func `zones changed step by step are the zones compiled whole`(_ seed: UInt64) throws {
        var random = Numbers(state: seed)
        let origins = [origin, try #require(DomainName(text: "b.svc.local"))]
        var policy = TestRegistry.policy
        policy.tags = ["k"]
        func compiler() -> ZoneCompiler { ZoneCompiler(origins: origins, policy: policy, seed: 1) }
        var steps = compiler()
        var registries = [Registry(), Registry()]
        for (origin, registry) in zip(origins, registries) { steps.replace(with: registry, for: origin) }
        let resolved = ["h.example.net": HostAddresses(ipv4: .known([IPv4Address(value: 9)]), ipv6: .known([]))]
        for step in 0..<100 {
            let name = try #require(Self.names.randomElement(using: &random))
            let zone = Int.random(in: 0...1, using: &random)
            let new = randomService(&random)
            registries[zone].services[name] = new
            steps.apply(RegistryChange(services: [name: new]), to: origins[zone])
            if step == 50 { steps.resolve(resolved) }
            // Changes come while others wait.
            for _ in 0..<Int.random(in: 0...2, using: &random) { _ = steps.compile(VersionNumbering { ($0 ?? 0) + 1 }, while: { false }) }
            guard step % 5 == 0 else { continue }
            var whole = compiler()
            for (origin, registry) in zip(origins, registries) { whole.replace(with: registry, for: origin) }
            // Hosts that no provider named meanwhile have been forgotten.
            if step >= 50 {
                whole.resolve(resolved)
                steps.resolve(resolved)
            }
            #expect(content(&steps) == content(&whole), "step \(step)")
        }
    }

    @Test(arguments: 0..<UInt64(8)) func `zones that come, go and have other policies are the zones compiled whole`(_ seed: UInt64) throws {
        var random = Numbers(state: seed)
        let origins = [origin, try #require(DomainName(text: "b.svc.local")), try #require(DomainName(text: "example.net"))]
        var registries: [DomainName: Registry] = [:]
        var policies: [DomainName: ZonePolicy] = [:]
        var steps = ZoneCompiler(policies: [:], seed: 1)
        let resolved = ["h.example.net": HostAddresses(ipv4: .known([IPv4Address(value: 9)]), ipv6: .known([]))]
        for step in 0..<60 {
            for _ in 0..<5 {
                let (name, zone) = try (
                    #require(Self.names.randomElement(using: &random)), #require(origins.randomElement(using: &random))
                )
                guard registries[zone] != nil else { continue }
                let new = randomService(&random)
                registries[zone]?.services[name] = new
                steps.apply(RegistryChange(services: [name: new]), to: zone)
            }
            let zone = try #require(origins.randomElement(using: &random))
            var policy = TestRegistry.policy
            policy.ttl = .random(in: 1...9, using: &random)
            policies[zone] = Int.random(in: 0...2, using: &random) == 0 ? nil : policy
            // While services wait.
            _ = steps.compile(VersionNumbering { ($0 ?? 0) + 1 }, while: { false })
            steps.serve(policies)
            for origin in policies.keys where registries[origin] == nil {
                registries[origin] = Registry()
                steps.replace(with: Registry(), for: origin)
            }
            registries = registries.filter { policies[$0.key] != nil }
            var whole = ZoneCompiler(policies: policies, seed: 1)
            for (origin, registry) in registries { whole.replace(with: registry, for: origin) }
            whole.resolve(resolved)
            steps.resolve(resolved)
            #expect(content(&steps) == content(&whole), "step \(step)")
        }
    }

    @Test func `a zone whose policy is another leaves others as they are, and so does one that comes or goes`() throws {
        let (other, third) = (try #require(DomainName(text: "example.net")), try #require(DomainName(text: "x.svc.local")))
        var compiler = ZoneCompiler(origins: [origin, other], policy: TestRegistry.policy, seed: 1)
        let registry = Registry(services: ["a": service("10.0.0.1"), "b": service("ns.dns.svc.local")])
        for origin in [origin, other] { compiler.replace(with: registry, for: origin) }
        func serials() -> [DomainName: UInt32] { compiler.compile { ($0 ?? 0) + 1 }.mapValues(\.authority.serial) }
        #expect(serials() == [origin: 1, other: 1])
        var policy = TestRegistry.policy
        policy.maximumStale = .seconds(1)
        compiler.serve([origin: policy, other: policy])
        #expect(serials() == [origin: 1, other: 1], "no record is different")
        var slow = policy
        slow.ttl = 9
        compiler.serve([origin: policy, other: slow])
        #expect(serials() == [origin: 1, other: 2])
        compiler.serve([origin: policy, other: slow, third: policy])
        #expect(serials() == [origin: 1, other: 2])
        compiler.serve([origin: policy, other: slow])
        #expect(serials() == [origin: 1, other: 2])
        // What a host of the other zone leads to is different.
        policy.nameServerAddresses = [IPAddress("192.0.2.54")].compactMap(\.self)
        compiler.serve([origin: policy, other: slow])
        #expect(serials() == [origin: 2, other: 3])
        let zone = try #require(compiler.compile { ($0 ?? 0) + 1 }[other])
        #expect(MasterFile.text(of: zone).contains("b.example.net. 9 IN A 192.0.2.54\n"))
    }

    @Test(arguments: 0..<UInt64(4)) func `no name vanishes on the way from one state to another that has it`(_ seed: UInt64) throws {
        var random = Numbers(state: seed)
        let origins = [origin, try #require(DomainName(text: "b.svc.local"))]
        func compiler() -> ZoneCompiler { ZoneCompiler(origins: origins, policy: TestRegistry.policy, seed: 1) }
        var registries = [Registry(), Registry()]
        var steps = compiler()
        for (origin, registry) in zip(origins, registries) { steps.replace(with: registry, for: origin) }
        var before = names(slices(&steps).last ?? [:])
        for step in 0..<50 {
            // Two at once: a name that one gives up the other may take.
            for _ in 0..<2 {
                let name = try #require(Self.names.randomElement(using: &random))
                let zone = Int.random(in: 0...1, using: &random)
                let new = randomService(&random)
                registries[zone].services[name] = new
                steps.apply(RegistryChange(services: [name: new]), to: origins[zone])
            }
            var whole = compiler()
            for (origin, registry) in zip(origins, registries) { whole.replace(with: registry, for: origin) }
            let after = names(whole.compile { ($0 ?? 0) + 1 })
            for zones in slices(&steps) {
                let now = names(zones)
                for (origin, after) in after {
                    for (name, hasData) in after {
                        guard let hadData = before[origin]?[name] else { continue }
                        #expect(now[origin]?[name] != nil, "step \(step): \(name.text)")
                        if hasData, hadData { #expect(now[origin]?[name] == true, "step \(step): data of \(name.text)") }
                    }
                }
            }
            #expect(content(&steps) == content(&whole), "step \(step)")
            before = after
        }
    }

    @Test func `a zone is handed out when it has been compiled whole, then service by service`() {
        var compiler = compiler()
        compiler.replace(with: Registry(services: ["a": service("10.0.0.1"), "b": service("10.0.0.2", "10.0.0.3")]), for: origin)
        #expect(slices(&compiler).map { $0[origin] != nil } == [false, true])
        compiler.apply(RegistryChange(services: ["b": service("10.0.0.4", "10.0.0.5"), "c": service("10.0.0.6")]), to: origin)
        let texts = slices(&compiler).map { $0[origin].map(MasterFile.text) ?? "" }
        #expect(texts.map { $0.contains("\nc.svc.local. 5 IN A 10.0.0.6") } == [true, true])
        #expect(texts.map { $0.contains("\nb.svc.local. 5 IN A 10.0.0.4") } == [false, true])
    }

    /// Nothing but a change to `f` is what makes the others wait.
    @Test func `what hangs on a service that changes all the time does not hold up others`() {
        var compiler = compiler()
        var services = Dictionary(uniqueKeysWithValues: (0..<50).map { (ServiceName("user\($0)"), service("f.svc.local")) })
        services["f"] = service("10.0.0.1")
        services["web"] = service("10.0.0.2", "10.0.0.3", "10.0.0.4")
        compiler.replace(with: Registry(services: services), for: origin)
        _ = slices(&compiler)
        compiler.apply(RegistryChange(services: ["web": service("10.0.1.2", "10.0.1.3", "10.0.1.4")]), to: origin)
        var count = 0
        while !lines(after: &compiler).contains("web.svc.local. 5 IN A 10.0.1.2"), count < 50 {
            count += 1
            compiler.apply(RegistryChange(services: ["f": service("10.0.2.\(count)")]), to: origin)
        }
        #expect(count < 10)
        // Nor do they starve.
        for number in 0..<1000 {
            compiler.apply(RegistryChange(services: ["f": service("10.1.\(number / 250).\(number % 250)")]), to: origin)
            _ = compiler.compile(VersionNumbering { ($0 ?? 0) + 1 }, while: { false })
        }
        let stale = lines(after: &compiler).filter { $0.hasPrefix("user") && $0.contains(" A 10.0.2.") }
        #expect(stale.isEmpty)
    }

    /// The records after one slice.
    private func lines(after compiler: inout ZoneCompiler) -> Set<Substring> {
        let zones = compiler.compile(VersionNumbering { ($0 ?? 0) + 1 }, while: { false })
        return Set(zones[origin].map { MasterFile.text(of: $0).split(separator: "\n") } ?? [])
    }

    /// A service is changed before one has been compiled that names it, and one that names that has been.
    @Test func `a change passes through services that wait`() {
        var compiler = compiler()
        compiler.replace(with: Registry(), for: origin)
        let services: [(ServiceName, Service)] = [
            ("t", service("m.svc.local")), ("f", service("10.0.0.1")), ("m", service("f.svc.local", "10.0.0.9", "10.0.0.8")),
        ]
        for (name, service) in services { compiler.apply(RegistryChange(services: [name: service]), to: origin) }
        // `t`, the cheapest, and `f`, then the oldest.
        for _ in 0..<2 { _ = compiler.compile(VersionNumbering { ($0 ?? 0) + 1 }, while: { false }) }
        compiler.apply(RegistryChange(services: ["f": service("10.0.0.2")]), to: origin)
        let lines = lines(&compiler)
        #expect(lines.contains("t.svc.local. 5 IN A 10.0.0.2"))
        #expect(!lines.contains("t.svc.local. 5 IN A 10.0.0.1"))
    }

    @Test func `the youngest providers of a service that is too large are left out and reported once`() {
        func many(_ count: Int) -> Service { service((0..<count).map { "10.0.\($0 / 250).\($0 % 250)" }) }
        var compiler = ZoneCompiler(origins: [origin], policy: TestRegistry.policy, seed: 1, limit: 100_000)
        compiler.replace(with: Registry(services: ["a": many(1000), "b": many(2)]), for: origin)
        let text = compiler.compile { _ in 1 }[origin].map(MasterFile.text) ?? ""
        let count = text.split(separator: "\n").count { $0.hasPrefix("a.svc.local. 5 IN A ") }
        #expect((100..<1000).contains(count))
        #expect(text.contains("\na.svc.local. 5 IN A 10.0.0.0\n"))
        #expect(text.contains("\nu\(count - 1).a.svc.local. 5 IN A "))
        #expect(!text.contains("\nu\(count).a.svc.local. "))
        #expect(text.contains("\nb.svc.local. 5 IN A 10.0.0.1\n"))
        let owner = DomainName(text: "a.svc.local") ?? .root
        let reports = compiler.takeReports()
        #expect(reports == [.oversized(owner: owner, leftOut: 1000 - count)])
        compiler.apply(RegistryChange(services: ["a": many(999)]), to: origin)
        _ = compiler.compile { _ in 1 }
        let laterReports = compiler.takeReports()
        #expect(laterReports == [])
    }

    /// Aliases of a name with many addresses, and aliases of those: 500 × 500 × 128 addresses would be 1 GB.
    @Test func `aliases share the octets of addresses`() throws {
        var compiler = ZoneCompiler(origins: [origin], policy: TestRegistry.policy, seed: 1, limit: 500_000)
        compiler.replace(
            with: Registry(services: [
                "f": service((1...500).map { "2001:db8::" + String($0, radix: 16) }),
                "g": service((1...500).map { _ in "f.svc.local" }), "x": service((0..<500).map { "u\($0).g.svc.local" }),
            ]), for: origin)
        let compiled = compiler.compile { _ in 1 }[origin]
        let zone = try #require(compiled)
        let reports = compiler.takeReports()
        #expect(reports == [])
        for name in ["x.svc.local", "u499.x.svc.local", "g.svc.local"] {
            let owner = try #require(DomainName(text: name))
            let records = try #require(MasterFile.records(at: owner, in: zone))
            #expect(records.first { $0.type == .aaaa }?.lines.count == HostAddresses.mostOfOneFamily)
        }
    }

    @Test func `a host that no provider names is forgotten at once`() {
        var compiler = compiler()
        func registry(_ hosts: String...) -> Registry { Registry(services: ["a": service(hosts)]) }
        let known = HostAddresses(ipv4: .known([IPv4Address(value: 1)]), ipv6: .known([]))
        compiler.replace(with: registry("h.example.net"), for: origin)
        _ = lines(&compiler)
        compiler.resolve(["h.example.net": known])
        #expect(lines(&compiler).contains("a.svc.local. 5 IN A 0.0.0.1"))
        compiler.replace(with: registry("10.0.0.1"), for: origin)
        _ = lines(&compiler)
        #expect(compiler.takeHostChange().dropped == ["h.example.net"])
        // The resolver's last word may come late.
        compiler.resolve(["h.example.net": known])
        _ = lines(&compiler)
        compiler.replace(with: registry("h.example.net"), for: origin)
        #expect(lines(&compiler).contains("; a.svc.local. A: not known now"))
    }

    @Test func `a host passes from one service to another without being forgotten`() {
        var compiler = compiler()
        compiler.replace(with: Registry(services: ["a": service("h.example.net"), "b": service("10.0.0.1", "10.0.0.2")]), for: origin)
        _ = lines(&compiler)
        compiler.resolve(["h.example.net": HostAddresses(ipv4: .known([IPv4Address(value: 1)]), ipv6: .known([]))])
        _ = lines(&compiler)
        compiler.apply(RegistryChange(services: ["a": nil as Service?, "b": service("10.0.0.1", "h.example.net")]), to: origin)
        _ = compiler.takeHostChange()
        _ = slices(&compiler)
        #expect(compiler.takeHostChange().dropped == [])
        #expect(lines(&compiler).contains("b.svc.local. 5 IN A 0.0.0.1"))
    }

    @Test func `hosts of a service that is not known any more are no addresses, beside one of the same name that is`() {
        var compiler = compiler()
        var lost = service("10.0.0.1")
        lost.reach = .unknown
        compiler.replace(with: Registry(services: ["Web": lost, "web": service("10.0.0.2"), "s": service("web.svc.local")]), for: origin)
        let lines = lines(&compiler)
        for owner in ["web", "s"] {
            #expect(lines.filter { $0.hasPrefix("\(owner).svc.local. 5 IN A ") } == ["\(owner).svc.local. 5 IN A 10.0.0.2"])
        }
        #expect(!lines.contains { $0.contains("AAAA: not known") }, "the other family has no data")
    }

    @Test func `reports beyond a number are counted`() {
        var compiler = compiler()
        let names = (0..<ZoneCompiler.mostReports + 7).map { ServiceName("a..\($0)") }
        compiler.replace(with: Registry(services: Dictionary(uniqueKeysWithValues: names.map { ($0, Service()) })), for: origin)
        let reports = compiler.takeReports()
        #expect(reports.count == ZoneCompiler.mostReports + 1)
        #expect(reports.last == .more(7))
        let laterReports = compiler.takeReports()
        #expect(laterReports == [])
    }

    @Test func `the serial rises only when something is different`() {
        var compiler = compiler()
        compiler.replace(with: Registry(services: [ServiceName("a"): service("10.0.0.1")]), for: origin)
        #expect(compiler.compile { ($0 ?? 0) + 1 }[origin]?.authority.serial == 1)
        compiler.replace(with: Registry(services: [ServiceName("a"): service("10.0.0.1")]), for: origin)
        #expect(compiler.compile { ($0 ?? 0) + 1 }[origin]?.authority.serial == 1)
        compiler.replace(with: Registry(), for: origin)
        #expect(compiler.compile { ($0 ?? 0) + 1 }[origin]?.authority.serial == 2)
    }

    @Test func `names that cannot be domain names are reported once`() {
        var compiler = compiler()
        let registry = Registry(services: [
            ServiceName("a..b"): service("10.0.0.1"), ServiceName(String(repeating: "x", count: 64)): service("10.0.0.1"),
        ])
        compiler.replace(with: registry, for: origin)
        _ = compiler.compile { _ in 1 }
        #expect(compiler.takeReports().count == 2)
        compiler.replace(with: registry, for: origin)
        #expect(compiler.takeReports().isEmpty)
    }

    @Test func `hosts inside the zone are never asked of a resolver`() {
        var compiler = compiler()
        compiler.replace(
            with: Registry(services: [ServiceName("a"): service("b.svc.local", "x.example.net", "ns.dns.svc.local")]), for: origin)
        _ = compiler.compile { _ in 1 }
        #expect(Set(compiler.takeHostChange().followed.keys) == ["x.example.net"])
    }

    @Test func `a host inside a zone that has not been read is not known yet`() throws {
        let other = try #require(DomainName(text: "z2.local"))
        var compiler = ZoneCompiler(origins: [origin, other], policy: TestRegistry.policy, seed: 1)
        compiler.replace(with: Registry(services: ["a": service("db.z2.local")]), for: origin)
        #expect(lines(&compiler).contains("; a.svc.local. A: not known now"))
        compiler.replace(with: Registry(), for: other)
        #expect(!lines(&compiler).contains("; a.svc.local. A: not known now"))
        compiler.replace(with: Registry(services: ["db": service("10.0.0.7")]), for: other)
        #expect(lines(&compiler).contains("a.svc.local. 5 IN A 10.0.0.7"))
    }

    @Test func `equal SRV records are one`() {
        var compiler = compiler()
        compiler.replace(with: Registry(services: ["a": service("10.0.0.1", "u0.a.svc.local")]), for: origin)
        let zone = compiler.compile { _ in 1 }[origin].map(MasterFile.text) ?? ""
        #expect(
            zone.split(separator: "\n").filter { $0.hasPrefix("a.svc.local. 5 IN SRV") } == ["a.svc.local. 5 IN SRV 0 1 80 u0.a.svc.local."]
        )
    }

    /// Each change of a service costs those that name it again; that must not grow with the square of their sizes.
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
        compiler.replace(with: Registry(services: services), for: origin)
        guard let zone = compiler.compile(serial: { _ in 1 })[origin] else { return }
        var responder = TestResponder(seed: 1)
        let zones = ServedZones([ServedZone(zone, .current)])
        for name in ["y.svc.local", "z.svc.local", "u1999.y.svc.local"] {
            let response = responder.response(to: QueryOctets.query(name, "A"), over: .tcp, from: zones)
            #expect(try PacketText(response).answer.count == (name == "z.svc.local" ? 2000 : HostAddresses.mostOfOneFamily))
        }
    }
}
