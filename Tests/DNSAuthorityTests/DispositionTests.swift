import DNSAuthority
import ProviderRegistry
import TestSupport
import Testing

@Suite struct DispositionTests {
    /// A query with what every row of the table asks for; each row takes one reason away.
    private struct Question {
        var opcode = 0
        var behind: [UInt8] = []
        var version = 0
        var type = "A"
        var recordClass = 1
        var name = "second.svc.local"
        var status = ZoneStatus.current

        var octets: [UInt8] {
            QueryOctets.query(
                name, type, class: recordClass, flags: 0x0100 | opcode << 11, opt: QueryOctets.opt(version: version)) + behind
        }
    }

    private func zones(_ status: ZoneStatus) -> ServedZones {
        var registry = TestRegistry()
        registry.add("second", "u1", Provider(host: .ipv4(.init(value: 1)), port: 80))
        registry.status = status
        return registry.zones
    }

    /// Each change takes away the reason for the code before it, so that the next row applies.
    @Test func `of several reasons the first of the table counts`() throws {
        var question = Question(
            opcode: 2, behind: [0], version: 1, type: "TYPE41", recordClass: 3, name: "example.com", status: .notReady)
        let rows: [(code: String, error: Int?, next: (inout Question) -> Void)] = [
            ("NOTIMP", nil, { $0.opcode = 0 }), ("FORMERR", nil, { $0.behind = [] }), ("BADVERS", nil, { $0.version = 0 }),
            ("FORMERR", nil, { $0.type = "AXFR" }), ("REFUSED", 18, { $0.type = "MAILA" }), ("NOTIMP", nil, { $0.type = "ANY" }),
            ("REFUSED", 20, { $0.recordClass = 1 }), ("REFUSED", 20, { $0.name = "second.svc.local" }),
            ("SERVFAIL", 14, { $0.status = .expired }), ("SERVFAIL", 22, { $0.status = .stale }),
            ("NOERROR", 3, { $0.name = "x.svc.local" }),
            ("NXDOMAIN", 19, { $0.status = .current }), ("NXDOMAIN", nil, { $0.name = "second.svc.local" }), ("NOERROR", nil, { _ in }),
        ]
        var responder = TestResponder(seed: 1)
        for (number, row) in rows.enumerated() {
            let response = try PacketText(responder.response(to: question.octets, over: .udp, from: zones(question.status)))
            #expect(response.code == row.code, "row \(number)")
            #expect(response.edns?["ede"] == row.error, "row \(number)")
            #expect(response.flags.contains("aa") == (response.code == "NXDOMAIN" || response.code == "NOERROR"), "row \(number)")
            row.next(&question)
        }
    }

    @Test func `a zone that is not ready does not call itself current`() throws {
        var responder = TestResponder(seed: 1)
        let origin = try #require(DomainName(text: "svc.local"))
        let response = responder.response(to: Question().octets, over: .udp, from: ServedZones([ServedZone(notReady: origin)]))
        #expect(try PacketText(response).edns?["ede"] == 14)
    }

    /// What became of a query, in words: `silent`, or the RCODE, with `tc` where records are missing.
    private func outcome(_ query: [UInt8], over transport: Transport = .udp, providers: Int = 1) -> String {
        var registry = TestRegistry()
        for number in 0..<providers { registry.add("second", "u\(number)", Provider(host: .ipv4(.init(value: UInt32(number))), port: 80)) }
        var responder = TestResponder(seed: 1)
        _ = responder.response(to: query, over: transport, from: registry.zones)
        guard case .answered(let answer) = responder.outcome else { return "silent" }
        return "\(answer.code)" + (answer.isTruncated ? " tc" : "")
    }

    @Test func `the outcome names the zone that answers, and the type that was asked for`() {
        var responder = TestResponder(seed: 1)
        func facts(_ query: [UInt8], from zones: ServedZones) -> [Int] {
            _ = responder.response(to: query, over: .udp, from: zones)
            guard case .answered(let answer) = responder.outcome else { return [] }
            return [answer.zone, Int(answer.type.rawValue)]
        }
        let origins = ["b.test", "a.b.test"].compactMap { DomainName(text: $0) }
        let zones = ServedZones(origins.map { ServedZone(notReady: $0) })
        #expect(zones.all.map(\.origin.text) == ["a.b.test.", "b.test."])
        #expect(facts(QueryOctets.query("x.a.b.test", "A"), from: zones) == [1, 1])
        #expect(facts(QueryOctets.query("x.b.test", "TYPE4711"), from: zones) == [2, 4711])
        #expect(facts(QueryOctets.query("test", "AAAA"), from: zones) == [0, 28])
        #expect(facts(QueryOctets.header(1, 0, 0, 0), from: zones) == [0, 0])
        #expect(facts(QueryOctets.query("svc.local", "SOA"), from: TestRegistry().zones) == [1, 6])
        #expect(ResponseCode.allCases.map(\.index) == Array(0..<9))
    }

    @Test func `the outcome says what became of a query`() {
        let query = QueryOctets.query("second.svc.local", "A")
        #expect(outcome(query) == "noError")
        #expect(outcome(query, providers: 100) == "noError tc")
        #expect(outcome(query, over: .tcp, providers: 100) == "noError")
        #expect(outcome(QueryOctets.query("x.svc.local", "A")) == "nameError")
        #expect(outcome(QueryOctets.query("svc.local", "MAILA")) == "notImplemented")
        #expect(outcome(QueryOctets.query("example.com", "A")) == "refused")
        #expect(outcome(QueryOctets.header(0, 0, 0, 0)) == "formatError")
        #expect(outcome([0]) == "silent")
        #expect(outcome(QueryOctets.query("second.svc.local", "A", flags: 0x8000)) == "silent")
    }
}
