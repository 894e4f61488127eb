import DNSAuthority
import IPAddressing
import ProviderRegistry
import TestSupport
import Testing

@testable import ZoneCompilation

/// What comes of all that a document may say beside host, port, weight and priority, as a master file has it.
@Suite struct DetailedServiceTests {
    private let origin = DomainName(text: "svc.local") ?? .root

    private func name(_ text: String) -> DomainName { DomainName(text: text + ".svc.local") ?? .root }

    private func provider(
        _ host: String, _ port: UInt16 = 80, weight: UInt16 = 1, priority: UInt16 = 0, with details: ProviderDetails? = nil
    ) throws -> Provider {
        Provider(host: try #require(ProviderHost(host)), port: port, weight: weight, priority: priority, details: details)
    }

    private func registry(_ providers: [(ServiceName, InstanceName, Provider)]) -> Registry {
        var registry = Registry()
        for (index, (service, instance, provider)) in providers.enumerated() {
            registry.services[service, default: Service()].registrations[instance] = Registration(
                creationZxid: Int64(index), provider: provider)
        }
        return registry
    }

    private func compiler(_ policy: ZonePolicy = TestRegistry.policy) -> ZoneCompiler {
        ZoneCompiler(origins: [origin], policy: policy, seed: 1)
    }

    /// The zone's records but those of the apex and of the service names of plain services, without class and the origin's labels.
    private func lines(_ compiler: inout ZoneCompiler) -> [String] {
        let text = compiler.compile { ($0 ?? 0) + 1 }[origin].map(MasterFile.text) ?? ""
        return text.split(separator: "\n").dropFirst().map { String($0).split(separator: ".svc.local.").joined() }.filter {
            !$0.hasPrefix("svc.local.") && !$0.hasPrefix("ns.dns") && !$0.contains("SOA")
        }
    }

    private func lines(_ providers: [(ServiceName, InstanceName, Provider)], tags: [String] = []) -> [String] {
        var policy = TestRegistry.policy
        policy.tags = tags
        var compiler = compiler(policy)
        compiler.replace(with: registry(providers), for: origin)
        return lines(&compiler)
    }

    /// The lines of a name.
    private func records(_ lines: [String], _ owner: String) -> [String] {
        lines.filter { $0.hasPrefix(owner + " ") }.map { String($0.dropFirst(owner.count + 1)) }.sorted()
    }

    @Test func `a plain service has the names of its providers, and one at which an answer has one`() throws {
        let lines = lines([("web", "u", try provider("10.0.0.1")), ("web", "v", try provider("10.0.0.2"))])
        #expect(
            Set(lines.compactMap { $0.split(separator: " ").first }) == [
                "web", "_web._tcp", "_web._udp", "u.web", "v.web", "_one.web", ";",
            ])
        #expect(records(lines, "_one.web") == ["1 IN A 10.0.0.1", "1 IN A 10.0.0.2"])
    }

    @Test func `one provider a query is one of the lowest priority number`() throws {
        let lines = lines([
            ("web", "u", try provider("10.0.0.1", priority: 5)), ("web", "v", try provider("10.0.0.2", weight: 3)),
            ("web", "w", try provider("10.0.0.3", weight: 0)), ("web", "x", try provider("2001:db8::1", priority: 9)),
        ])
        #expect(records(lines, "_one.web") == ["1 IN A 10.0.0.2", "1 IN A 10.0.0.3"])
        #expect(records(lines, "web").count == 8)
    }

    @Test func `a draining provider has its own name alone, one that is down none`() throws {
        let draining = ProviderDetails(status: .draining, attributes: ["a": "b"])
        let lines = lines([
            ("web", "u", try provider("10.0.0.1")), ("web", "v", try provider("10.0.0.2", with: draining)),
            ("web", "w", try provider("10.0.0.3", with: ProviderDetails(status: .down))),
        ])
        #expect(records(lines, "web") == ["5 IN A 10.0.0.1", "5 IN SRV 0 1 80 u.web"])
        #expect(records(lines, "_web._tcp") == ["5 IN SRV 0 1 80 u.web"])
        #expect(records(lines, "_one.web") == ["1 IN A 10.0.0.1"])
        #expect(records(lines, "v.web") == ["5 IN A 10.0.0.2", "5 IN SRV 0 1 80 v.web", "5 IN TXT \"a=b\""])
        #expect(records(lines, "w.web") == [])
    }

