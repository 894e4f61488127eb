import DNSAuthority
import TestSupport
import Testing

@Suite struct RFC7766Tests {
    @Test func `§8 over TCP a response may have 65,535 octets`() throws {
        let response = try Ask.response("large.svc.local", "A", over: .tcp)
        #expect(!response.flags.contains("tc"))
        #expect(response.answer.count == 200)
    }
}
