import TestSupport
import Testing

@Suite struct RFC2308Tests {
    @Test(arguments: [("nothing.svc.local", "NXDOMAIN"), ("second.svc.local", "NOERROR")])
    func `§2 a negative response has the SOA in its authority section, with MINIMUM as TTL (§3)`(_ name: String, _ code: String) throws {
        let response = try Ask.response(name, "TXT")
        #expect(response.code == code)
        #expect(response.flags.contains("aa"))
        #expect(response.answer == [])
        #expect(response.authority == ["svc.local. 1 SOA ns.dns.svc.local. hostmaster.svc.local. 1 7200 1800 86400 1"])
    }
}
