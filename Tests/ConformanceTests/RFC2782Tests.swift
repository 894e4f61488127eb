import TestSupport
import Testing

@Suite struct RFC2782Tests {
    @Test func `the form _service._protocol has the service's records`() throws {
        let plain = try Ask.response("second.svc.local", "SRV").answer.map { $0.drop { $0 != " " } }
        let form = try Ask.response("_second._tcp.svc.local", "SRV").answer.map { $0.drop { $0 != " " } }
        #expect(Set(plain) == Set(form))
        #expect(plain.count == 3)
    }

    @Test func `targets are not compressed, and their addresses come along`() throws {
        // The decoder takes a pointer in a target for an error.
        #expect(
            try Ask.response("second.svc.local", "SRV").additional.sorted() == (1...3).map { "u\($0).second.svc.local. 5 A 10.0.0.\($0)" })
    }
}
