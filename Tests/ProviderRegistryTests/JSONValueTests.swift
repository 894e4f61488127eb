import ProviderRegistry
import Testing

@Suite struct JSONValueTests {
    private func read(_ text: String) -> JSONValue? { try? JSONValue(Array(text.utf8), deepest: 3) }

    @Test(
        arguments: [
            ("null", .null), (" true\n", .bool(true)), ("\t[ ]\r", .array([])), ("{ }", .object([:])), ("-0.5e+10", .number("-0.5e+10")),
            ("0", .number("0")), ("1E5", .number("1E5")), ("[1,[2]]", .array([.number("1"), .array([.number("2")])])),
            (#"{"a":1,"b":{"c":[]}}"#, .object(["a": .number("1"), "b": .object(["c": .array([])])])),
            (#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00é""#, .string("\"\\/\u{8}\u{C}\n\r\tAé😀é")),
            (#"{"a":1,"a":2,"\u0061":3}"#, .object(["a": .number("3")])), ("\u{FEFF}1", .number("1")),
        ] as [(String, JSONValue)])
    func `what the grammar has is read, the last of equal names counts`(_ text: String, _ value: JSONValue) {
        #expect(read(text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "True", "'a'", "a", "[1,]", "[,1]", "[1 2]", "[", "]", "[1", "{", "{,}", #"{"a":1,}"#, #"{"a"}"#,
        #"{"a":}"#,
        #"{a:1}"#, #"{1:1}"#, #"{"a":1 "b":2}"#, "1 2", "{}{}", "//x\n1", "/*x*/1", "1//x", "01", "-", "+1", ".5", "1.", "1e", "1e+",
        "0x10",
        "NaN", "Infinity", "1_000", "\"", #""\"#, #""\x41""#, #""\u12""#, #""\u12G4""#, #""\u+123""#, #""\ud800""#, #""\ud800x""#,
        #""\ud800\n""#, #""\ud800\ud800""#, #""\udc00""#, "\"\n\"", "\"\u{1F}\"", "\"\u{0}\"", "\u{B}1", "\u{A0}1", "{\u{0}}",
    ])
    func `what it does not have is refused`(_ text: String) { #expect(read(text) == nil) }

    @Test func `only UTF-8 is read`() {
        for octets in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x7B, 0, 0x7D, 0]] as [[UInt8]] {
            #expect(throws: JSONValue.Failure.malformed) { try JSONValue(octets, deepest: 3) }
        }
    }

    @Test func `nesting has a bound`() {
        #expect(read("[[{}]]") != nil)
        #expect(throws: JSONValue.Failure.tooDeep) { try JSONValue(Array("[[{\"a\":[]}]]".utf8), deepest: 3) }
        #expect(throws: JSONValue.Failure.tooDeep) { try JSONValue([UInt8](repeating: 0x5B, count: 1_000_000), deepest: 100) }
    }

    @Test func `members keep their order, twins the place of the first`() throws {
        guard case .object(let members) = try JSONValue(Array(#"{"b":1,"a":2,"c":3,"b":4}"#.utf8), deepest: 1) else {
            return #expect(Bool(false))
        }
        #expect(members.members.map(\.name) == ["b", "a", "c"])
        #expect(members.members.map(\.value) == [.number("4"), .number("2"), .number("3")])
        #expect(members["b"] == .number("4") && members["d"] == nil)
    }
}
