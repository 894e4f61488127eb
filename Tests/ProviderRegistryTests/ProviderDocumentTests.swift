import Foundation
import IPAddressing
import ProviderRegistry
import Testing

@Suite struct ProviderDocumentTests {
    private func read(_ text: String) throws(ProviderDocument.Rejection) -> ProviderDocument { try ProviderDocument(Array(text.utf8)) }

    @Test(arguments: [
        (#"{"host":"10.0.0.1","port":80}"#, "10.0.0.1"), (#"{"host":"[2001:DB8::1]","port":"80","x":[1]}"#, "2001:db8::1"),
        (#"{"host":"2001:db8::1","port":80}"#, "2001:db8::1"),
    ])
    func `addresses are read with or without brackets`(_ text: String, _ address: String) throws {
        let provider = try read(text).provider
        #expect(provider.port == 80)
        switch provider.host {
        case .ipv4(let found): #expect(found.text == address)
        case .ipv6(let found): #expect(found.text == address)
        case .name: Issue.record("a literal became a name")
        }
    }

    @Test(arguments: ["127.0.0.1", "::1", "169.254.1.1", "fe80::1", "192.0.2.1", "100.64.0.1", "223.255.255.255", "::ffff:10.0.0.1"])
    func `addresses that a host can have are taken`(_ address: String) throws {
        #expect(try read(#"{"host":"\#(address)","port":80.0}"#).provider.port == 80)
    }

    @Test func `names are folded, a final dot is dropped`() throws {
        #expect(try read(#"{"host":"DB_1.Example.","port":1}"#).provider.host == .name("db_1.example"))
    }

    @Test(
        arguments: [
            ("", .empty), ("nope", .notAnObject), ("[]", .notAnObject), ("3", .notAnObject), (#"{"port":1}"#, .noHost),
            (#"{"host":5,"port":1}"#, .noHost),
            (#"{"host":"","port":1}"#, .badHost), (#"{"host":"a b","port":1}"#, .badHost), (#"{"host":"127.1","port":1}"#, .badHost),
            (#"{"host":"1.2.3.256","port":1}"#, .badHost), (#"{"host":"a\u0000b","port":1}"#, .badHost), (#"{"host":"a"}"#, .badPort),
            (#"{"host":"a","port":0}"#, .badPort), (#"{"host":"a","port":65536}"#, .badPort), (#"{"host":"a","port":1e999}"#, .badPort),
            (#"{"host":"0.0.0.0","port":1}"#, .unreachableHost), (#"{"host":"0.1.2.3","port":1}"#, .unreachableHost),
            (#"{"host":"224.0.0.1","port":1}"#, .unreachableHost), (#"{"host":"255.255.255.255","port":1}"#, .unreachableHost),
            (#"{"host":"240.0.0.1","port":1}"#, .unreachableHost), (#"{"host":"::","port":1}"#, .unreachableHost),
            (#"{"host":"[ff02::1]","port":1}"#, .unreachableHost), (#"{"host":"::ffff:0.0.0.0","port":1}"#, .unreachableHost),
            (#"{"host":"a","port":1,}"#, .notAnObject), (#"{"host":"a","port":1}}"#, .notAnObject),
            (#"{"host":"a","port":true}"#, .badPort), (#"{"host":"a","port":"+80"}"#, .badPort), (#"{"host":"a","port":1.5}"#, .badPort),
        ] as [(String, ProviderDocument.Rejection)])
    func `what is no provider is refused with its reason`(_ text: String, _ reason: ProviderDocument.Rejection) {
        #expect(throws: reason) { try read(text) }
    }

    @Test func `hostile documents are refused`() {
        #expect(throws: ProviderDocument.Rejection.tooLong) { try read(String(repeating: " ", count: 70 * 1024)) }
        #expect(throws: ProviderDocument.Rejection.tooDeep) { try read(String(repeating: "[", count: 10_000)) }
        #expect(throws: (any Error).self) { try read(#"{"host":"\ud800","port":1}"#) }
        #expect(throws: (any Error).self) { try ProviderDocument([0xFF, 0x00, 0x7B]) }
    }

    @Test func `optional fields out of range take their defaults and are reported`() throws {
        let document = try read(#"{"host":"a","port":1,"weight":-1,"priority":"x"}"#)
        #expect(document.provider.weight == 1)
        #expect(document.provider.priority == 0)
        #expect(document.problems == ["weight is no number from 0 to 65535", "priority is no number from 0 to 65535"])
        #expect(try read(#"{"host":"a","port":1,"weight":0,"priority":65535}"#).problems == [])
    }

    @Test func `an excerpt is short and plain`() {
        #expect(ProviderDocument.excerpt([0x41, 0x0A, 0xFF]) == "A\\x0a\\xff")
        #expect(ProviderDocument.excerpt([UInt8](repeating: 0x41, count: 100)).count == 65)
    }

    @Test func `fuzzing's documents are read as far as they are named for`() throws {
        let expected: [String: String?] = [
            "all": "[2001:db8::1]:8080", "name": "db-1.example.net:65535", "plain": "10.0.0.1:80", "deep": nil, "nul": nil,
            "surrogate": nil,
        ]
        let folder = URL(filePath: #filePath).appending(path: "../../Fuzz/documents").standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(Set(files.map(\.lastPathComponent)) == Set(expected.keys))
        for file in files {
            let provider = try? ProviderDocument(Array(Data(contentsOf: file))).provider
            let place = provider.map { Provider.authority($0.host.text, $0.port) }
            #expect(place == expected[file.lastPathComponent] ?? nil, "\(file.lastPathComponent)")
        }
    }
}
