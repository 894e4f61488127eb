import TestSupport
import Testing

@Suite struct RFC8914Tests {
    @Test func `§2 an extended error comes only with an OPT`() throws {
        #expect(try Ask.response("example.com", "A").edns == nil)
        #expect(try Ask.response("example.com", "A", opt: QueryOctets.opt()).edns?["ede"] == 20)
    }

    @Test func `§4.19 a transfer is prohibited`() throws {
        #expect(try Ask.response("svc.local", "AXFR", opt: QueryOctets.opt()).edns?["ede"] == 18)
    }
}
