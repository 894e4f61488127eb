import DNSAuthority
import Testing

@Suite struct DomainNameTests {
    @Test func `a label has 1 to 63 octets`() {
        #expect(DomainName(text: String(repeating: "a", count: 63)) != nil)
        #expect(DomainName(text: String(repeating: "a", count: 64)) == nil)
        #expect(DomainName(text: "a..b") == nil)
        #expect(DomainName(text: "") == nil)
    }

    @Test func `a name has at most 255 octets`() {
        let label = String(repeating: "a", count: 63)
        let long = [label, label, label, String(repeating: "a", count: 61)].joined(separator: ".")
        #expect(DomainName(text: long)?.octets.count == 255)
        #expect(DomainName(text: long + "a") == nil)
        #expect(DomainName(text: "b")?.appending(DomainName(text: long) ?? .root) == nil)
    }

    @Test func `only ASCII letters are folded (RFC 4343)`() {
        #expect(DomainName(text: "ÄbC")?.octets == DomainName(text: "Äbc")?.octets)
        #expect(DomainName(text: "Ä") != DomainName(text: "ä"))
    }

    @Test func `a name is below another by its labels, not by octets`() throws {
        let origin = try #require(DomainName(text: "svc.local"))
        #expect(DomainName(text: "a.svc.local")?.isAtOrBelow(origin) == true)
        #expect(DomainName(text: "asvc.local")?.isAtOrBelow(origin) == false)
        #expect(origin.isAtOrBelow(.root))
    }

    @Test func `odd octets are escaped in text (RFC 1035 §5.1)`() {
        #expect(DomainName(labels: [Array("a.b\u{1}".utf8)])?.text == "a\\.b\\001.")
    }
}