    @Test func `a draining provider at the address of one that is up changes nothing for that one`() throws {
        let draining = ProviderDetails(status: .draining)
        let lines = lines([
            ("web", "v", try provider("10.0.0.2", 81, with: draining)), ("web", "u", try provider("10.0.0.1")),
            ("web", "w", try provider("10.0.0.1", 81, with: draining)),
        ])
        #expect(records(lines, "web") == ["5 IN A 10.0.0.1", "5 IN SRV 0 1 80 u.web"])
        for (instance, address, port) in [("u", 1, 80), ("v", 2, 81), ("w", 1, 81)] {
            #expect(
                records(lines, "\(instance).web") == ["5 IN A 10.0.0.\(address)", "5 IN SRV 0 1 \(port) \(instance).web"])
        }
    }

    @Test func `a provider that changes its status comes and goes, and its name stays while it drains`() throws {
        var compiler = compiler()
        compiler.replace(with: registry([("web", "u", try provider("10.0.0.1"))]), for: origin)
        let up = lines(&compiler)
        for (status, own, offered) in [(ProviderStatus.draining, 2, 0), (.down, 0, 0), (.up, 2, 2)] {
            let service = registry([("web", "u", try provider("10.0.0.1", with: ProviderDetails(status: status)))]).services["web"]
            compiler.apply(RegistryChange(services: ["web": service]), to: origin)
            let lines = lines(&compiler)
            #expect(records(lines, "u.web").count == own, "\(status)")
            #expect(records(lines, "web").count == offered, "\(status)")
            if status == .up { #expect(lines == up) }
        }
    }

    @Test func `hosts of other services lead to what is up`() throws {
        let lines = lines([
            ("web", "u", try provider("10.0.0.1")), ("web", "v", try provider("10.0.0.2", with: ProviderDetails(status: .draining))),
            ("a", "x", try provider("web.svc.local")), ("b", "x", try provider("v.web.svc.local")),
            ("c", "x", try provider("_one.web.svc.local")),
        ])
        #expect(records(lines, "a").contains("5 IN A 10.0.0.1") && !records(lines, "a").contains("5 IN A 10.0.0.2"))
        #expect(records(lines, "b").contains("5 IN A 10.0.0.2"))
        #expect(records(lines, "c").contains("5 IN A 10.0.0.1"))
    }

    @Test func `named ports have SRV, with hosts of their own where they name some`() throws {
        let first = ProviderDetails(ports: [
            NamedPort(name: "http", port: 8080), NamedPort(name: "_http", port: 9),
            NamedPort(name: "admin", port: 90, host: ProviderHost("10.9.9.9")),
        ])
        let second = ProviderDetails(ports: [
            NamedPort(name: "http", port: 8081, host: ProviderHost("h.example")), NamedPort(name: "main", port: 81),
        ])
        var compiler = compiler()
        compiler.replace(
            with: registry([("web", "u", try provider("10.0.0.1", with: first)), ("web", "v", try provider("10.0.0.2", 81, with: second))]),
            for: origin)
        compiler.resolve(["h.example": HostAddresses(ipv4: .known([IPv4Address(value: 9)]), ipv6: .known([]))])
        let lines = lines(&compiler)
        for label in ["_tcp", "_udp"] {
            #expect(records(lines, "_http.\(label).web") == ["5 IN SRV 0 1 8080 u.web", "5 IN SRV 0 1 8081 h.example."])
            #expect(records(lines, "_admin.\(label).web") == ["5 IN SRV 0 1 90 _admin.u.web"])
            #expect(records(lines, "_main.\(label).web") == ["5 IN SRV 0 1 81 v.web"])
        }
        #expect(records(lines, "_admin.u.web") == ["5 IN A 10.9.9.9"])
        #expect(records(lines, "_web._tcp") == ["5 IN SRV 0 1 80 u.web", "5 IN SRV 0 1 81 v.web"])
        #expect(compiler.takeHostChange().followed.keys.contains("h.example"))
    }

    @Test func `a port or a tag that only draining providers have keeps its names, without data`() throws {
        let details = ProviderDetails(
            status: .draining, ports: [NamedPort(name: "admin", port: 90)], attributes: ["version": "1"])
        var policy = TestRegistry.policy
        policy.tags = ["version"]
        var compiler = compiler(policy)
        compiler.replace(
            with: registry([("web", "u", try provider("10.0.0.1")), ("web", "v", try provider("10.0.0.2", with: details))]), for: origin)
        let zone = try #require(compiler.compile { _ in 1 }[origin])
        for text in ["_admin._tcp.web", "_admin._udp.web", "1.version._tag.web"] {
            #expect(MasterFile.records(at: name(text), in: zone)?.isEmpty == true, "\(text)")
        }
        #expect(MasterFile.records(at: name("_other._tcp.web"), in: zone) == nil)
        #expect(MasterFile.records(at: name("2.version._tag.web"), in: zone) == nil)
    }

    /// RFC 6763 §6.4.
    @Test func `attributes are text: those that all share at the service, all at the instance`() throws {
        let attributes = ["replicaSet": "rs0", "b": "2", " `x ": "=\"", "long": String(repeating: "y", count: 251)]
        let lines = lines([
            ("web", "u", try provider("10.0.0.1", with: ProviderDetails(attributes: attributes))),
            ("web", "v", try provider("10.0.0.2", with: ProviderDetails(attributes: ["replicaSet": "rs0", "b": "3"]))),
            ("web", "w", try provider("10.0.0.3", with: ProviderDetails(status: .draining, attributes: ["c": "4"]))),
            ("a", "u", try provider("a.b")),
        ])
        #expect(records(lines, "web").filter { $0.contains("TXT") } == ["5 IN TXT \"replicaSet=rs0\""])
        #expect(records(lines, "u.web").filter { $0.contains("TXT") } == ["5 IN TXT \" `x ==\\\"\" \"b=2\" \"replicaSet=rs0\""])
        #expect(!lines.contains { $0.hasPrefix("a ") && $0.contains("TXT") })
        #expect(AttributeText(["long": String(repeating: "y", count: 250)]).strings.map(\.count) == [255])
        #expect(AttributeText(attributes).omitted == "long")
    }

    /// CoreDNS's plugin `zonal`.
    @Test func `parts of the network have names with pin and prefer`() throws {
        let lines = lines([
            ("web", "u", try provider("10.0.0.1", with: ProviderDetails(zone: "East.1a"))),
            ("web", "v", try provider("10.0.0.2", with: ProviderDetails(zone: "west"))),
            ("web", "w", try provider("10.0.0.3", with: ProviderDetails(status: .draining, zone: "north"))),
            ("a", "u", try provider("10.0.0.4")),
        ])
        for directive in ["pin", "prefer"] {
            #expect(records(lines, "east.1a.\(directive)._zone.web") == ["5 IN A 10.0.0.1", "5 IN SRV 0 1 80 u.web"])
            #expect(records(lines, "west.\(directive)._zone.web") == ["5 IN A 10.0.0.2", "5 IN SRV 0 1 80 v.web"])
            #expect(records(lines, "north.\(directive)._zone.web") == [])
        }
        #expect(records(lines, "*.prefer._zone.web") == records(lines, "web"))
        #expect(records(lines, "*.pin._zone.web") == [])
        #expect(!lines.contains { $0.contains("_zone.a ") })
    }

    @Test func `parts of the network have names as long as some document says one, though its provider is down`() throws {
        for status in [ProviderStatus.draining, .down] {
            let lines = lines([
                ("web", "u", try provider("10.0.0.1")),
                ("web", "v", try provider("10.0.0.2", with: ProviderDetails(status: status, zone: "west"))),
            ])
            #expect(records(lines, "*.prefer._zone.web") == records(lines, "web"), "\(status)")
            #expect(!lines.contains { $0.hasPrefix("west.") })
        }
        let invalid = lines([("web", "u", try provider("10.0.0.1", with: ProviderDetails(status: .down, zone: "a!b")))])
        #expect(!invalid.contains { $0.contains("_zone") })
    }

    @Test func `a hundred parts of the network have names, the first by name`() throws {
        var compiler = compiler()
        let providers = try (0...100).reversed().map { index in
            ("web", InstanceName("u\(index)"), try provider("10.0.0.\(index)", with: ProviderDetails(zone: "z\(1000 + index)")))
                as (ServiceName, InstanceName, Provider)
        }
        compiler.replace(with: registry(providers), for: origin)
        let lines = lines(&compiler)
        #expect(records(lines, "z1099.pin._zone.web").count == 2)
        #expect(records(lines, "z1100.pin._zone.web").isEmpty)
        let detail = OmittedDetail("u100", "zone", "z1100", "is beyond the first 100 of its service")
        #expect(compiler.takeReports() == [.omitted(detail, owner: name("web"))])
    }

    @Test func `a provider stands once at the name of two tags that differ only in case`() throws {
        let attributes = ["version": "a", "Version": "A"]
        let lines = lines(
            [
                ("web", "u", try provider("10.0.0.1", with: ProviderDetails(attributes: attributes))),
                ("web", "v", try provider("10.0.0.2")),
            ], tags: ["version", "Version"])
        #expect(records(lines, "a.version._tag.web") == ["5 IN A 10.0.0.1", "5 IN SRV 0 1 80 u.web"])
    }

    @Test func `attributes that the policy lists have names`() throws {
        let lines = lines(
            [
                ("web", "u", try provider("10.0.0.1", with: ProviderDetails(attributes: ["version": "1.2", "other": "x"]))),
                ("web", "v", try provider("10.0.0.2", with: ProviderDetails(attributes: ["version": "a b"]))),
                ("web", "w", try provider("10.0.0.3", with: ProviderDetails(attributes: ["version": "1.2"]))),
            ], tags: ["version", "absent", "no.label"])
        #expect(
            records(lines, "1.2.version._tag.web") == [
                "5 IN A 10.0.0.1", "5 IN A 10.0.0.3", "5 IN SRV 0 1 80 u.web", "5 IN SRV 0 1 80 w.web",
            ])
        #expect(lines.filter { $0.contains("_tag") }.count == 4)
    }

    @Test func `a service has the least TTL that its providers ask for`() throws {
        let lines = lines([
            ("web", "u", try provider("10.0.0.1", with: ProviderDetails(ttl: 60))),
            ("web", "v", try provider("10.0.0.2", with: ProviderDetails(ttl: 30))),
            ("a", "u", try provider("10.0.0.3", with: ProviderDetails(ttl: 4_000_000))),
            ("b", "u", try provider("10.0.0.4", with: ProviderDetails(ttl: 60))), ("b", "v", try provider("10.0.0.5")),
        ])
        #expect(records(lines, "u.web") == ["30 IN A 10.0.0.1", "30 IN SRV 0 1 80 u.web"])
        #expect(records(lines, "_one.web") == ["1 IN A 10.0.0.1", "1 IN A 10.0.0.2"])
        #expect(records(lines, "u.a") == ["3600 IN A 10.0.0.3", "3600 IN SRV 0 1 80 u.a"])
        #expect(records(lines, "u.b") == ["5 IN A 10.0.0.4", "5 IN SRV 0 1 80 u.b"])
    }

    /// RFC 9460 §2.1, §9.
    @Test func `protocols make SVCB, and HTTPS where they are HTTP`() throws {
        let lines = lines([
            ("web", "u", try provider("10.0.0.1", 8443, with: ProviderDetails(alpn: ["h2", "h3"]))),
            ("web", "v", try provider("2001:db8::1", 443, priority: 65535, with: ProviderDetails(alpn: ["http/1.1"]))),
            ("mq", "u", try provider("10.0.0.2", 1883, with: ProviderDetails(alpn: ["mqtt"]))),
        ])
        #expect(
            records(lines, "web").filter { $0.contains("SVCB") } == [
                "5 IN SVCB 1 u.web alpn=\"h2,h3\" port=8443 ipv4hint=10.0.0.1",
                "5 IN SVCB 65535 v.web alpn=\"http/1.1\" port=443 ipv6hint=2001:db8::1",
            ])
        #expect(
            records(lines, "web").filter { $0.contains("HTTPS") } == [
                "5 IN HTTPS 1 u.web alpn=\"h2,h3\" no-default-alpn port=8443 ipv4hint=10.0.0.1",
                "5 IN HTTPS 65535 v.web alpn=\"http/1.1\" port=443 ipv6hint=2001:db8::1",
            ])
        #expect(records(lines, "mq").filter { $0.contains("SVCB") }.count == 1)
        #expect(!records(lines, "mq").contains { $0.contains("HTTPS") })
    }

    /// Without a count a hundred documents of 1 KiB would make 600 KiB of text.
    @Test func `what documents say counts among the octets of their service`() throws {
        let ports = (0..<30).map { NamedPort(name: "p\($0)", port: 80, host: ProviderHost("10.1.0.\($0)")) }
        var compiler = ZoneCompiler(origins: [origin], policy: TestRegistry.policy, seed: 1, limit: 100_000)
        let providers = try (0..<100).map { index in
            ("web", InstanceName("u\(index)"), try provider("10.0.0.\(index)", with: ProviderDetails(ports: ports, zone: "x\(index)")))
                as (ServiceName, InstanceName, Provider)
        }
        compiler.replace(with: registry(providers), for: origin)
        let lines = lines(&compiler)
        let count = records(lines, "web").count / 2
        #expect((2..<20).contains(count))
        #expect(lines.reduce(0) { $0 + $1.utf8.count } < 100_000)
        #expect(!lines.contains { $0.contains("u\(count).web") })
        #expect(compiler.takeReports() == [.oversized(owner: name("web"), leftOut: 100 - count)])
    }
}
