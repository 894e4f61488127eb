import TestSupport
import Testing

@Suite struct RFC4343Tests {
    @Test func `§3 names are found whatever the case of their ASCII letters, which is kept`() throws {
        let response = try Ask.response("sEcOnD.SVC.lOcAl", "A")
        #expect(response.questions == ["sEcOnD.SVC.lOcAl. 1 A"])
        #expect(response.answer.count == 3)
        #expect(response.answer.allSatisfy { $0.hasPrefix("sEcOnD.SVC.lOcAl. ") })
    }

    @Test func `§3 other octets that differ in one bit are different`() throws {
        #expect(try Ask.response("s\u{65}cond.svc.local", "A").code == "NOERROR")
        #expect(try Ask.response("secon\u{04}.svc.local", "A").code == "NXDOMAIN")
    }
}
