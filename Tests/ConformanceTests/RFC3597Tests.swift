import TestSupport
import Testing

@Suite struct RFC3597Tests {
    @Test(arguments: ["TYPE65280", "TYPE62", "TYPE0", "TYPE65535"])
    func `§3 an unknown type is one that the name does not have`(_ type: String) throws {
        let response = try Ask.response("second.svc.local", type)
        #expect(response.code == "NOERROR")
        #expect(response.authority.count == 1)
    }
}
