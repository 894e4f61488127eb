import TestSupport
import Testing

@Suite struct RFC1035Tests {
    @Test func `§4.1.1 the ID, the opcode and RD are copied, QR and AA are set, RA is clear`() throws {
        let response = try Ask.response("second.svc.local", "A")
        #expect(response.id == 0x1234)
        #expect(response.flags == ["qr", "aa", "rd"])
    }

    @Test func `§4.1.1 a response is met with silence`() {
        #expect(Ask.octets(QueryOctets.query("second.svc.local", "A", flags: 0x8100)) == [])
    }

    @Test(arguments: 0..<12) func `§4.1.1 fewer octets than a header has are met with silence`(_ count: Int) {
        #expect(Ask.octets([UInt8](repeating: 0, count: count)) == [])
    }

    @Test(arguments: 1...15) func `§4.1.1 an opcode other than QUERY is not implemented`(_ opcode: Int) throws {
        #expect(try Ask.response(QueryOctets.query("second.svc.local", "A", flags: opcode << 11)).code == "NOTIMP")
    }

    @Test func `§3.1 a label of more than 63 octets, a name of more than 255, a pointer are no names`() throws {
        for name in [[64] + [UInt8](repeating: 97, count: 64) + [0], [UInt8](repeating: 1, count: 256) + [0], [0xC0, 0x0C]] {
            #expect(try Ask.response(QueryOctets.header(1, 0, 0, 0) + name + [0, 1, 0, 1]).code == "FORMERR")
        }
    }

    @Test func `§4.1 a message cut short anywhere, or with octets behind its end, is malformed`() throws {
        let query = QueryOctets.query("second.svc.local", "A", opt: QueryOctets.opt())
        for count in 12..<query.count { #expect(try Ask.response(Array(query.prefix(count))).code == "FORMERR") }
        #expect(try Ask.response(query + [0]).code == "FORMERR")
    }

    @Test func `§3.2.5 of the classes only IN and ANY are answered`() throws {
        #expect(try Ask.response(QueryOctets.query("second.svc.local", "A", class: 255)).code == "NOERROR")
        #expect(try Ask.response(QueryOctets.query("second.svc.local", "A", class: 3)).code == "REFUSED")
    }

    @Test func `§4.2.1 what exceeds 512 octets is truncated`() throws {
        let response = try Ask.response("large.svc.local", "A")
        #expect(response.flags.contains("tc"))
        #expect(response.length <= 512)
    }
}
