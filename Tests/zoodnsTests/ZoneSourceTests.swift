import Explanation
import ProviderRegistry
import Testing

@testable import zoodns

@Suite struct ZoneSourceTests {
    @Test(arguments: [
        ("svc.local=/providers", "svc.local.", "/providers"), ("Svc.Local.=/", "svc.local.", "/"), ("a=/b/c=d", "a.", "/b/c=d"),
    ])
    func `an origin and a path`(_ text: String, _ origin: String, _ path: String) throws {
        let source = try ZoneSource(text)
        #expect(source.origin.text == origin)
        #expect(source.layout.root == path)
    }

    @Test func `a format stands in front of the path`() throws {
        let source = try ZoneSource("a=dubbo:/dubbo")
        #expect(source.layout.format == .dubbo)
        #expect(source.layout.root == "/dubbo")
        #expect(source.text == "a=dubbo:/dubbo")
    }

    @Test(arguments: [
        "", "a", "=", "=/x", ".=/x", "a..b=/x", "a b=/x", "ä=/x", "a=x", "a=/x/", "a=/x//y", "a=/x/../y", "a=curator:x", "a=curater:/x",
    ])
    func `anything else is none`(_ text: String) { #expect(throws: SettingReason.self) { try ZoneSource(text) } }

    @Test func `an origin leaves room for the names that every zone has`() {
        let label = String(repeating: "x", count: 63)
        func source(_ length: Int) -> ZoneSource? {
            try? ZoneSource("\(label).\(label).\(label).\(String(repeating: "x", count: length))=/x")
        }
        #expect(source(50) != nil)
        #expect(source(51) == nil)
    }
}
