import DNSAuthority
import TestSupport
import Testing

@Suite struct RFC2181Tests {
    @Test func `§5.2 all records of an RRset have one TTL`() throws {
        let ttls = try Ask.response("second.svc.local", "SRV").answer.map { $0.split(separator: " ")[1] }
        #expect(Set(ttls) == ["5"])
    }

    @Test func `§9 additional RRsets that do not fit are left out whole, without TC`() throws {
        let response = try Ask.response("huge.svc.local", "SRV", over: .tcp)
        #expect(!response.flags.contains("tc"))
        #expect(response.answer.count == 1500)
        // Targets beyond the reach of a pointer among them: the decoder checks their names.
        #expect(100..<1500 ~= response.additional.count)
        let targets = Set(response.answer.map { $0.split(separator: " ").last })
        #expect(response.additional.allSatisfy { targets.contains($0.split(separator: " ").first) })
        let small = try Ask.response("second.svc.local", "SRV")
        #expect(small.additional.count == 3)
    }

    @Test func `§9 an RRset that does not fit sets TC`() throws {
        #expect(try Ask.response("large.svc.local", "SRV").flags.contains("tc"))
    }
}
