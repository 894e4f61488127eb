import DNSAuthority
import IPAddressing
import TestSupport
import Testing
import ZoneTransfer

@Suite struct TransferTests {
    private static let soa = "svc.local. 5 SOA ns.svc.local. hostmaster.svc.local. 1 7200 1800 86400 1"

    private func zone(_ count: Int) -> Zone {
        var version = VersionedZone(serial: 1)
        version.set(
            names: Dictionary(
                uniqueKeysWithValues: (0..<count).map { number in
                    (
                        "u\(number).web\(number % 7)",
                        [.a(UInt32(number)), .srv(priority: 1, weight: 2, port: 3, target: VersionedZone.origin)]
                    )
                }))
        return version.zone
    }

    @Test func `a transfer has all records between two SOA records, each RRset as the zone has it (RFC 5936 §2.2)`() throws {
        let zone = HandmadeZone.zone()
        let exchange = Exchange(QueryOctets.query("SVC.local", "AXFR"), .open(), ServedZones([ServedZone(zone, .current)]))
        let records = try exchange.records
        #expect(records.first == Self.soa && records.last == Self.soa)
        let expected = try ZoneRecords.texts(of: zone)
        #expect(records.dropFirst().dropLast().sorted() == expected.sorted())
        #expect(expected.contains { $0.hasPrefix("*.pin.web") || $0.hasPrefix("*.prefer.web") } && expected.count > 30)
        let message = try #require(try exchange.messages.first)
        #expect(message.flags == ["qr", "aa", "rd"] && message.id == 0x1234)
        // The case is the client's, in the question alone.
        #expect(message.questions == ["SVC.local. 1 AXFR"])
    }

    @Test func `messages have 16 KiB at most, names are compressed, and only the first repeats the question`() throws {
        let zone = zone(5000)
        let exchange = Exchange(
            QueryOctets.query("svc.local", "AXFR", opt: QueryOctets.opt()), .open(), ServedZones([ServedZone(zone, .current)]))
        let messages = try exchange.messages
        #expect(try exchange.records.dropFirst().dropLast().sorted() == ZoneRecords.texts(of: zone).sorted())
        #expect(messages.count > 10)
        #expect(messages.allSatisfy { $0.length <= 16384 && $0.id == 0x1234 })
        #expect(messages.allSatisfy { $0.code == "NOERROR" && $0.flags.contains("aa") })
        #expect(messages.dropLast().allSatisfy { $0.length > 16000 })
        #expect(messages[0].questions.count == 1 && messages[0].edns?["version"] == 0)
        #expect(messages.dropFirst().allSatisfy { $0.questions.isEmpty && $0.edns == nil })
        // Per name: its label, two pointers, an address and a target of eleven octets that must not be compressed (RFC 2782).
        let perName = 8 + 2 * 12 + 4 + 6 + 11
        let length = exchange.octets.map(\.count).reduce(0, +)
        #expect(length < 5000 * perName)
    }

    @Test func `names in data are compressed where RFC 3597 §4 allows it, also one below another`() throws {
        var version = VersionedZone(serial: 1)
        let name = try #require(DomainName(text: "a.b.svc.local"))
        let records: [RecordData] = [
            .ns(name), .other(.mx, [0, 1] + name.octets), .other(.ptr, name.octets), .srv(priority: 0, weight: 0, port: 0, target: name),
            .other(.init(rawValue: 39), name.octets),
        ]
        version.set(names: ["b": records, "a.b": [.a(1)], "x.a.b": [.a(2)]])
        let exchange = Exchange(QueryOctets.query("svc.local", "AXFR"), .open(), version.served())
        #expect(try exchange.records.dropFirst().dropLast().sorted() == ZoneRecords.texts(of: version.zone).sorted())
        let octets = try #require(exchange.octets.first)
        let whole = name.octets
        // In the SRV record and in that of a type that not every server knows.
        #expect(octets.indices.count { octets[$0...].starts(with: whole) } == 2)
    }

    @Test func `an RRset of any size arrives whole, and a record of more than 16 KiB has a message of its own`() throws {
        var version = VersionedZone(serial: 1)
        let long = RecordData.other(.txt, (0..<100).flatMap { [200] + [UInt8](repeating: $0, count: 200) })
        // Over 65,535 octets with its header: no message can have it.
        let tooLong = RecordData.other(.init(rawValue: 65280), [UInt8](repeating: 1, count: 65530))
        let many = (0..<3000).map { RecordData.a($0) }
        version.set(names: ["long": [long], "many": many, "too.long": [tooLong], "z": [.a(1)]])
        let exchange = Exchange(QueryOctets.query("svc.local", "AXFR"), .open(), version.served())
        let sent: [(String, [RecordData])] = [("long", [long]), ("many", many), ("z", [.a(1)])]
        let expected = try sent.flatMap { name, records in
            try records.map { "\(name).svc.local. 5 \($0.type.text) \(try text($0))" }
        }
        #expect(try exchange.records.dropFirst().dropLast().sorted() == expected.sorted())
        #expect(exchange.octets.count { $0.count > 16384 } == 1)
    }

    private func text(_ data: RecordData) throws -> String {
        let octets =
            [0] + QueryOctets.number(Int(data.type.rawValue)) + [0, 1, 0, 0, 0, 0] + QueryOctets.number(data.octets.count) + data.octets
        let text = try PacketText(QueryOctets.header(0, 1, 0, 0) + octets).answer[0]
        return text.split(separator: " ", maxSplits: 3).last.map(String.init) ?? ""
    }

