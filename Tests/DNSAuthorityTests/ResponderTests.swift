import DNSAuthority
import ProviderRegistry
import TestSupport
import Testing

@Suite struct ResponderTests {
    /// How often each address comes first in so many responses.
    private func firsts(_ weights: [UInt16], count: Int) throws -> [Int] {
        var registry = TestRegistry()
        for (index, weight) in weights.enumerated() {
            let host = ProviderHost.ipv4(.init(value: UInt32(index)))
            registry.add("a", "u\(index)", Provider(host: host, port: 80, weight: weight))
        }
        let zones = registry.zones
        var responder = TestResponder(seed: 11)
        var firsts = [Int](repeating: 0, count: weights.count)
        for _ in 0..<count {
            let response = responder.response(to: QueryOctets.query("a.svc.local", "A"), over: .udp, from: zones)
            let answer = try PacketText(response).answer
            #expect(answer.count == weights.count)
            if let index = Int(answer[0].split(separator: ".").last ?? "") { firsts[index] += 1 }
        }
        return firsts
    }

    @Test func `each address comes first equally often when weights are equal`() throws {
        for count in try firsts([1, 1, 1, 1], count: 4000) { #expect(850...1150 ~= count) }
    }

    @Test func `an address comes first as often as its weight says, and never with weight 0 beside others`() throws {
        let firsts = try firsts([1, 3, 0, 4], count: 4000)
        #expect(firsts[2] == 0)
        for (index, expected) in [(0, 500), (1, 1500), (3, 2000)] { #expect(expected - 150...expected + 150 ~= firsts[index]) }
    }

    @Test func `with weights of 0 alone each comes first equally often`() throws {
        for count in try firsts([0, 0], count: 1000) { #expect(400...600 ~= count) }
    }

    @Test(arguments: [
        ["arpa", "10.in-addr.arpa", "svc.local", "a.svc.local", "2.10.in-addr.arpa", "8.b.d.0.ip6.arpa"],
        [".", "10.in-addr.arpa", "local"],
    ])
    func `the deepest zone around a name answers, be it of addresses' names or not`(_ texts: [String]) throws {
        let origins = try texts.map { try #require(DomainName(text: $0)) }
        let zones = ServedZones(
            origins.map { origin in
                var builder = ZoneBuilder(origin: origin, seed: 1)
                let authority = StartOfAuthority(
                    primary: origin, mailbox: origin, serial: 1, refresh: 0, retry: 0, expire: 0, minimum: 0)
                return ServedZone(builder.build(authority, ttl: 1), .current)
            })
        var responder = TestResponder(seed: 1)
        for text in [
            "x.arpa", "ARPA", "1.2.10.in-addr.arpa", "1.3.10.IN-ADDR.ARPA", "1.3.11.in-addr.arpa", "0.8.b.d.0.ip6.arpa", "arpa.svc.local",
            "b.a.svc.local", "xarpa", "a.xarpa", "rpa", "local",
        ] {
            let name = try #require(DomainName(text: text))
            let deepest = origins.filter(name.isAtOrBelow).max { $0.octets.count < $1.octets.count }
            let response = try PacketText(responder.response(to: QueryOctets.query(text, "TXT"), over: .udp, from: zones))
            #expect(response.authority.first?.split(separator: " ").first?.lowercased() == deepest?.text, "\(text)")
        }
    }

    @Test func `the same seed gives the same octets`() {
        var registry = TestRegistry()
        for number in 1...9 { registry.add("a", "u\(number)", Provider(host: .ipv4(.init(value: UInt32(number))), port: 80)) }
        let zones = registry.zones
        func responses() -> [[UInt8]] {
            var responder = TestResponder(seed: 3)
            return (0..<20).map { _ in responder.response(to: QueryOctets.query("a.svc.local", "A"), over: .udp, from: zones) }
        }
        #expect(responses() == responses())
        #expect(Set(responses()).count > 1)
    }
}
