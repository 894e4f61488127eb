import TestSupport
import Testing

@Suite struct RFC8906Tests {
    @Test(arguments: ["TYPE666", "DS", "MX", "CNAME"]) func `§3.1.2 every type has a response`(_ type: String) throws {
        #expect(try Ask.response("second.svc.local", type).code == "NOERROR")
    }

    @Test func `§3.1.3 reserved and unknown flags are ignored and not copied`() throws {
        let response = try Ask.response(QueryOctets.query("second.svc.local", "A", flags: 0x0170))
        #expect(response.code == "NOERROR")
        #expect(response.flags == ["qr", "aa", "rd", "cd"])
    }

    @Test(arguments: [
        ("AXFR", "REFUSED"), ("IXFR", "REFUSED"), ("TSIG", "NOTIMP"), ("TKEY", "NOTIMP"), ("MAILA", "NOTIMP"), ("TYPE41", "FORMERR"),
    ])
    func `what is no data has a response too`(_ type: String, _ code: String) throws {
        #expect(try Ask.response("svc.local", type).code == code)
    }
}
