import TestSupport
import Testing

@testable import DNSAuthority

/// Names that give one record, and names that answer for all below them.
@Suite struct HandmadeZoneTests {
    private let zones = ServedZones([ServedZone(HandmadeZone.zone(), .current)])
    private var responder = TestResponder(seed: 7)

    private mutating func ask(
        _ name: String, _ type: String, opt: [UInt8] = [], over transport: Transport = .udp, from zones: ServedZones? = nil
    ) throws -> PacketText {
        let query = QueryOctets.query(name, type, opt: opt)
        return try PacketText(responder.response(to: query, over: transport, from: zones ?? self.zones))
    }

    // MARK: One record

    @Test mutating func `each answer has one record, as often as its weight says`() throws {
        var counts: [String: Int] = [:]
        for _ in 0..<2000 {
            let response = try ask("_one.web.svc.local", "A")
            #expect(response.answer.count == 1 && response.code == "NOERROR" && response.flags.contains("aa"))
            counts[response.answer[0], default: 0] += 1
        }
        #expect(counts.count == 2)
        #expect(400...600 ~= counts["_one.web.svc.local. 1 A 10.0.0.1"] ?? 0)
    }

    @Test(arguments: [Transport.udp, .tcp])
    mutating func `one SRV record has the addresses of its own host`(_ transport: Transport) throws {
        for _ in 0..<20 {
            let response = try ask("_ONE.web.svc.local", "SRV", opt: QueryOctets.opt(), over: transport)
            let words = response.answer[0].split(separator: " ")
            #expect(response.answer.count == 1 && words[0] == "_ONE.web.svc.local.")
            #expect(response.additional == ["\(words[6]) 5 A 10.0.0.\(words[4])"])
        }
    }

