import TestSupport
import Testing

@testable import DNSAuthority

@Suite struct RecordTypeTests {
    private static func name(_ text: String) -> DomainName { DomainName(text: text) ?? .root }

    /// The wire form of text as one character string.
    private static func string(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + text.utf8 }

    /// Records of many types, each with its data as text.
    private static let samples: [(RecordData, String)] = [
        (.a(0xC000_0201), "192.0.2.1"),
        (.aaaa(0x2001_0DB8_0001_0002_0003_0004_0005_0006), "2001:db8:1:2:3:4:5:6"),
        (.srv(priority: 1, weight: 2, port: 80, target: name("host.example")), "1 2 80 host.example."),
        (.ns(name("host.svc.local")), "host.svc.local."),
        (.other(.ptr, name("host.svc.local").octets), "host.svc.local."),
        (.other(.mx, [0, 10] + name("host.svc.local").octets), "10 host.svc.local."),
        (.other(.txt, string("a b") + string("")), "\"a b\" \"\""),
        (.other(RecordType(rawValue: 65280), [0, 255, 16]), "\\# 3 00ff10"),
        (.other(RecordType(rawValue: 99), []), "\\# 0"),
    ]

    /// A zone with an RRset at `n.svc.local`, with the addresses of `host.svc.local` as additional data of each record.
    private static func zone(_ rrset: RRset) -> (zone: Zone, isOverfull: Bool) {
        var block = RecordBlockBuilder()
        let ipv4 = block.add(RRset(.a, ttl: 5, records: [.a(1), .a(2)]))
        let ipv6 = block.add(RRset(.aaaa, ttl: 5, records: [.aaaa(3)]))
        block.add(name("n.svc.local"), [block.add(rrset, additional: (0..<rrset.count).map { _ in .init(ipv4: ipv4, ipv6: ipv6) })])
        var builder = ZoneBuilder(origin: name("svc.local"), seed: 1)
        builder.insert(block.build())
        let soa = StartOfAuthority(primary: .root, mailbox: .root, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5)
        return (builder.build(soa, ttl: 5), block.isOverfull)
    }

    private func response(_ type: String, from zone: Zone, over transport: Transport = .udp) throws -> PacketText {
        var responder = TestResponder(seed: 1)
        return try PacketText(
            responder.response(
                to: QueryOctets.query("n.svc.local", type), over: transport, from: ServedZones([ServedZone(zone, .current)])))
    }

    @Test(arguments: samples) func `a record of any type is answered and printed (RFC 3597)`(_ data: RecordData, _ text: String) throws {
        let zone = Self.zone(RRset(data.type, ttl: 7, records: [data])).zone
        let response = try response("TYPE\(data.type.rawValue)", from: zone)
        #expect(response.code == "NOERROR")
        #expect(response.answer == ["n.svc.local. 7 \(data.type.text) \(text)"])
        #expect(MasterFile.text(of: zone).split(separator: "\n").contains("n.svc.local. 7 IN \(data.type.text) \(text)"))
        #expect(try self.response("ANY", from: zone).answer == response.answer)
        #expect(data.length == data.octets.count)
    }

    @Test(arguments: samples) func `SRV, MX and NS have the addresses of their hosts as additional data, other types have none`(
        _ data: RecordData, _ text: String
    ) throws {
        let response = try response("TYPE\(data.type.rawValue)", from: Self.zone(RRset(data.type, ttl: 7, records: [data])).zone)
        guard [.srv, .mx, .ns].contains(data.type), let host = text.split(separator: " ").last else {
            #expect(response.additional == [])
            return
        }
        #expect(response.additional == ["\(host) 5 A 0.0.0.1", "\(host) 5 A 0.0.0.2", "\(host) 5 AAAA 0:0:0:0:0:0:0:3"])
    }

    /// The decoder judges the names: a pointer to the wrong place shows.
    @Test(arguments: [RecordType.mx, .ns]) func `many hosts of different lengths have each their addresses, whichever comes first`(
        _ type: RecordType
    ) throws {
        let hosts = (0..<9).map { Self.name(String(repeating: "h", count: $0 + 1) + ".svc.local") }
        let zone = Self.zone(RRset(type, ttl: 5, records: hosts.map { type == .ns ? .ns($0) : .other(.mx, [0, 1] + $0.octets) })).zone
        for _ in 0..<20 {
            let response = try response(type.text, from: zone, over: .tcp)
            let order = response.answer.compactMap { $0.split(separator: " ").last }
            #expect(Set(order) == Set(hosts.map { Substring($0.text) }))
            #expect(response.additional.compactMap { $0.split(separator: " ").first } == order.flatMap { [$0, $0, $0] })
        }
    }

    @Test(arguments: [[0], [0, 1, 3, 104], [0, 1, 0xC0, 12], [0, 1, 0, 0]] as [[UInt8]])
    func `RDATA that is not made up as its type says is opaque, and names no host`(_ octets: [UInt8]) throws {
        let zone = Self.zone(RRset(.mx, ttl: 5, records: [.other(.mx, octets)])).zone
        var responder = TestResponder(seed: 1)
        let response = responder.response(
            to: QueryOctets.query("n.svc.local", "MX"), over: .udp, from: ServedZones([ServedZone(zone, .current)]))
        // One answer, which ends the message.
        #expect(Array(response[4..<12]) == [0, 1, 0, 1, 0, 0, 0, 0])
        #expect(Array(response.suffix(octets.count)) == octets)
        let digits = octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(MasterFile.text(of: zone).contains("n.svc.local. 5 IN MX \\# \(octets.count) \(digits)"))
    }

    @Test func `RDATA of more than 65,535 octets is left out`() throws {
        let type = RecordType(rawValue: 65280)
        let longest = Self.zone(RRset(type, ttl: 5, records: [.other(type, [UInt8](repeating: 1, count: 65_535))]))
        #expect(!longest.isOverfull)
        // No message holds it beside its question.
        for transport in [Transport.udp, .tcp] {
            let response = try response(type.text, from: longest.zone, over: transport)
            #expect(response.flags.contains("tc") && response.answer == [])
        }
        let tooLong = Self.zone(RRset(type, ttl: 5, records: [.other(type, [UInt8](repeating: 1, count: 65_536))]))
        #expect(tooLong.isOverfull)
        #expect(try response(type.text, from: tooLong.zone).answer == [])
    }
}
