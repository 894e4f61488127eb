import Testing

@testable import Explanation

@Suite struct PlainTextTests {
    @Test(arguments: [
        (-5, "0 s old"), (119_999, "119 s old"), (120_000, "2 min old"), (7_200_000, "2 h old"), (172_800_000, "2 d old"),
        (.max, "106751991167 d old"),
    ])
    func `an age is one number, and never negative`(_ milliseconds: Int64, _ text: String) {
        #expect(PlainText.age(milliseconds) == text)
    }

    @Test(arguments: [
        ("/providers/a-b_c.d", "/providers/a-b_c.d"), ("a b", #""a b""#), (#"a"b"#, #""a\"b""#), ("", #""""#), ("\n", #""\n""#),
        (#"\"#, #""\\""#),
    ])
    func `a name is quoted where it must be`(_ name: String, _ text: String) { #expect(PlainText.name(name) == text) }

    @Test func `columns are as wide as their widest cell, within reason`() {
        let long = String(repeating: "x", count: 81)
        #expect(
            PlainText.columns([["a", "b", "c"], ["ddd", "e", "f"], [long, "g", "h"], ["i", "no more"]])
                == ["  a     b   c", "  ddd   e   f", "  \(long)   g   h", "  i     no more"])
    }
}
