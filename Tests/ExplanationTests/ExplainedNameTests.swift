import DNSAuthority
import ProviderRegistry
import Testing
import ZoneCompilation

@testable import Explanation

@Suite struct ExplainedNameTests {
    private let zones = [("svc.local", "/a"), ("deep.svc.local", "/b")].compactMap { origin, root in
        DomainName(text: origin).map { ZoneSource(origin: $0, layout: RegistryLayout(root: root)) }
    }

    private func origins(_ text: String) -> [String] { ExplainedName.read(text, zones).map(\.origin.text) }

    @Test func `a domain name is in the deepest zone that has it`() {
        for text in ["x.svc.local", "X.SVC.local.", "svc.local"] { #expect(origins(text) == ["svc.local."]) }
        #expect(origins("x.deep.svc.local") == ["deep.svc.local."])
    }

    @Test func `any other name is one below each origin`() {
        #expect(ExplainedName.read("a.b", zones).map(\.name.text) == ["a.b.svc.local.", "a.b.deep.svc.local."])
        #expect(origins("x.deep") == ["deep.svc.local.", "deep.svc.local."])
    }

    @Test func `a name with a final dot is absolute`() {
        #expect(origins("google.com.").isEmpty)
        #expect(origins("google.com").count == 2)
    }

    @Test(arguments: ["", ".", "a..b", ".a", String(repeating: "x", count: 64)])
    func `what can be neither is none`(_ text: String) { #expect(ExplainedName.read(text, zones).isEmpty) }

    @Test func `a service takes a name before a service name of RFC 2782, which takes it before an instance`() throws {
        let excerpt = RegistryExcerpt(zones[0], services: ["a", "_tcp", "_b._tcp", "b", "c"])
        func holder(_ text: String) throws -> NameTable.Holder? {
            try #require(ExplainedName.read(text, zones).first).holder(in: excerpt)
        }
        let owners = ["a", "b", "c"].map { ExplainedName.read($0, zones)[0].name }
        #expect(try holder("A") == .service)
        #expect(try holder("_b._tcp") == .service)
        #expect(try holder("_a._tcp") == .serviceName(of: owners[0]))
        #expect(try holder("_b._udp") == .serviceName(of: owners[1]))
        #expect(try holder("x.c") == .instance(of: owners[2]))
        #expect(try holder("x") == nil)
        #expect(try holder("y.x.c") == nil)
    }
}
