import DNSSecurity
import Foundation
import TestSupport
import Testing

@Suite struct KeyFileTests {
    private static let known = "hmac-sha256, hmac-sha384, hmac-sha512"

    private func keys(_ text: String) throws -> [String] {
        try KeyFile(Array(text.utf8)).keys.map { "\($0) \($0.secret)" }
    }

    @Test func `what tsig-keygen prints is read`() async throws {
        for algorithm in MACAlgorithm.allCases {
            let made = try await RunningProgram.run(URL(filePath: "/usr/sbin/tsig-keygen"), ["-a", algorithm.rawValue, "To.Secondary."])
            let keys = try KeyFile(Array(made.output.utf8)).keys
            #expect(keys.map(\.name) == [QueryOctets.name("to.secondary")])
            #expect(keys.map(\.algorithm) == [algorithm])
            let quoted = made.output.split(separator: "\"", omittingEmptySubsequences: false)
            #expect(keys.map { Data($0.secret).base64EncodedString() } == [String(quoted[3])])
        }
    }

    @Test func `quotes, comments, the letters' case, white space and the order do not matter`() throws {
        let text = """
            # one; { "
            KEY first.example{Secret AQID;Algorithm HMAC-SHA256.;};// two }
            /* three
               key "none" { }; */ key "Second." {
                algorithm "hmac-sha512"; /**/ secret " AQ I= ";
            };key third { algorithm hmac-sha384; secret 8//8; };
            """
        let expected = ["first.example (hmac-sha256) [1, 2, 3]", "second (hmac-sha512) [1, 2]", "third (hmac-sha384) [243, 255, 252]"]
        #expect(try keys(text) == expected)
        #expect(try keys(text.replacing("\n", with: "\r\n")) == expected)
        #expect(try keys("") == [])
        #expect(try keys(" # nothing") == [])
    }

