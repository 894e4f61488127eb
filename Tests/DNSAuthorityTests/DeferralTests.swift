import DNSAuthority
import TestSupport
import Testing

@Suite struct DeferralTests {
    private let forwarding = QueryPolicy(isForwarding: true)

    private func outcome(
        _ name: String, _ type: String = "A", flags: UInt16 = 0x0100, recordClass: UInt16 = 1, from zones: ServedZones,
        by policy: QueryPolicy
    ) throws -> (deferral: Deferral?, response: PacketText?) {
        var query = QueryOctets.query(name, type, opt: QueryOctets.opt())
        (query[2], query[3]) = (UInt8(flags >> 8), UInt8(flags & 255))
        let end = query.count - QueryOctets.opt().count
        query[end - 1] = UInt8(recordClass)
        var responder = TestResponder(seed: 1)
        let response = responder.response(to: query, over: .udp, from: zones, by: policy)
        if case .deferred(let deferral) = responder.outcome { return (deferral, nil) }
        return (nil, try PacketText(response))
    }

    @Test func `names outside every zone are deferred while forwarding is on and the client wishes recursion`() throws {
        let zones = TestRegistry().zones
        let deferral = try #require(try outcome("www.example.com", from: zones, by: forwarding).deferral)
        #expect(deferral.questionEnd == 12 + 17 + 4)
        #expect(deferral.hasEDNS && !deferral.wantsSecurity && deferral.limit == 1232)
        #expect(try outcome("www.example.com", from: zones, by: QueryPolicy()).response?.code == "REFUSED")
        #expect(try outcome("www.example.com", flags: 0, from: zones, by: forwarding).response?.code == "REFUSED")
        #expect(try outcome("www.example.com", recordClass: 3, from: zones, by: forwarding).response?.code == "REFUSED")
        #expect(try outcome("www.example.com", "AXFR", from: zones, by: forwarding).response?.code == "REFUSED")
        #expect(try outcome("nothing.svc.local", from: zones, by: forwarding).response?.code == "NXDOMAIN")
    }

    @Test func `names below local are not forwarded unless that is wished (RFC 6762 §22.1)`() throws {
        let zones = TestRegistry().zones
        let response = try #require(try outcome("Printer.LOCAL", from: zones, by: forwarding).response)
        #expect(response.code == "NXDOMAIN" && response.flags.contains("ra"))
        #expect(try outcome("local", "SOA", from: zones, by: forwarding).response?.code == "NOERROR")
        #expect(try outcome("notlocal", from: zones, by: forwarding).deferral != nil)
        #expect(try outcome("printer.local", from: zones, by: QueryPolicy(isForwarding: true, forwardsLocal: true)).deferral != nil)
    }

    @Test func `a partial zone defers names that it does not have`() throws {
        let zone = try #require(TestRegistry().zone)
        let partial = ServedZones([ServedZone(zone, .current, isPartial: true)])
        #expect(try outcome("nothing.svc.local", from: partial, by: forwarding).deferral != nil)
        #expect(try outcome("nothing.svc.local", from: partial, by: QueryPolicy()).response?.code == "NXDOMAIN")
        #expect(try outcome("svc.local", "SOA", from: partial, by: forwarding).response?.answer.count == 1)
        #expect(try outcome("svc.local", from: partial, by: forwarding).response?.code == "NOERROR")
    }

    @Test(arguments: [true, false]) func `RA says whether other servers are asked`(_ isForwarding: Bool) throws {
        for name in ["svc.local", "nothing.svc.local"] {
            let response = try outcome(name, from: TestRegistry().zones, by: QueryPolicy(isForwarding: isForwarding)).response
            #expect(response?.flags.contains("ra") == isForwarding)
        }
    }

    @Test(arguments: [UInt8(0), 2]) func `a deferred query keeps the cookie that its response has`(_ number: UInt8) throws {
        var guards = QueryGuards()
        guards.cookieSecrets = [.random()]
        let cookie = [UInt8](repeating: number, count: 8)
        let option: [UInt8] = [0, 10, 0, 8] + cookie
        let query = QueryOctets.query("www.example.com", "A", opt: QueryOctets.opt(options: option))
        var responder = TestResponder(seed: 1)
        _ = responder.response(to: query, over: .udp, from: TestRegistry().zones, by: QueryPolicy(isForwarding: true, guards: guards))
        guard case .deferred(let deferral) = responder.outcome else {
            Issue.record("not deferred")
            return
        }
        let full: [UInt8] = [0, 10, 0, 24] + cookie + [UInt8](repeating: 7, count: 16)
        #expect(deferral.hasCookie)
        var memory = Array(query.prefix(deferral.questionEnd)) + [UInt8](repeating: 0, count: Deferral.longestFailure)
        let length = memory.withUnsafeMutableBytes { deferral.fail(in: $0, cookie: full) }
        let response = Array(memory.prefix(length))
        #expect(Array(response.suffix(28)) == full)
        #expect(try PacketText(response).code == "SERVFAIL")
    }

    @Test func `a deferred query that cannot be forwarded has SERVFAIL with EDE 23`() throws {
        let zones = TestRegistry().zones
        for opt in [[], QueryOctets.opt()] {
            let query = QueryOctets.query("wWw.example.com", "A", opt: opt)
            let deferral = try #require(try outcome("www.example.com", from: zones, by: forwarding).deferral)
            var memory = Array(query.prefix(deferral.questionEnd)) + [UInt8](repeating: 0, count: Deferral.longestFailure)
            let length = memory.withUnsafeMutableBytes { deferral.fail(in: $0, cookie: []) }
            let response = try PacketText(Array(memory.prefix(length)))
            #expect(response.code == "SERVFAIL" && response.flags.contains("ra"))
            #expect(response.edns?["ede"] == 23)
            #expect(Array(memory[12..<deferral.questionEnd]) == Array(query[12..<deferral.questionEnd]))
        }
    }
}
