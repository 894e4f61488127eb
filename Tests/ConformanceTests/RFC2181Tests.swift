import DNSAuthority
import TestSupport
import Testing

@Suite struct RFC2181Tests {
    @Test func `§5.2 all records of an RRset have one TTL`() throws {
        let ttls = try Ask.response("second.svc.local", "SRV").answer.map { $0.split(separator: " ")[1] }
        #expect(Set(ttls) == ["5"])
    }

    @Test func `§9 additional RRsets that do not fit are left out whole, without TC`() throws {
        let response = try Ask.response("large.svc.local", "SRV", over: .tcp)
        #expect(!response.flags.contains("tc"))
        #expect(response.answer.count == 200)
        let small = try Ask.response("second.svc.local", "SRV")
        #expect(small.additional.count == 3)
    }

    @Test func `§9 an RRset that does not fit sets TC`() throws {
        #expect(try Ask.response("large.svc.local", "SRV").flags.contains("tc"))
    }
}