    @Test func `a change under a running transfer is not in it`() throws {
        var version = VersionedZone(serial: 1)
        version.set(names: Dictionary(uniqueKeysWithValues: (0..<3000).map { ("u\($0)", [.a(UInt32($0))]) }))
        let expected = try ZoneRecords.texts(of: version.zone)
        var records: [String] = []
        // The exchange has the only hold on the version that it begins with.
        Exchange.ask(QueryOctets.query("svc.local", "AXFR"), .open(), version.served()) { message in
            records += (try? PacketText(message).answer) ?? []
            version.set(names: Dictionary(uniqueKeysWithValues: (0..<3000).map { ("u\($0)", $0 % 2 == 0 ? [] : [.a(.max)]) }))
            #expect(version.zone.authority.serial == version.serial)
        }
        #expect(records.dropFirst().dropLast().sorted() == expected.sorted())
        #expect(records.first == records.last)
    }

    @Test func `transfers are for those who may have them, of zones that are there (RFC 5936 §2.2.1)`() throws {
        let answerer = TransferAnswerer.open()
        let current = ServedZones([ServedZone(HandmadeZone.zone(), .current)])
        func code(_ name: String, _ type: String, _ zones: ServedZones, over transport: Transport = .tcp, class number: Int = 1) throws
            -> String?
        {
            let opt = QueryOctets.opt()
            let message = try Exchange(QueryOctets.query(name, type, class: number, opt: opt), answerer, zones, over: transport).messages
                .first
            return message.map { "\($0.code) \($0.edns?["ede"] ?? 0)" }
        }
        for type in ["AXFR", "IXFR"] {
            #expect(try code("web.svc.local", type, current) == "NOTAUTH 20")
            #expect(try code("example.com", type, current) == "NOTAUTH 20")
            #expect(try code("svc.local", type, current, class: 3) == "NOTAUTH 20")
            #expect(try code("svc.local", type, ServedZones([ServedZone(notReady: HandmadeZone.name(""))])) == "SERVFAIL 14")
            #expect(try code("svc.local", type, ServedZones([ServedZone(HandmadeZone.zone(), .expired)])) == "SERVFAIL 22")
            #expect(try code("svc.local", type, ServedZones([ServedZone(HandmadeZone.zone(), .stale)])) == "NOERROR 0")
        }
        #expect(try code("svc.local", "AXFR", current, over: .udp) == "REFUSED 18")
        answerer.follow(TransferPolicy(allowed: ["192.0.2.0/31"].compactMap { AddressRange($0) }))
        #expect(try code("svc.local", "AXFR", current) == "NOERROR 0")
        answerer.follow(TransferPolicy(allowed: ["192.0.2.2/31", "::/0"].compactMap { AddressRange($0) }))
        for type in ["AXFR", "IXFR"] { #expect(try code("svc.local", type, current) == "REFUSED 18") }
    }

    @Test func `beyond 32 transfers at once there are no more until one ends`() throws {
        let answerer = TransferAnswerer.open()
        let zones = ServedZones([ServedZone(zone(5000), .current)])
        let query = QueryOctets.query("svc.local", "AXFR")
        var running = (0..<32).map { _ in Exchange.begin(query, answerer, zones) }
        #expect(answerer.underWay == 32)
        #expect(try Exchange(query, answerer, zones).code == "SERVFAIL")
        // One message is no transfer that could last.
        #expect(try Exchange(QueryOctets.incrementalTransfer(since: 3), answerer, zones).code == "NOERROR")
        running.removeLast()
        #expect(try Exchange(query, answerer, zones).code == "NOERROR")
        #expect(answerer.underWay == 31)
    }

    @Test func `a server without an answerer refuses transfers, one with hands them on, and signed queries too`() throws {
        let zones = ServedZones([ServedZone(HandmadeZone.zone(), .current)])
        var responder = TestResponder(seed: 1)
        let signed =
            QueryOctets.header(1, 0, 0, 1) + QueryOctets.question("svc.local", 6) + [0] + QueryOctets.number(250) + [
                0, 255, 0, 0, 0, 0, 0, 0,
            ]
        let queries = [QueryOctets.query("svc.local", "AXFR"), QueryOctets.incrementalTransfer(since: 1), signed]
        for (query, code) in zip(queries, ["REFUSED", "REFUSED", "NOERROR"]) {
            #expect(try PacketText(responder.response(to: query, over: .tcp, from: zones)).code == code)
        }
        let policy = QueryPolicy(answerLong: { _ in .silence })
        func isHandedOn(_ query: [UInt8]) -> Bool {
            _ = responder.response(to: query, over: .udp, from: zones, by: policy)
            if case .long = responder.outcome { return true }
            return false
        }
        #expect(queries.allSatisfy(isHandedOn))
        #expect(!isHandedOn(QueryOctets.query("svc.local", "SOA", opt: QueryOctets.opt())))
        // An incremental transfer is never met with FORMERR, as NSD asks for none for two days then; a whole one, or a wrong version of EDNS, is.
        #expect(isHandedOn(QueryOctets.incrementalTransfer(since: 1) + [0]))
        #expect(!isHandedOn(QueryOctets.query("svc.local", "AXFR") + [0]))
        #expect(!isHandedOn(QueryOctets.query("svc.local", "IXFR", opt: QueryOctets.opt(version: 1))))
        #expect(!isHandedOn(QueryOctets.query("svc.local", "IXFR", flags: 0x2000)))
        var guards = QueryGuards()
        guards.admitted = ClientRanges(ipv4: [], ipv6: [])
        for query in queries {
            let response = responder.response(
                to: query, over: .tcp, from: zones, by: QueryPolicy(guards: guards, answerLong: { _ in .silence }))
            #expect(try PacketText(response).code == "REFUSED")
        }
    }
}
