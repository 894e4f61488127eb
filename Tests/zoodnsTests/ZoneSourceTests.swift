import Explanation
import Testing

@testable import zoodns

@Suite struct ZoneSourceTests {
    @Test(arguments: [
        ("svc.local=/providers", "svc.local.", "/providers"), ("Svc.Local.=/", "svc.local.", "/"), ("a=/b/c=d", "a.", "/b/c=d"),
    ])
    func `an origin and a path`(_ text: String, _ origin: String, _ path: String) {
        #expect(ZoneSource(text)?.origin.text == origin)
        #expect(ZoneSource(text)?.layout.root == path)
    }

    @Test(arguments: ["", "a", "=", "=/x", ".=/x", "a..b=/x", "a b=/x", "ä=/x", "a=x", "a=/x/", "a=/x//y", "a=/x/../y"])
    func `anything else is none`(_ text: String) { #expect(ZoneSource(text) == nil) }

    @Test func `an origin leaves room for the names that every zone has`() {
        let label = String(repeating: "x", count: 63)
        #expect(ZoneSource("\(label).\(label).\(label).\(String(repeating: "x", count: 50))=/x") != nil)
        #expect(ZoneSource("\(label).\(label).\(label).\(String(repeating: "x", count: 51))=/x") == nil)
    }
}