    @Test mutating func `one of the records of another RRset is kept for a second, and those of the other as they were`() throws {
        var answers: Set<String> = []
        for _ in 0..<100 {
            let address = try ask("_one.equal.web.svc.local", "A").answer
            let location = try ask("_one.equal.web.svc.local", "SRV")
            #expect(address.count == 1 && location.answer.count == 1 && location.additional.count == 1)
            answers.formUnion(address + location.answer)
        }
        #expect(answers.count == 6 && answers.allSatisfy { $0.hasPrefix("_one.equal.web.svc.local. 1 ") })
        #expect(try ask("web.svc.local", "A").answer.allSatisfy { $0.hasPrefix("web.svc.local. 5 A ") })
        let lines = MasterFile.text(of: HandmadeZone.zone()).split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("_one.equal.web.svc.local. 1 IN ") }.count == 6)
    }

    @Test(arguments: [Transport.udp, .tcp]) mutating func `ANY has one record of each type`(_ transport: Transport) throws {
        let types = try ask("_one.web.svc.local", "ANY", over: transport).answer.map { $0.split(separator: " ")[2] }
        #expect(types == ["A", "SRV"])
    }

    @Test mutating func `a record that does not fit is missing, with TC`() throws {
        let long = (0..<3).compactMap {
            DomainName(labels: [[UInt8](repeating: 97 + $0, count: 63)] + [[UInt8]](repeating: [98], count: 90))
        }
        var rrset = RRset(.srv, ttl: 1, records: long.map { .srv(priority: 0, weight: 0, port: 1, target: $0) })
        rrset.givesOne = true
        var block = RecordBlockBuilder()
        let owner = try #require(
            DomainName(labels: [[UInt8]](repeating: [UInt8](repeating: 99, count: 60), count: 4))?.appending(HandmadeZone.name("")))
        let address = block.add(RRset(.a, ttl: 1, records: [.a(1)]))
        block.add(owner, [block.add(rrset, additional: long.map { _ in .init(ipv4: address) })])
        var builder = ZoneBuilder(origin: HandmadeZone.name(""), seed: 1)
        builder.insert(block.build())
        let soa = StartOfAuthority(primary: .root, mailbox: .root, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5)
        let zones = ServedZones([ServedZone(builder.build(soa, ttl: 5), .current)])
        let short = try ask(owner.text, "SRV", from: zones)
        #expect(short.flags.contains("tc") && short.answer.isEmpty && short.additional.isEmpty)
        let whole = try ask(owner.text, "SRV", over: .tcp, from: zones)
        #expect(!whole.flags.contains("tc") && whole.answer.count == 1 && whole.additional.count == 1)
    }

    // MARK: Names below

    @Test(arguments: [
        "x.prefer.web.svc.local", "x.y.prefer.web.svc.local", "EU.prefer.web.svc.local", "a.eu.prefer.web.svc.local",
        "x.us.prefer.web.svc.local",
    ])
    mutating func `every name below has the records, under the question's name`(_ name: String) throws {
        for transport in [Transport.udp, .tcp] {
            let response = try ask(name, "A", over: transport)
            #expect(response.answer.sorted() == (1...3).map { "\(name). 5 A 10.0.0.\($0)" })
            #expect(response.code == "NOERROR" && response.flags.contains("aa") && response.authority.isEmpty)
            #expect(try ask(name, "SRV", over: transport).additional.count == 3)
            #expect(try ask(name, "ANY", over: transport).answer.count == 6)
            let none = try ask(name, "TXT", over: transport)
            #expect(none.code == "NOERROR" && none.answer.isEmpty && none.authority.count == 1)
        }
    }

    @Test(arguments: ["x.pin.web.svc.local", "eu.pin.web.svc.local", "x.us.pin.web.svc.local", "prefer.web.svc.local", "pin.web.svc.local"])
    mutating func `names below one without records exist, as the names above them do`(_ name: String) throws {
        for type in ["A", "SRV", "TXT", "ANY"] {
            let response = try ask(name, type)
            #expect(response.code == "NOERROR" && response.answer.isEmpty && response.authority.count == 1, "\(type)")
        }
    }

    @Test mutating func `names that are in the zone below it have what is theirs`() throws {
        #expect(try ask("us.prefer.web.svc.local", "A").answer == ["us.prefer.web.svc.local. 5 A 10.0.0.1"])
        #expect(try ask("b.eu.pin.web.svc.local", "A").answer == ["b.eu.pin.web.svc.local. 5 A 10.0.0.1"])
        let other = try ask("us.prefer.web.svc.local", "SRV")
        #expect(other.code == "NOERROR" && other.answer.isEmpty)
        #expect(try ask("x.other.web.svc.local", "A").code == "NXDOMAIN")
        #expect(try ask("xprefer.web.svc.local", "A").code == "NXDOMAIN")
    }

    /// Names that differ in length by one, so that each suffix begins at another place of a word.
    @Test(arguments: 1...63) mutating func `a name of any length lies below`(_ length: Int) throws {
        let label = String(repeating: "x", count: length)
        #expect(try ask("\(label).prefer.web.svc.local", "A").answer.count == 3)
        #expect(try ask("\(label).a.\(label).prefer.web.svc.local", "A").answer.count == 3)
        #expect(try ask("\(label).nothing.web.svc.local", "A").code == "NXDOMAIN")
    }

    @Test mutating func `a zone without names that answer for others has none, once the last is gone`() throws {
        var builder = ZoneBuilder(origin: HandmadeZone.name(""), seed: 1)
        var block = RecordBlockBuilder()
        let address = block.add(RRset(.a, ttl: 1, records: [.a(1)]))
        block.add(covering: HandmadeZone.name("c"), [address])
        builder.insert(block.build())
        let soa = StartOfAuthority(primary: .root, mailbox: .root, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5)
        #expect(try ask("x.c.svc.local", "A", from: ServedZones([ServedZone(builder.build(soa, ttl: 5), .current)])).answer.count == 1)
        var other = builder
        for name in ["*.c", "c"] { builder.remove(HandmadeZone.name(name)) }
        #expect(try ask("x.c.svc.local", "A", from: ServedZones([ServedZone(builder.build(soa, ttl: 5), .current)])).code == "NXDOMAIN")
        var plain = RecordBlockBuilder()
        plain.add(HandmadeZone.name("c"))
        other.insert(plain.build())
        #expect(try ask("x.c.svc.local", "A", from: ServedZones([ServedZone(other.build(soa, ttl: 5), .current)])).code == "NXDOMAIN")
    }

    // MARK: Both

    @Test(arguments: [(ZoneStatus.current, nil), (.stale, 3), (.expired, 22)] as [(ZoneStatus, Int?)])
    mutating func `a zone's state is said`(_ status: ZoneStatus, _ error: Int?) throws {
        let zones = ServedZones([ServedZone(HandmadeZone.zone(), status)])
        for name in ["_one.web.svc.local", "x.prefer.web.svc.local", "x.pin.web.svc.local"] {
            #expect(try ask(name, "A", opt: QueryOctets.opt(), from: zones).edns?["ede"] == error, "\(name)")
        }
    }

    @Test mutating func `records that are held are said to be`() throws {
        let zones = ServedZones([ServedZone(HandmadeZone.zone(isHeld: true), .current)])
        for name in ["_one.web.svc.local", "x.prefer.web.svc.local"] {
            #expect(try ask(name, "A", opt: QueryOctets.opt(), from: zones).edns?["ede"] == 3, "\(name)")
        }
    }

    @Test mutating func `names below one that answers for them share an account of the rate limit`() {
        var guards = QueryGuards()
        guards.rateLimit = RateLimit(responses: 1, slip: 0, isDryRun: false)
        let policy = QueryPolicy(guards: guards)
        var keys: [UInt64?] = []
        for name in ["x.prefer.web", "x.y.prefer.web", "eu.prefer.web", "us.prefer.web", "web"] {
            _ = responder.response(to: QueryOctets.query(name + ".svc.local", "A"), over: .udp, from: zones, by: policy)
            keys.append(responder.rateKey)
        }
        #expect(Set(keys[..<3]).count == 1 && keys[0] != nil)
        #expect(Set(keys).count == 3)
    }

    @Test func `a block's addresses below a name are those of its providers`() {
        var block = RecordBlockBuilder()
        var one = RRset(.a, ttl: 1, records: [.a(1), .a(2)])
        one.givesOne = true
        block.add(HandmadeZone.name("_one.web"), [block.add(one)])
        block.add(HandmadeZone.name("u1.web"), [block.add(RRset(.a, ttl: 1, records: [.a(1)]))])
        #expect(block.build().addresses(rightBelow: HandmadeZone.name("web")).map(\.node) == [1])
    }

    @Test func `a master file says which names answer for others`() throws {
        let lines = MasterFile.text(of: HandmadeZone.zone()).split(separator: "\n").map(String.init)
        #expect(lines.contains("; _one.web.svc.local. A: each answer has one of"))
        #expect(lines.contains("; *.pin.web.svc.local. exists without records, as all names below pin.web.svc.local. do"))
        for owner in ["*.prefer", "eu.prefer", "*.eu.prefer", "*.b.eu.prefer", "*.us.prefer"] {
            #expect(lines.filter { $0.hasPrefix("\(owner).web.svc.local. 5 IN A ") }.count == 3, "\(owner)")
        }
        #expect(!lines.contains { $0.hasPrefix("*.prefer.web.svc.local. 5 IN TXT") })
        let found = try #require(MasterFile.records(at: HandmadeZone.name("x.eu.prefer.web"), in: HandmadeZone.zone()))
        #expect(found.map(\.lines.count) == [3, 3] && found[0].lines[0] == "x.eu.prefer.web.svc.local. 5 IN A 10.0.0.1")
        #expect(MasterFile.records(at: HandmadeZone.name("x.pin.web"), in: HandmadeZone.zone())?.isEmpty == true)
        #expect(MasterFile.records(at: HandmadeZone.name("x.other.web"), in: HandmadeZone.zone()) == nil)
        #expect(MasterFile.records(at: HandmadeZone.name("_one.web"), in: HandmadeZone.zone())?.map(\.lines.count) == [3, 3])
    }
}