    @Test(arguments: [
        (#"key "a" { algorithm hmac-sha1; secret "AQID"; };"#, "line 1: hmac-sha1 is too weak: use one of \(known)"),
        (
            "\n\nkey a {\nalgorithm HMAC-MD5.SIG-ALG.REG.INT;\nsecret AQID; };",
            "line 4: hmac-md5.sig-alg.reg.int is too weak: use one of \(known)"
        ),
        ("key a { algorithm hmac-sha265; secret AQID; };", "line 1: the algorithm is none of \(known)"),
        ("key a { secret AQID; };", "line 1: the key has no algorithm"),
        ("key a { algorithm hmac-sha256; };", "line 1: the key has no secret"),
        ("key a {\nalgorithm hmac-sha256;\nsecret \"\"; };", "line 3: the secret is empty"),
        ("key a { algorithm hmac-sha256; secret AQI; };", "line 1: the secret is not in base64"),
        ("key a { algorithm hmac-sha256; secret A===; };", "line 1: the secret is not in base64"),
        ("key a { algorithm hmac-sha256; secret AQ=D; };", "line 1: the secret is not in base64"),
        ("key a { algorithm hmac-sha256; secret AQ-D; };", "line 1: the secret is not in base64"),
        ("key a..b { algorithm hmac-sha256; secret AQID; };", "line 1: the key's name is no domain name of plain characters"),
        ("key . { algorithm hmac-sha256; secret AQID; };", "line 1: the key's name is no domain name of plain characters"),
        ("key a\\.b { algorithm hmac-sha256; secret AQID; };", "line 1: the key's name is no domain name of plain characters"),
        (
            "key a { algorithm hmac-sha256; secret AQID; };\nkey A. { algorithm hmac-sha512; secret AQID; };",
            "line 2: there are two keys a"
        ),
        ("zone a { type secondary; };", #"line 1: a statement that does not begin with "key""#),
        ("key a { algorithm hmac-sha256; secret AQID; } key", #"line 1: ";" is missing"#),
        ("key a { algorithm hmac-sha256 secret AQID; };", #"line 1: ";" is missing"#),
        ("key a\nalgorithm hmac-sha256;", #"line 2: "{" is missing"#),
        ("key { algorithm hmac-sha256; };", "line 1: the key's name is missing"),
        ("key a { algorithm ; };", "line 1: the algorithm is missing"),
        ("key a { secret", "line 1: the file ends before the secret"),
        ("key a {\n", #"line 2: the file ends before "}""#),
        ("key \"a\n\" {", "line 1: a text in quotes does not end on its line"),
        ("\n/* key\n", "line 2: a comment does not end"),
        ("key a { secret AQID; secret AQID; };", "line 1: a key has one algorithm and one secret, and nothing else"),
        ("key a { AQID; };", "line 1: a key has one algorithm and one secret, and nothing else"),
    ])
    func `what is wrong is said with its line, and without a secret`(text: String, complaint: String) {
        #expect(throws: KeyFileError(problems: [complaint])) { try KeyFile(Array(text.utf8)) }
        #expect(!complaint.contains("AQ"))
    }

    @Test func `all wrong keys are named at once, and what cannot be read further at the end`() {
        let text = "key a { algorithm x; secret \"\"; };\nkey b { algorithm hmac-sha256; secret AQID; };\nkey b { };\nkey"
        #expect(
            throws: KeyFileError(problems: [
                "line 1: the algorithm is none of \(Self.known)", "line 1: the secret is empty", "line 3: there are two keys b",
                "line 3: the key has no algorithm", "line 3: the key has no secret", "line 4: the file ends before the key's name",
            ])
        ) { try KeyFile(Array(text.utf8)) }
    }

    @Test func `a name, a secret or a file that is too long is refused`() throws {
        func text(label: Int, secret: Int) -> [UInt8] {
            let secret = Data(repeating: 7, count: secret).base64EncodedString()
            return Array("key \(String(repeating: "k", count: label)) { algorithm hmac-sha256; secret \(secret); };".utf8)
        }
        #expect(try KeyFile(text(label: 63, secret: 1024)).keys.count == 1)
        #expect(throws: KeyFileError(problems: ["line 1: the key's name is no domain name of plain characters"])) {
            try KeyFile(text(label: 64, secret: 1))
        }
        #expect(throws: KeyFileError(problems: ["line 1: the secret is longer than 1024 octets"])) {
            try KeyFile(text(label: 1, secret: 1025))
        }
        #expect(throws: KeyFileError(problems: ["the file is larger than 1048576 octets"])) {
            try KeyFile([UInt8](repeating: 32, count: KeyFile.maximumSize + 1))
        }
    }

    @Test func `every beginning of a file, and octets that are no text, make an error or keys, never a trap`() {
        let text = Array(#"key "a" { algorithm hmac-sha256; secret "AQID"; }; /* c */ // d"#.utf8)
        for end in 0..<text.count { _ = try? KeyFile(Array(text[..<end])) }
        for octet in [0, 10, 32, 255] + Array(##""#/*;{}\="##.utf8) {
            for place in text.indices {
                var changed = text
                changed[place] = octet
                _ = try? KeyFile(changed)
            }
        }
    }

    @Test func `names of keys are domain names in lower case`() {
        #expect(KeyName.octets(of: "To-Secondary.example.") == QueryOctets.name("to-secondary.example"))
        #expect(KeyName.text(of: QueryOctets.name("a.b")) == "a.b")
        #expect(KeyName.text(of: [2, 46, 7, 0]) == "\\046\\007")
        #expect(KeyName.text(of: [0]) == ".")
        #expect(KeyName.text(of: [9, 97]) == "a")
        let long = Array(repeating: String(repeating: "x", count: 63), count: 3).joined(separator: ".")
        #expect(KeyName.octets(of: long + "." + String(repeating: "y", count: 61))?.count == 255)
        for wrong in ["", ".", "a..b", ".a", "a b", "é", long + "." + String(repeating: "y", count: 62)] {
            #expect(KeyName.octets(of: wrong) == nil, "\(wrong)")
        }
    }
}
