import Testing

@testable import ProviderRegistry

@Suite struct StatusMemberTests {
    private func set(_ status: ProviderStatus, _ text: String) -> String? {
        StatusMember.set(status, in: Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (#"{"host": "a", "port": 1}"#, #"{"host": "a", "port": 1, "status": "draining"}"#),
        (#"{"b":[1,{"status":"up"}],"a":1.0e2}"#, #"{"b":[1,{"status":"up"}],"a":1.0e2, "status": "draining"}"#),
        (#"{"status":"up","host":"a"}"#, #"{"status":"draining","host":"a"}"#),
        (#"{"host":"\"status\":","status" : { "x":[1,2] } , "port":1}"#, #"{"host":"\"status\":","status" : "draining" , "port":1}"#),
        (#"{"st\u0061tus":null}"#, #"{"st\u0061tus":"draining"}"#),
        (#"{"status":"up","status":"down"}"#, #"{"status":"draining","status":"draining"}"#),
        ("{}", #"{"status": "draining"}"#), ("{ }\n", #"{"status": "draining" }"# + "\n"),
        ("{\n  \"host\": \"\\\\\"\n}\n", "{\n  \"host\": \"\\\\\", \"status\": \"draining\"\n}\n"),
        ("\u{FEFF}{\"a\":1}", "\u{FEFF}{\"a\":1, \"status\": \"draining\"}"),
    ])
    func `the status is set, and all else stays as it stands`(_ text: String, _ expected: String) {
        #expect(set(.draining, text) == expected)
    }

    @Test(arguments: ["", "[]", "1", "{", #"{"a":1,}"#, #"{"a":1}{"#, "{\"a\":\u{0}}"])
    func `what is no object has none`(_ text: String) { #expect(set(.down, text) == nil) }

    @Test func `a document that would be too long has none`() {
        let text = "{\"a\":\"" + String(repeating: "x", count: ProviderDocument.longest - 8) + "\"}"
        #expect(set(.up, text) == nil)
    }

    @Test func `what is set is read, whatever was there`() throws {
        for text in [#"{"host":"a","port":1}"#, #"{"status":7,"host":"a","port":1}"#, #"{"host":"a","port":1,"status":"down" }"#] {
            for status in ProviderStatus.allCases {
                let changed = try #require(StatusMember.set(status, in: Array(text.utf8)))
                #expect(try ProviderDocument(changed).provider.status == status)
                #expect(try ProviderDocument(changed).problems == [])
            }
        }
    }
}
