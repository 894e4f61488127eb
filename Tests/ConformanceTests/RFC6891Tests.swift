import TestSupport
import Testing

@Suite struct RFC6891Tests {
    @Test func `§6.1.1 an OPT in the query has one in the response, none has none`() throws {
        #expect(try Ask.response("second.svc.local", "A").edns == nil)
        let edns = try Ask.response("second.svc.local", "A", opt: QueryOctets.opt(do: true)).edns
        #expect(edns == ["version": 0, "udp": 1232, "do": 1])
    }

    @Test(arguments: [(0x0100, "FORMERR"), (0x2400, "NOTIMP"), (0x2800, "NOTIMP")])
    func `§6.1.1 errors have an OPT too, whatever stands before it`(_ flags: Int, _ code: String) throws {
        let soa = QueryOctets.question("svc.local", 6) + [0, 0, 0, 0, 0, 0]
        for counts in [(1, 0), (0, 1)] {
            let query =
                QueryOctets.header(flags: flags, 1, counts.0, counts.1, 1) + QueryOctets.question("svc.local", 6) + soa + QueryOctets.opt()
            let response = try Ask.response(query)
            #expect(response.code == code)
            #expect(response.edns != nil)
        }
    }

    @Test func `§6.1.1 two OPT records are malformed`() throws {
        let query = QueryOctets.header(1, 0, 0, 2) + QueryOctets.question("second.svc.local", 1) + QueryOctets.opt() + QueryOctets.opt()
        #expect(try Ask.response(query).code == "FORMERR")
    }

    @Test func `§6.1.3 a version that is not supported is BADVERS`() throws {
        let response = try Ask.response("second.svc.local", "A", opt: QueryOctets.opt(version: 1))
        #expect(response.code == "BADVERS")
        #expect(response.edns?["version"] == 0)
    }

    @Test func `§6.1.2 unknown options are ignored`() throws {
        #expect(try Ask.response("second.svc.local", "A", opt: QueryOctets.opt(options: [0xFF, 0xF0, 0, 1, 7])).answer.count == 3)
        #expect(try Ask.response("second.svc.local", "A", opt: QueryOctets.opt(options: [0xFF, 0xF0, 0, 9, 7])).code == "FORMERR")
    }

    @Test(arguments: [(0, 512), (511, 512), (600, 600), (1232, 1232), (65_535, 1232)])
    func `§6.2.3 the response keeps to the client's size, never below 512`(_ advertised: Int, _ limit: Int) throws {
        let response = try Ask.response("large.svc.local", "SRV", opt: QueryOctets.opt(size: advertised))
        #expect(response.length <= limit)
        #expect(response.length > limit - 60)
    }
}
