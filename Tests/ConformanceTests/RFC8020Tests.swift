import TestSupport
import Testing

@Suite struct RFC8020Tests {
    @Test(arguments: ["_tcp.svc.local", "_udp.svc.local", "dns.svc.local"])
    func `a name between others exists, without data`(_ name: String) throws {
        let response = try Ask.response(name, "A")
        #expect(response.code == "NOERROR")
        #expect(response.answer == [])
    }

    @Test func `nothing is below a name that does not exist`() throws {
        #expect(try Ask.response("nothing.svc.local", "A").code == "NXDOMAIN")
        #expect(try Ask.response("second.nothing.svc.local", "A").code == "NXDOMAIN")
    }
}
