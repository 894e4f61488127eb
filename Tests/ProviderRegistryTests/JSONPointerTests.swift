import Testing

@testable import ProviderRegistry

/// RFC 6901.
@Suite struct JSONPointerTests {
    /// The document of §5.
    private func document() throws -> JSONValue {
        let text = #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8,"deep":{"x":{"y":[[9]]}}}"#
        return try JSONValue(Array(text.utf8), deepest: 5)
    }

    @Test(
        arguments: [
            ("/foo/0", .string("bar")), ("/", .number("0")), ("/a~1b", .number("1")), ("/c%d", .number("2")), ("/e^f", .number("3")),
            ("/g|h", .number("4")), (#"/i\j"#, .number("5")), (#"/k"l"#, .number("6")), ("/ ", .number("7")), ("/m~0n", .number("8")),
            ("/deep/x/y/0/0", .number("9")), ("/foo", .array([.string("bar"), .string("baz")])),
        ] as [(String, JSONValue)])
    func `the examples of section 5 point to their values`(_ text: String, _ value: JSONValue) throws {
        #expect(try #require(JSONPointer(text)).value(in: document()) == value)
    }

    @Test func `an empty pointer is the whole document`() throws {
        #expect(try #require(JSONPointer("")).value(in: document()) == document())
    }

    @Test(arguments: ["/foo/2", "/foo/-", "/foo/00", "/foo/+1", "/foo/99999999999999999999", "/foo/0/0", "/x", "/deep/x/y/0/0/0", "//"])
    func `what is not there has no value`(_ text: String) throws {
        #expect(try #require(JSONPointer(text)).value(in: document()) == nil)
    }

    @Test(arguments: ["foo", "~", "/~", "/~2", "/a~", "#/foo"])
    func `what does not begin with a slash, or ends in a tilde, is no pointer`(_ text: String) { #expect(JSONPointer(text) == nil) }
}
