import DNSAuthority
import IPAddressing
import ProviderRegistry
import TestSupport
import Testing

@testable import ZoneCompilation

/// The names of addresses (RFC 1035 §3.5, RFC 3596 §2.5).
@Suite struct ReverseTests {
    private let origin = DomainName(text: "svc.local") ?? .root
    private let other = DomainName(text: "example.net") ?? .root

    private func policy(_ ranges: [String], most: Int = 100) throws -> ReversePolicy {
        var policy = TestRegistry.policy
        policy.mostAnswers = most
        return ReversePolicy(try ranges.map { try #require(AddressRange($0)) }, policy: policy, zone: origin)
    }

    private func service(_ hosts: [String: String], held: [String: String] = [:], reach: Reach = .current) throws -> Service {
        var service = Service(reach: reach)
        for (instance, host) in hosts { service.registrations[InstanceName(instance)] = try registration(host) }
        service.held = try held.map { HeldProvider(instance: InstanceName($0), registration: try registration($1)) }
        return service
    }

    private func registration(_ host: String) throws -> Registration {
        Registration(creationZxid: 1, provider: Provider(host: try #require(ProviderHost(host)), port: 80))
    }

    /// A compiler of these services in `svc.local`.
    private func compiler(_ ranges: [String], _ services: [ServiceName: Service], most: Int = 100) throws -> ZoneCompiler {
        var compiler = ZoneCompiler(policies: [origin: TestRegistry.policy], reverse: try policy(ranges, most: most), seed: 1)
        compiler.replace(with: Registry(services: services), for: origin)
        return compiler
    }

    /// All PTR records of some zones, sorted, as `NAME TARGET`.
    private func pointers(_ zones: [DomainName: Zone]) -> [String] {
        zones.values.flatMap { MasterFile.text(of: $0).split(separator: "\n") }.filter { $0.contains(" PTR ") }.map { line in
            let words = line.split(separator: " ")
            return "\(words[0]) \(words[words.count - 1])"
        }.sorted()
    }

    private func ask(_ name: String, _ type: String = "PTR", in zones: [DomainName: Zone]) throws -> PacketText {
        var responder = TestResponder(seed: 1)
        let served = ServedZones(zones.values.map { ServedZone($0, .current) })
        return try PacketText(responder.response(to: QueryOctets.query(name, type, opt: QueryOctets.opt()), over: .udp, from: served))
    }

    @Test func `a range is cut at octets of IPv4 and at digits of IPv6`() throws {
        func origins(_ ranges: String...) throws -> [String] { try policy(ranges).prefixes.map(\.origin.text) }
        #expect(try origins("10.0.0.0/8") == ["10.in-addr.arpa."])
        #expect(try origins("172.16.0.0/12") == (16...31).map { "\($0).172.in-addr.arpa." })
        #expect(try origins("10.1.2.6/31") == ["6.2.1.10.in-addr.arpa.", "7.2.1.10.in-addr.arpa."])
        #expect(try origins("0.0.0.0/0", "::/0") == ["in-addr.arpa.", "ip6.arpa."])
        #expect(try origins("2001:db8::/32") == ["8.b.d.0.1.0.0.2.ip6.arpa."])
        #expect(try origins("fc00::/7") == ["c.f.ip6.arpa.", "d.f.ip6.arpa."])
        #expect(try origins("128.0.0.0/1").count == 128)
        // What lies within another is no zone of its own.
        #expect(try origins("10.1.0.0/16", "10.0.0.0/8", "10.0.0.0/9", "11.0.0.0/24") == ["10.in-addr.arpa.", "0.0.11.in-addr.arpa."])
        let address = try #require(IPAddress("2001:db8::567:89ab"))
        #expect(
            ReversePrefix.name(of: address).text == "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.")
    }

    @Test func `an address leads to one instance of each service that has it, and back`() throws {
        var compiler = try compiler(
            ["10.0.0.0/8", "2001:db8::/32", "::/16"],
            [
                "a": try service([
                    "one": "10.0.0.1", "two": "10.0.0.2", "out": "192.0.2.1", "six": "2001:db8::1", "mapped": "::ffff:10.0.0.1",
                ]),
                "b": try service(["three": "10.0.0.1", "named": "h.example"]), "c": try service([:]),
            ])
        compiler.resolve(["h.example": HostAddresses(ipv4: .known([IPv4Address(value: 0x0A00_0003)]), ipv6: .known([]))])
        let zones = compiler.compile { _ in 7 }
        let zeros = String(repeating: "0.", count: 20)
        #expect(
            pointers(zones)
                == [
                    "1.0.0.0.\(zeros)8.b.d.0.1.0.0.2.ip6.arpa. six.a.svc.local.",
                    "1.0.0.0.0.0.a.0.f.f.f.f.\(zeros)ip6.arpa. mapped.a.svc.local.",
                    "1.0.0.10.in-addr.arpa. one.a.svc.local.", "1.0.0.10.in-addr.arpa. three.b.svc.local.",
                    "2.0.0.10.in-addr.arpa. two.a.svc.local.", "3.0.0.10.in-addr.arpa. named.b.svc.local.",
                ].sorted())
        for line in pointers(zones) where line.contains("in-addr") {
            let (name, target) = (line.split(separator: " ")[0], line.split(separator: " ")[1])
            let address = try ask(String(target), "A", in: zones).answer.first?.split(separator: " ").last
            #expect(name.hasPrefix((address ?? "").split(separator: ".").reversed().joined(separator: ".")))
        }
    }

    @Test func `the apex has SOA and NS of the first zone, other addresses do not exist, names above addresses have no data`() throws {
        var compiler = try compiler(["10.0.0.0/8", "11.0.0.7/32"], ["a": try service(["one": "10.1.2.3", "two": "11.0.0.7"])])
        let zones = compiler.compile { _ in 7 }
        let soa = "10.in-addr.arpa. 1 SOA ns.dns.svc.local. hostmaster.svc.local. 7 7200 1800 86400 1"
        #expect(try ask("10.in-addr.arpa", "SOA", in: zones).answer == [soa.replacing(" 1 SOA", with: " 5 SOA")])
        #expect(try ask("10.in-addr.arpa", "NS", in: zones).answer == ["10.in-addr.arpa. 5 NS ns.dns.svc.local."])
        #expect(try ask("ns.dns.svc.local", "A", in: zones).answer == ["ns.dns.svc.local. 5 A 192.0.2.53"])
        let missing = try ask("4.2.1.10.in-addr.arpa", in: zones)
        #expect(missing.code == "NXDOMAIN" && missing.authority == [soa] && missing.flags.contains("aa"))
        for name in ["2.1.10.in-addr.arpa", "1.10.in-addr.arpa", "10.in-addr.arpa"] {
            #expect(try ask(name, in: zones).code == "NOERROR" && ask(name, in: zones).answer == [])
        }
        #expect(try ask("3.2.1.10.in-addr.arpa", "A", in: zones).code == "NOERROR")
        #expect(try ask("7.0.0.11.in-addr.arpa", in: zones).answer == ["7.0.0.11.in-addr.arpa. 5 PTR two.a.svc.local."])
        #expect(try ask("8.0.0.11.in-addr.arpa", in: zones).code == "REFUSED")
    }

    @Test func `names go with their providers, whatever order changes come in`() throws {
        func random(_ seed: Int) -> (Int) -> Int {
            var state = UInt64(seed)
            return { bound in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % bound
            }
        }
        let ranges = ["10.0.0.0/27", "10.0.1.0/24", "2001:db8::/32", "10.0.2.1/32"]
        for seed in 0..<6 {
            let next = random(seed)
            func randomService() throws -> Service {
                func hosts(_ prefix: String) -> [String: String] {
                    Dictionary(
                        (0..<next(5)).map { _ in
                            let address = ["10.0.0.\(next(40))", "10.0.1.\(next(20))", "2001:db8::\(next(20))", "10.0.2.\(next(3))"]
                            return ("\(prefix)\(next(6))", address[next(4)])
                        }
                    ) { first, _ in first }
                }
                let reaches: [Reach] = [.current, .current, .current, .lost(since: .now)]
                return try service(hosts("u"), held: hosts("h"), reach: reaches[next(4)])
            }
            var services: [ServiceName: Service] = [:]
            var steps = try compiler(ranges, services)
            for step in 0..<40 {
                let name = ServiceName("s\(next(6))")
                let new = next(4) == 0 ? nil : try randomService()
                services[name] = new
                steps.apply(RegistryChange(services: [name: new]), to: origin)
                if step % 3 != 0 { continue }
                var whole = try compiler(ranges, services)
                let (found, wanted) = (steps.compile { ($0 ?? 0) + 1 }, whole.compile { _ in 1 })
                #expect(pointers(found) == pointers(wanted), "seed \(seed), step \(step)")
                #expect(found.mapValues(\.nameCount) == wanted.mapValues(\.nameCount), "seed \(seed), step \(step)")
            }
        }
    }

    @Test func `a change that concerns no address changes no zone of addresses, and one that does has the others shared`() throws {
        let services = try (0..<50).reduce(into: [ServiceName: Service]()) { services, number in
            services["s\(number)"] = try service(["u": "10.0.\(number).1"])
        }
        var compiler = try compiler(["10.0.0.0/8"], services)
        var reverse: Zone? { compiler.compile { ($0 ?? 0) + 1 }[DomainName(text: "10.in-addr.arpa") ?? .root] }
        let first = try #require(reverse)
        var same = try #require(services["s1"])
        same.registrations["u"]?.provider.weight = 9
        compiler.apply(RegistryChange(services: ["s1": same]), to: origin)
        #expect(reverse === first)
        compiler.apply(RegistryChange(services: ["s1": try service(["u": "10.0.1.2"])]), to: origin)
        let second = try #require(reverse)
        #expect(second.authority.serial == first.authority.serial + 1)
        #expect(pointers([origin: second]).filter { $0.contains(".1.0.10.") } == ["2.1.0.10.in-addr.arpa. u.s1.svc.local."])
    }

    @Test func `held providers are marked, an instance that is there goes before one that is held`() throws {
        var compiler = try compiler(
            ["10.0.0.0/8"], ["a": try service(["new": "10.0.0.1"], held: ["old": "10.0.0.2"])])
        let zones = compiler.compile { _ in 1 }
        #expect(try ask("2.0.0.10.in-addr.arpa", in: zones).edns?["ede"] == 3)
        #expect(try ask("1.0.0.10.in-addr.arpa", in: zones).edns?["ede"] == nil)
    }

    @Test func `an address of a provider that drains leads to it, one of a provider that is down to none`() throws {
        var services: [ServiceName: Service] = ["web": try service(["u": "10.0.0.1", "v": "10.0.0.2", "w": "10.0.0.3"])]
        for (instance, status) in [("u", ProviderStatus.draining), ("v", .down)] {
            services["web"]?.registrations[InstanceName(instance)]?.provider.details = ProviderDetails(status: status)
        }
        var compiler = try compiler(["10.0.0.0/8"], services)
        #expect(
            pointers(compiler.compile { _ in 1 }) == [
                "1.0.0.10.in-addr.arpa. u.web.svc.local.", "3.0.0.10.in-addr.arpa. w.web.svc.local.",
            ])
    }

    @Test func `addresses of a service of which nothing is known any more are not denied`() throws {
        var compiler = try compiler(["10.0.0.0/8"], ["a": try service(["u": "10.0.0.1"]), "b": try service(["v": "10.0.0.2"])])
        _ = compiler.compile { _ in 1 }
        compiler.apply(RegistryChange(services: ["a": try service([:], reach: .unknown)]), to: origin)
        let zones = compiler.compile { _ in 2 }
        #expect(try ask("1.0.0.10.in-addr.arpa", in: zones).code == "SERVFAIL")
        #expect(try ask("2.0.0.10.in-addr.arpa", in: zones).code == "NOERROR")
        #expect(try ask("3.0.0.10.in-addr.arpa", in: zones).code == "NXDOMAIN")
        compiler.apply(RegistryChange(services: ["a": try service(["u": "10.0.0.1"])]), to: origin)
        let again = try ask("1.0.0.10.in-addr.arpa", in: compiler.compile { _ in 3 })
        #expect(again.answer == ["1.0.0.10.in-addr.arpa. 5 PTR u.a.svc.local."])
    }

    @Test func `an address has at most so many records, the same whatever order they came in`() throws {
        let services = try (0..<30).map { (ServiceName("s\($0)"), try service(["u": "10.0.0.1"])) }
        var sets: [[String]] = []
        for order in [services, services.reversed()] {
            var compiler = try compiler(["10.0.0.0/8"], [:], most: 3)
            for (name, service) in order {
                compiler.apply(RegistryChange(services: [name: service]), to: origin)
                _ = compiler.compile { _ in 1 }
            }
            sets.append(pointers(compiler.compile { _ in 1 }))
        }
        #expect(sets[0].count == 3)
        #expect(sets[0] == sets[1])
    }

    @Test func `a zone of addresses is there once all zones are, and stays while others come into range`() throws {
        let wanted = try policy(["10.0.0.0/8"])
        var compiler = ZoneCompiler(
            policies: [origin: TestRegistry.policy, other: TestRegistry.policy], reverse: wanted, seed: 1)
        let registry = Registry(services: ["a": try service(["u": "10.0.0.1", "v": "11.0.0.1"])])
        compiler.replace(with: registry, for: origin)
        let reverse = try #require(DomainName(text: "10.in-addr.arpa"))
        #expect(compiler.compile { _ in 1 }[reverse] == nil)
        compiler.replace(with: registry, for: other)
        #expect(
            pointers(compiler.compile { _ in 1 }) == [
                "1.0.0.10.in-addr.arpa. u.a.example.net.", "1.0.0.10.in-addr.arpa. u.a.svc.local.",
            ])
        // A zone that has not been read takes nothing away.
        let third = try #require(DomainName(text: "example.org"))
        let policies = [origin: TestRegistry.policy, other: TestRegistry.policy, third: TestRegistry.policy]
        compiler.serve(policies, reverse: wanted)
        #expect(pointers(compiler.compile { _ in 1 }).count == 2)
        // A reload: another range, in slices that have time for one service each.
        compiler.serve(
            [origin: TestRegistry.policy, other: TestRegistry.policy], reverse: try policy(["10.0.0.0/8", "11.0.0.0/8"]))
        let during = compiler.compile(VersionNumbering { ($0 ?? 0) + 1 }, while: { false })
        #expect(!compiler.isUpToDate && during[reverse]?.authority.serial == 1)
        let after = compiler.compile { ($0 ?? 0) + 1 }
        #expect(after[reverse]?.authority.serial == 2 && pointers(after).count == 4)
        // A zone goes, and then all names of addresses.
        compiler.serve([other: TestRegistry.policy], reverse: wanted)
        #expect(pointers(compiler.compile { ($0 ?? 0) + 1 }) == ["1.0.0.10.in-addr.arpa. u.a.example.net."])
        compiler.serve([other: TestRegistry.policy])
        #expect(compiler.compile { ($0 ?? 0) + 1 }.count == 1)
    }
}
