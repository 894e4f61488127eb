import Testing

@testable import zoodns

@Suite struct ExplainedNameTests {
    private let zones = ["svc.local=/a", "deep.svc.local=/b"].compactMap(ZoneSource.init)

    @Test func `a domain name is in the deepest zone that has it`() {
        for (text, zone) in [("x.svc.local", 0), ("X.SVC.local.", 0), ("x.deep.svc.local", 1), ("svc.local", 0)] {
            #expect(ExplainedName.read(text, zones).map(\.zone) == [zone])
        }
    }

    @Test func `any other name is one below each origin`() {
        #expect(ExplainedName.read("a.b", zones).map(\.name.text) == ["a.b.svc.local.", "a.b.deep.svc.local."])
        #expect(ExplainedName.read("x.deep", zones).map(\.zone) == [1, 1])
    }

    @Test(arguments: ["", ".", "a..b", ".a", String(repeating: "x", count: 64)])
    func `what can be neither is none`(_ text: String) { #expect(ExplainedName.read(text, zones).isEmpty) }

    @Test func `services take a name before SRV forms, those before instances`() throws {
        let excerpt = RegistryExcerpt(zones[0], services: ["a", "_tcp", "_b._tcp", "b", "c"])
        func subject(_ text: String) throws -> ExplainedName.Subject {
            try #require(ExplainedName.read(text, zones).first).subject(in: excerpt)
        }
        let owners = ["a", "b", "c"].map { ExplainedName.read($0, zones)[0].name }
        #expect(try subject("A") == .service)
        #expect(try subject("_b._tcp") == .service)
        #expect(try subject("_a._tcp") == .form(of: owners[0]))
        #expect(try subject("_b._udp") == .form(of: owners[1]))
        #expect(try subject("x.c") == .instance(of: owners[2]))
        #expect(try subject("x") == .nothing)
        #expect(try subject("y.x.c") == .nothing)
    }
}
