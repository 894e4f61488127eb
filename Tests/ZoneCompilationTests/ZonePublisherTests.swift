import DNSAuthority
import IPAddressing
import Logging
import ProviderRegistry
import Synchronization
import TestSupport
import Testing
import ZoneCompilation

@Suite struct ZonePublisherTests {
    private let origin = DomainName(text: "svc.local") ?? .root

    /// What a publisher has handed out.
    private final class Handed: Sendable {
        let zones = Mutex<[ServedZones]>([])
        let hosts = Mutex<[HostChange]>([])

        /// The response to a question about the zones handed out last; nil before any.
        func ask(_ name: String, _ type: String) throws -> PacketText? {
            guard let zones = zones.withLock({ $0.last }) else { return nil }
            var responder = TestResponder(seed: 1)
            return try PacketText(responder.response(to: QueryOctets.query(name, type, opt: QueryOctets.opt()), over: .udp, from: zones))
        }

        /// The SOA's serial.
        func serial() throws -> Int? {
            try ask("svc.local", "SOA")?.answer.first.flatMap { Int($0.split(separator: " ")[5]) }
        }
    }

    /// Runs `body` with a publisher of `svc.local`, and of names of addresses in ranges, whose clock always shows 1000.
    private func publishing(
        maximumStale: Duration? = .milliseconds(300), reverse ranges: [AddressRange] = [],
        _ body: (ZonePublisher, Handed) async throws -> Void
    ) async throws {
        let handed = Handed()
        var policy = TestRegistry.policy
        policy.maximumStale = maximumStale
        let publisher = ZonePublisher(
            policies: [origin: policy], reverse: ReversePolicy(ranges, policy: policy, zone: origin), seed: 1,
            outlets: .init(
                publish: { zones in handed.zones.withLock { $0.append(zones) } },
                follow: { hosts in handed.hosts.withLock { $0.append(hosts) } }),
            ticks: { 1000 }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { try await publisher.run() }
        defer { task.cancel() }
        try await body(publisher, handed)
    }

    private let provider = Provider(host: .name("h.example"), port: 80)

    private var registry: Registry {
        Registry(services: ["a": Service(registrations: ["u": Registration(creationZxid: 1, provider: provider)])])
    }

    @Test func `the serial is the time, or the next number where that would not rise`() async throws {
        try await publishing { publisher, handed in
            for (step, registry) in [registry, Registry(), self.registry].enumerated() {
                publisher.send(.complete(registry), for: origin)
                try await waitUntil("serial \(1000 + step)") { try handed.serial() == 1000 + step }
            }
        }
    }

    @Test func `the catalog is served with the zones that it lists, and changes with them alone`() async throws {
        try await publishing { publisher, handed in
            func serial() throws -> Int? {
                try handed.ask("zones.catalog", "SOA")?.answer.first.flatMap { Int($0.split(separator: " ")[5]) }
            }
            let catalog = DomainName(text: "zones.catalog")
            publisher.serve([origin: TestRegistry.policy], catalog: catalog)
            try await waitUntil("the catalog") { try serial() == 1000 }
            publisher.send(.complete(registry), for: origin)
            try await waitUntil("the zone") { try handed.serial() == 1000 }
            #expect(try serial() == 1000)
            publisher.serve([origin: TestRegistry.policy, .root: TestRegistry.policy], catalog: catalog)
            try await waitUntil("another zone") { try serial() == 1001 }
            publisher.serve([origin: TestRegistry.policy])
            try await waitUntil("no catalog") { try handed.ask("zones.catalog", "SOA")?.code == "REFUSED" }
        }
    }

    @Test func `zones come, go and have other policies while it runs`() async throws {
        try await publishing { publisher, handed in
            publisher.send(.complete(registry), for: origin)
            publisher.resolve(["h.example": HostAddresses(ipv4: .known([IPv4Address(value: 1)]), ipv6: .known([]))])
            try await waitUntil("the zone") { try handed.ask("a.svc.local", "A")?.answer.first?.contains(" 5 ") == true }
            var policy = TestRegistry.policy
            policy.ttl = 7
            let other = try #require(DomainName(text: "example.net"))
            publisher.serve([origin: policy, other: policy])
            try await waitUntil("the new TTL") { try handed.ask("a.svc.local", "A")?.answer.first?.contains(" 7 ") == true }
            #expect(try handed.ask("a.example.net", "A")?.code == "SERVFAIL")
            publisher.send(.complete(registry), for: other)
            try await waitUntil("the new zone") { try handed.ask("a.example.net", "A")?.code == "NOERROR" }
            publisher.serve([other: policy])
            try await waitUntil("one zone") { try handed.ask("a.svc.local", "A")?.code == "REFUSED" }
            #expect(try handed.ask("a.example.net", "A")?.code == "NOERROR")
        }
    }

    @Test func `nothing is handed out for what makes no difference`() async throws {
        try await publishing { publisher, handed in
            publisher.send(.complete(registry), for: origin)
            try await waitUntil("the first zone") { try handed.serial() == 1000 }
            publisher.send(.complete(registry), for: origin)
            publisher.resolve(["other.example": HostAddresses(ipv4: .known([]), ipv6: .known([]))])
            publisher.send(.changed(RegistryChange(services: ["b": Service()])), for: origin)
            try await waitUntil("the second zone") { try handed.serial() == 1001 }
            // Queries may have seen it before it was a version.
            #expect((2...3).contains(handed.zones.withLock { $0.count }))
        }
    }

    @Test func `hosts are followed, and their addresses answered`() async throws {
        try await publishing { publisher, handed in
            publisher.send(.complete(registry), for: origin)
            try await waitUntil("the host is followed") { handed.hosts.withLock { $0 }.map { Set($0.followed.keys) } == [["h.example"]] }
            try await waitUntil("the zone") { try handed.ask("a.svc.local", "A")?.code == "SERVFAIL" }
            publisher.resolve(["h.example": HostAddresses(ipv4: .known([IPv4Address(value: 7)]), ipv6: .known([]))])
            try await waitUntil("its address") { try handed.ask("a.svc.local", "A")?.answer == ["a.svc.local. 5 A 0.0.0.7"] }
        }
    }

    @Test func `a family that a host has none of is no data for the negative TTL, and the other keeps its own`() async throws {
        try await publishing { publisher, handed in
            publisher.send(.complete(registry), for: origin)
            publisher.resolve(["h.example": HostAddresses(ipv4: .known([IPv4Address(value: 7)]), ipv6: .known([]))])
            try await waitUntil("its address") { try handed.ask("a.svc.local", "A")?.answer == ["a.svc.local. 5 A 0.0.0.7"] }
            let other = try #require(try handed.ask("a.svc.local", "AAAA"))
            #expect(other.code == "NOERROR" && other.answer == [])
            #expect(other.authority.map { $0.split(separator: " ").prefix(3) } == [["svc.local.", "1", "SOA"]])
        }
    }

    @Test func `a service that ZooKeeper does not answer for is stale, then unknown, then itself again`() async throws {
        try await publishing { publisher, handed in
            let own = Service(registrations: [
                "u": Registration(creationZxid: 1, provider: Provider(host: .ipv4(IPv4Address(value: 7)), port: 80))
            ])
            publisher.send(.complete(Registry(services: ["a": own, "b": own])), for: origin)
            publisher.send(.connected(sessionTimeout: .milliseconds(100)), for: origin)
            publisher.send(
                .changed(RegistryChange(services: ["a": Service(registrations: own.registrations, reach: .lost(since: .now))])), for: origin
            )
            try await waitUntil("stale") { try handed.ask("a.svc.local", "A")?.edns?["ede"] == 3 }
            try await waitUntil("unknown") { try handed.ask("a.svc.local", "A")?.code == "SERVFAIL" }
            #expect(try handed.ask("u.a.svc.local", "SRV")?.code == "SERVFAIL")
            #expect(try handed.ask("b.svc.local", "A").map { $0.code == "NOERROR" && $0.edns?["ede"] == nil } == true)
            publisher.send(.changed(RegistryChange(services: ["a": own])), for: origin)
            try await waitUntil("itself") {
                try handed.ask("a.svc.local", "A").map { $0.answer == ["a.svc.local. 5 A 0.0.0.7"] && $0.edns?["ede"] == nil } == true
            }
        }
    }

    @Test func `without a connection answers are stale, then none`() async throws {
        try await publishing { publisher, handed in
            publisher.send(.complete(registry), for: origin)
            publisher.send(.connected(sessionTimeout: .milliseconds(100)), for: origin)
            publisher.send(.disconnected(since: .now), for: origin)
            try await waitUntil("stale") { try handed.ask("svc.local", "SOA")?.edns?["ede"] == 3 }
            try await waitUntil("too old") { try handed.ask("svc.local", "SOA")?.edns?["ede"] == 22 }
            publisher.send(.connected(sessionTimeout: .milliseconds(100)), for: origin)
            try await waitUntil("current") {
                try handed.ask("svc.local", "SOA").map { $0.code == "NOERROR" && $0.edns?["ede"] == nil } == true
            }
        }
    }

    @Test func `names of addresses are as far to be relied on as the worst zone`() async throws {
        let range = try #require(AddressRange("0.0.0.0/8"))
        let other = try #require(DomainName(text: "example.net"))
        try await publishing(reverse: [range]) { publisher, handed in
            var policy = TestRegistry.policy
            policy.maximumStale = .milliseconds(300)
            publisher.serve([origin: policy, other: policy], reverse: ReversePolicy([range], policy: policy, zone: origin))
            let own = Service(registrations: [
                "u": Registration(creationZxid: 1, provider: Provider(host: .ipv4(IPv4Address(value: 7)), port: 80))
            ])
            publisher.send(.complete(Registry(services: ["a": own])), for: origin)
            try await waitUntil("one zone") { try handed.ask("a.svc.local", "A")?.code == "NOERROR" }
            for name in ["7.0.0.0.in-addr.arpa", "8.0.0.0.in-addr.arpa"] {
                #expect(try handed.ask(name, "PTR").map { $0.code == "SERVFAIL" && $0.edns?["ede"] == 14 } == true)
            }
            publisher.send(.complete(Registry()), for: other)
            try await waitUntil("both") {
                try handed.ask("7.0.0.0.in-addr.arpa", "PTR")?.answer == ["7.0.0.0.in-addr.arpa. 5 PTR u.a.svc.local."]
            }
            #expect(try handed.ask("8.0.0.0.in-addr.arpa", "PTR")?.code == "NXDOMAIN")
            publisher.send(.connected(sessionTimeout: .milliseconds(100)), for: other)
            publisher.send(.disconnected(since: .now), for: other)
            try await waitUntil("stale") { try handed.ask("7.0.0.0.in-addr.arpa", "PTR")?.edns?["ede"] == 3 }
            #expect(try handed.ask("a.svc.local", "A")?.edns?["ede"] == nil)
            try await waitUntil("too old") { try handed.ask("7.0.0.0.in-addr.arpa", "PTR")?.code == "SERVFAIL" }
            publisher.serve([origin: policy])
            try await waitUntil("none") { try handed.ask("7.0.0.0.in-addr.arpa", "PTR")?.code == "REFUSED" }
        }
    }

    @Test func `a service that costs little does not wait for those that cost much, nor does the state of the connection`() async throws {
        try await publishing(maximumStale: nil) { publisher, handed in
            publisher.send(.complete(registry), for: origin)
            publisher.send(.connected(sessionTimeout: .milliseconds(1)), for: origin)
            try await waitUntil("the first zone") { try handed.serial() == 1000 }
            var change = RegistryChange()
            for number in 0..<40 {
                var service = Service()
                for port in 1...500 {
                    service.registrations["u\(port)"] = Registration(
                        creationZxid: Int64(port), provider: Provider(host: .ipv4(IPv4Address(value: UInt32(port))), port: UInt16(port)))
                }
                change.services["large\(number)"] = service
            }
            publisher.send(.changed(change), for: origin)
            publisher.send(.disconnected(since: .now - .milliseconds(10)), for: origin)
            publisher.send(.changed(RegistryChange(services: ["small": Service()])), for: origin)
            try await waitUntil("all of them") {
                try (0..<40).allSatisfy { try handed.ask("large\($0).svc.local", "A")?.code == "NOERROR" }
            }
            func isHanded(_ zones: ServedZones, _ name: String) throws -> PacketText {
                var responder = TestResponder(seed: 1)
                return try PacketText(responder.response(to: QueryOctets.query(name, "A", opt: QueryOctets.opt()), over: .udp, from: zones))
            }
            let first = try #require(
                try handed.zones.withLock({ $0 }).first { try isHanded($0, "small.svc.local").code == "NOERROR" })
            #expect(try isHanded(first, "small.svc.local").edns?["ede"] == 3)
            #expect(try (0..<40).contains { try isHanded(first, "large\($0).svc.local").code == "NXDOMAIN" })
        }
    }
}
