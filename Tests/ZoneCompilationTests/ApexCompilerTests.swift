import DNSAuthority
import ProviderRegistry
import Synchronization
import TestSupport
import Testing
import ZoneCompilation

@Suite struct ApexCompilerTests {
    private func response(_ name: String, _ type: String, _ edit: (inout AuthorityPolicy) throws -> Void) throws -> PacketText {
        var registry = TestRegistry()
        registry.add("a", "u", Provider(host: .ipv4(.init(value: 1)), port: 80))
        try edit(&registry.policy.authority)
        var responder = TestResponder(seed: 1)
        return try PacketText(responder.response(to: QueryOctets.query(name, type), over: .udp, from: registry.zones))
    }

    @Test(arguments: [("svc.local", "SOA"), ("a.svc.local", "TXT"), ("x.svc.local", "A")])
    func `the SOA's names and timers are the policy's, in answers and in negative answers`(_ name: String, _ type: String) throws {
        let response = try response(name, type) { policy in
            policy.primary = DomainName(text: "ns1.example.net")
            policy.mailbox = DomainName(text: "admin.example.org")
            (policy.refresh, policy.retry, policy.expire) = (11, 12, 13)
        }
        let isAnswer = type == "SOA"
        let record = "svc.local. \(isAnswer ? 5 : 1) SOA ns1.example.net. admin.example.org. 1 11 12 13 1"
        #expect(response.answer + response.authority == [record])
        #expect(response.answer.isEmpty != isAnswer)
    }

    @Test func `the name server stays below the origin, wherever MNAME is`() throws {
        let primary = try #require(DomainName(text: "ns1.example.net"))
        #expect(try response("svc.local", "NS") { $0.primary = primary }.answer == ["svc.local. 5 NS ns.dns.svc.local."])
        #expect(try response("ns.dns.svc.local", "A") { $0.primary = primary }.answer == ["ns.dns.svc.local. 5 A 192.0.2.53"])
        #expect(try response("dns.svc.local", "A") { $0.primary = primary }.code == "NOERROR")
    }

    @Test func `a zone that is read for the first time was not ready, so it is not current again`() async throws {
        let log = LoggedMessages()
        let published = Mutex(0)
        let origin = try #require(DomainName(text: "svc.local"))
        let publisher = ZonePublisher(
            policies: [origin: TestRegistry.policy], seed: 1,
            outlets: .init(publish: { _ in published.withLock { $0 += 1 } }, follow: { _ in }), ticks: { 1 },
            logger: log.logger)
        let task = Task { try await publisher.run() }
        defer { task.cancel() }
        publisher.send(.complete(Registry()), for: origin)
        try await waitUntil("the zone is published") { published.withLock { $0 } == 1 }
        publisher.send(.disconnected(since: .now - .seconds(1)), for: origin)
        try await waitUntil("the zone is stale") { published.withLock { $0 } == 2 }
        publisher.send(.connected(sessionTimeout: .seconds(10)), for: origin)
        try await waitUntil("the zone is current") { published.withLock { $0 } == 3 }
        #expect(
            log.all.filter { $0.hasPrefix("answers are") } == ["answers are stale: zookeeper is out of reach", "answers are current again"])
    }
}
