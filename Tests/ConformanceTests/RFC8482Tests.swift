import DNSAuthority
import TestSupport
import Testing

@Suite struct RFC8482Tests {
    @Test func `§4.1 ANY over UDP has one RRset where all do not fit`() throws {
        let types = try Ask.response("large.svc.local", "ANY").answer.map { $0.split(separator: " ")[2] }
        #expect(Set(types).count == 1)
    }

    @Test func `§4.3 ANY over TCP has every RRset`() throws {
        let types = try Ask.response("second.svc.local", "ANY", over: .tcp).answer.map { $0.split(separator: " ")[2] }
        #expect(Set(types) == ["A", "SRV"])
    }
}
