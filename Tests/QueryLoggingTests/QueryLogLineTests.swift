import DNSAuthority
import Foundation
import TestSupport
import Testing

@testable import QueryLogging
@testable import QueryTap

@Suite struct QueryLogLineTests {
    private static let header = QueryOctets.header(1, 0, 0, 0)

    /// The line of a query.
    private func line(_ query: [UInt8], _ code: UInt16?, _ response: [UInt8], isStream: Bool = false, isIPv6: Bool = false) -> String {
        let recorded = RecordedQueries(isStream: isStream, isIPv6: isIPv6) { $0.logEvery = 1 }
        recorded.batch([(query, code, response)])
        var line = QueryLogLine()
        _ = recorded.tap.drain { line.write($0) }
        return String(decoding: line.octets, as: UTF8.self)
    }

    @Test func `types have the names that they have everywhere`() {
        for number in 0...300 {
            var octets: [UInt8] = []
            octets.add(type: number)
            #expect(String(decoding: octets, as: UTF8.self) == RecordType(rawValue: UInt16(number)).text)
        }
        #expect([46, 47, 50, 51].map { RecordType(rawValue: $0).text } == ["RRSIG", "NSEC", "NSEC3", "TYPE51"])
    }

    @Test func `a line has CoreDNS's placeholders as keys, in this order`() throws {
        let query = QueryOctets.query("WEB.svc.local", "SRV", opt: QueryOctets.opt(size: 4096, do: true))
        let text = line(query, 3, response(query, code: 3))
        let times = try #require(text.wholeMatch(of: /\{"time":"(.*?)",(.*),"duration":(\d+\.\d{9})\}\n/))
        #expect(times.output.1.wholeMatch(of: /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil)
        #expect(
            times.output.2 == """
                "remote":"10.0.0.9","port":40000,"local":"10.0.0.1","proto":"udp","id":4660,"opcode":0,"type":"SRV","class":"IN",\
                "name":"web.svc.local.","size":42,"do":true,"bufsize":4096,"rcode":"NXDOMAIN","rflags":"qr,aa,rd","rsize":42
                """)
    }

    @Test func `over IPv6 and TCP`() {
        let query = QueryOctets.query("", "TYPE999", class: 3)
        let text = line(query, 5, response(query, flags: 0x8000, code: 5), isStream: true, isIPv6: true)
        #expect(text.contains(#""remote":"2001:db8::9","port":40000,"local":"2001:db8::1","proto":"tcp""#))
        #expect(text.contains(#""type":"TYPE999","class":"CH","name":".","size":17,"do":false,"bufsize":512,"#))
        #expect(text.contains(#""rcode":"REFUSED","rflags":"qr","#))
    }

    /// What stands behind a header with a question: a length too long, a pointer, a cut question, a name of 257 octets.
    private static let unreadable: [[UInt8]] = [
        [], [3, 1], [0xC0, 0x0C, 0, 1, 0, 1], [1, 97, 0, 0, 1, 0], [UInt8](repeating: 1, count: 256) + [0, 0, 1, 0, 1],
    ]

    @Test(arguments: [[1], [UInt8](repeating: 255, count: 12), [UInt8](repeating: 255, count: 600)] + unreadable.map { header + $0 })
    func `a query without a question that can be read has null for it`(_ query: [UInt8]) throws {
        let text = line(query, nil, [])
        #expect(text.contains(#""type":null,"class":null,"name":null,"#), "\(text)")
        #expect(text.contains(#""rcode":null,"rflags":"","rsize":0"#))
        #expect(try JSONSerialization.jsonObject(with: Data(text.utf8)) is [String: Any])
    }

    @Test func `a name of any octets is one line of JSON, and reads as presentation form`() throws {
        for first in stride(from: 0, to: 256, by: 32) {
            let octets = (first..<first + 32).map { UInt8($0) }
            let query: [UInt8] = Self.header + [32] + octets + [0, 0, 1, 0, 1]
            let text = line(query, 2, response(query, code: 2))
            #expect(text.utf8.dropLast().allSatisfy { 32...126 ~= $0 })
            let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let expected = octets.map { octet in
                switch octet {
                case 65...90: String(UnicodeScalar(octet + 32))
                case UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ";"),
                    UInt8(ascii: "@"), UInt8(ascii: "$"):
                    "\\" + String(UnicodeScalar(octet))
                case 33...126: String(UnicodeScalar(octet))
                default: "\\" + String(1000 + Int(octet)).dropFirst()
                }
            }
            #expect(object["name"] as? String == expected.joined() + ".")
        }
    }

    @Test func `an OPT record that does not follow the question, or is cut short, says nothing`() {
        let question = QueryOctets.question("a", 1)
        let opt = QueryOctets.opt(size: 4096)
        let cutShort: [UInt8] = QueryOctets.header(1, 0, 0, 1) + question + opt.dropLast(1)
        let elsewhere: [UInt8] = QueryOctets.header(1, 0, 1, 1) + question + opt
        let uncounted: [UInt8] = Self.header + question + opt
        for query in [cutShort, elsewhere, uncounted] {
            #expect(line(query, 1, response(query, code: 1)).contains(#""do":false,"bufsize":512"#))
        }
    }
}
