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

    @Test func `what was written is read`() throws {
        let details = ProviderDetails(
            status: .draining, ports: [NamedPort(name: "http", port: 8080), NamedPort(name: "admin", port: 1)],
            attributes: ["b": "caf\u{E9} \"\\", "a": ""], zone: "us-east-1a", alpn: ["h2", "http/1.1"])
        let text = ProviderDocument.text(host: "db.example", port: 80, weight: 0, details: details, fields: ["x": "y"])
        #expect(
            text == #"{"host": "db.example", "port": 80, "weight": 0, "ports": {"http": 8080, "admin": 1}, "status": "draining", "#
                + #""attributes": {"a": "", "b": "caf\u00e9 \"\\"}, "zone": "us-east-1a", "alpn": ["h2", "http/1.1"], "x": "y"}"#)
        #expect(try read(text) == ProviderDocument(Provider(host: .name("db.example"), port: 80, weight: 0, details: details)))
        #expect(ProviderDocument.text(host: "a", port: 1, details: ProviderDetails()) == #"{"host": "a", "port": 1}"#)
    }

    @Test func `a document with nothing more costs no details`() throws {
        #expect(try read(#"{"host":"a","port":1,"status":"up","ports":{},"attributes":{},"alpn":[]}"#).provider.details == nil)
    }

    @Test(arguments: [
        (#""port":1,"ports":{"b":3,"a":2}"#, 1), (#""ports":{"b":3,"a":2}"#, 3), (#""ports":{"x.y":9,"b":0,"a":2}"#, 2),
        (#""ports":{"a":2,"b":3,"a":4}"#, 4),
    ])
    func `the port is the first of the named ones where there is no other`(_ ports: String, _ port: UInt16) throws {
        #expect(try read(#"{"host":"a",\#(ports)}"#).provider.port == port)
    }

    @Test(arguments: [#""ports":{}"#, #""ports":{"a":0}"#, #""ports":5"#, #""port":null,"ports":{"a":1}"#])
    func `no port at all is refused`(_ ports: String) {
        #expect(throws: ProviderDocument.Rejection.badPort) { try read(#"{"host":"a",\#(ports)}"#) }
    }

    @Test(arguments: [
        (#""status":"UP""#, "status is none of up, draining, down"), (#""ports":[1]"#, "ports is no object"),
        (#""ports":{"a b":1}"#, #""a b" is no name of a port: up to 62 letters, digits, - and _"#),
        (#""ports":{"a":1,"A":2,"b":0}"#, #"port "a" is there twice (and 1 more)"#), (#""attributes":"x""#, "attributes is no object"),
        (#""attributes":{"a":1}"#, #"attribute "a" is no text"#),
        (#""attributes":{"a=b":""}"#, #""a=b" is no key of an attribute: printable ASCII without ="#), (#""zone":5"#, "zone is no text"),
        (#""zone":"""#, #""" is no name of a zone"#), (#""alpn":"h2""#, "alpn is no array"), (#""alpn":[1]"#, "a protocol is no text"),
    ])
    func `what is wrong with a further field is reported, and costs the field alone`(_ field: String, _ problem: String) throws {
        let document = try read(#"{"host":"a","port":1,"weight":5,\#(field)}"#)
        #expect(document.problems == [problem])
        #expect(document.provider.weight == 5)
    }

    @Test func `what multiplies has bounds`() throws {
        func document(_ name: String, _ member: (Int) -> String) throws -> ProviderDocument {
            try read(#"{"host":"a","port":1,"\#(name)":{\#((0..<200).map(member).joined(separator: ","))}}"#)
        }
        let ports = try document("ports") { "\"p\($0)\":\($0 + 1)" }
        #expect(ports.provider.details?.ports.count == 32 && ports.problems == ["more than 32 ports (and 167 more)"])
        let attributes = try document("attributes") { "\"p\($0)\":\"\"" }
        #expect(attributes.provider.details?.attributes.count == 64 && attributes.problems == ["more than 64 attributes (and 135 more)"])
        let protocols = try read(#"{"host":"a","port":1,"alpn":[\#((0..<9).map { "\"\($0)\"" }.joined(separator: ","))]}"#)
        #expect(protocols.provider.details?.alpn.count == 8 && protocols.problems == ["more than 8 protocols"])
        for (length, isTaken) in [(253, true), (254, false)] {
            let value = String(repeating: "v", count: length)
            #expect(try read(#"{"host":"a","port":1,"attributes":{"k":"\#(value)"}}"#).problems.isEmpty == isTaken)
        }
        let large = try document("attributes") { "\"\($0 % 60)\":\"\(String(repeating: "v", count: 200))\"" }
        #expect(large.provider.details?.attributes.count == 40)
        #expect(large.problems == ["attributes of more than 8192 octets together (and 19 more)"])
        let long = #"["\#(String(repeating: "a", count: 63))","\#(String(repeating: "b", count: 63))","c"]"#
        let names = try read(#"{"host":"a","port":1,"alpn":\#(long)}"#)
        #expect(names.provider.details?.alpn.count == 2 && names.problems == ["protocols of more than 128 octets together"])
        for (length, isTaken) in [(62, true), (63, false)] {
            let name = String(repeating: "n", count: length)
            #expect(try read(#"{"host":"a","port":1,"ports":{"\#(name)":1}}"#).problems.isEmpty == isTaken)
        }
    }
}
