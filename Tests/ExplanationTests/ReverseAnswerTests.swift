import DNSAuthority
import IPAddressing
import ProviderRegistry
import TestSupport
import Testing
import ZoneCompilation

@testable import Explanation

@Suite struct ReverseAnswerTests {
    @Test func `an address and its name are explained by the zone of their range`() throws {
        let origin = try #require(DomainName(text: "svc.local"))
        let policy = ReversePolicy([try #require(AddressRange("10.0.0.0/8"))], policy: TestRegistry.policy, zone: origin)
        var registry = TestRegistry()
        registry.add("web", "one", Provider(host: .ipv4(IPv4Address(value: 0x0A00_0007)), port: 80))
        var compiler = ZoneCompiler(policies: [origin: TestRegistry.policy], reverse: policy, seed: 1)
        compiler.replace(with: registry.registry, for: origin)
        let served = compiler.compile { _ in 3 }.values.map { ServedZone($0, .current) }
        for text in ["10.0.0.7", "7.0.0.10.in-addr.arpa", "7.0.0.10.IN-ADDR.arpa."] {
            #expect(ReverseAnswer.name(text, policy)?.text == "7.0.0.10.in-addr.arpa.")
            let answer = try #require(ReverseAnswer(text, in: served))
            #expect(answer.exists)
            #expect(
                answer.text == """
                    7.0.0.10.in-addr.arpa: in zone 10.in-addr.arpa, current, serial 3
                    answer (NOERROR)
                      7.0.0.10.in-addr.arpa. 5 IN PTR one.web.svc.local.

                    """)
        }
        #expect(ReverseAnswer("10.0.0.8", in: served)?.exists == false)
        #expect(ReverseAnswer("0.0.10.in-addr.arpa", in: served)?.answer == ["answer (NODATA): no address has this name"])
        for text in ["11.0.0.7", "::1", "web", "one.web.svc.local", "7.0.0.11.in-addr.arpa"] {
            #expect(ReverseAnswer(text, in: served) == nil && ReverseAnswer.name(text, policy) == nil)
        }
        let unread = try #require(ReverseAnswer("10.0.0.7", in: [ServedZone(notReady: policy.prefixes[0].origin)]))
        #expect(unread.exists && unread.answer[0].contains("SERVFAIL"))
    }
}
