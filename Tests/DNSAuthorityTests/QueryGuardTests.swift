import TestSupport
import Testing

@testable import DNSAuthority

@Suite struct QueryGuardTests {
    private static func policy(_ change: (inout QueryGuards) -> Void) -> QueryPolicy {
        var guards = QueryGuards()
        change(&guards)
        return QueryPolicy(guards: guards)
    }

    private static let zones: ServedZones = {
        var registry = TestRegistry()
        for number in 1...100 {
            registry.add("web", "u\(number)", .init(host: .ipv4(.init(value: 0x0A00_0000 + UInt32(number))), port: 80))
        }
        return registry.zones
    }()

    /// A socket address of a client of four or sixteen octets.
    private static func withClient<Result>(_ octets: [UInt8], _ body: (ClientAddress) -> Result) -> Result? {
        let family: [UInt8] = octets.count == 4 ? [2, 0, 0, 0] : [10, 0, 0, 0, 0, 0, 0, 0]
        return (family + octets + [UInt8](repeating: 0, count: ClientAddress.length)).withUnsafeBytes {
            $0.baseAddress.map { body(ClientAddress($0)) }
        }
    }

    private static func ipv6(_ head: [UInt8], _ tail: [UInt8]) -> [UInt8] {
        head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    // MARK: Clients

    @Test func `a client is admitted in the ranges only, whatever their order and overlap`() {
        let ranges = ClientRanges(
            ipv4: [0xC000_0200...0xC000_02FF, 0x0A00_0000...0x0A00_00FF, 0x0A00_0080...0x0A00_01FF, 5...5, 6...6, UInt32.max - 1 ... .max],
            ipv6: [UInt128(0x2001_0DB8) << 96...UInt128(0x2001_0DB8) << 96 | 0xFF])
        let policy = Self.policy {
            $0.admitted = ranges
            $0.forwarded = ranges
        }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        let cases: [([UInt8], Bool)] = [
            ([10, 0, 0, 0], true), ([10, 0, 1, 255], true), ([10, 0, 2, 0], false), ([9, 255, 255, 255], false), ([192, 0, 2, 7], true),
            ([192, 0, 3, 0], false), ([0, 0, 0, 5], true), ([0, 0, 0, 6], true), ([0, 0, 0, 7], false), ([0, 0, 0, 4], false),
            ([255, 255, 255, 255], true), ([255, 255, 255, 253], false), (mapped + [10, 0, 0, 1], true), (mapped + [11, 0, 0, 1], false),
            (Self.ipv6([0x20, 0x01, 0x0D, 0xB8], [0xFF]), true), (Self.ipv6([0x20, 0x01, 0x0D, 0xB8], [1, 0]), false),
            (Self.ipv6([], [10, 0, 0, 1]), false),
        ]
        for (client, isIn) in cases {
            #expect(Self.withClient(client) { policy.admits($0) } == isIn, "\(client)")
            #expect(Self.withClient(client) { policy.mayForward($0) } == isIn, "\(client)")
        }
    }

    @Test func `all clients are admitted without a look at the ranges, and none by none`() {
        let halves = ClientRanges(ipv4: [0...0x7FFF_FFFF, 0x8000_0000 ... .max], ipv6: [0 ... .max])
        #expect(RangeTable(.all).isAll && RangeTable(halves).isAll && QueryPolicy().isGuarding == false)
        let none = RangeTable(ClientRanges(ipv4: [], ipv6: []))
        #expect(!none.isAll && Self.withClient([10, 0, 0, 1], none.contains) == false)
    }

    @Test func `a client that is not admitted gets REFUSED with EDE 18, whatever it asks`() throws {
        let policy = Self.policy { $0.admitted = ClientRanges(ipv4: [0x0A00_0000...0x0AFF_FFFF], ipv6: []) }
        var responder = TestResponder(seed: 1)
        let query = QueryOctets.query("web.svc.local", "A", opt: QueryOctets.opt())
        for transport in [Transport.udp, .tcp] {
            let refused = try PacketText(responder.response(to: query, over: transport, from: Self.zones, by: policy))
            #expect(refused.code == "REFUSED" && refused.edns?["ede"] == 18 && refused.answer.isEmpty)
            let answered = try PacketText(responder.response(to: query, over: transport, of: [10, 1, 2, 3], from: Self.zones, by: policy))
            #expect(answered.code == "NOERROR" && !answered.answer.isEmpty)
        }
        let outside = QueryOctets.query("example.com", "A")
        #expect(try PacketText(responder.response(to: outside, over: .udp, from: Self.zones, by: policy)).code == "REFUSED")
    }

    @Test func `names that do not exist are refused if so wished, all others are answered as ever`() throws {
        let policy = Self.policy { $0.refusesUnknownNames = true }
        for (name, type, code) in [
            ("x.svc.local", "A", "REFUSED"), ("web.svc.local", "A", "NOERROR"), ("web.svc.local", "TXT", "NOERROR"),
            ("_tcp.svc.local", "A", "NOERROR"),
        ] {
            var responder = TestResponder(seed: 1)
            let query = QueryOctets.query(name, type)
            let response = try PacketText(responder.response(to: query, over: .udp, from: Self.zones, by: policy))
            #expect(response.code == code && response.authority.isEmpty == (code == "REFUSED" || type == "A" && name.hasPrefix("web")))
        }
    }

    // MARK: Rate limit

    private static let limited = policy {
        $0.rateLimit = RateLimit(responses: 1, slip: 2, isDryRun: false)
        $0.cookieSecrets = [CookieSecret("e5e973e5a6b2a43f48e7dc849e37bfcf")].compactMap(\.self)
    }

    private func key(_ client: [UInt8], _ name: String = "web.svc.local", _ type: String = "A", opt: [UInt8] = []) -> UInt64? {
        var responder = TestResponder(seed: 1)
        _ = responder.response(to: QueryOctets.query(name, type, opt: opt), over: .udp, of: client, from: Self.zones, by: Self.limited)
        return responder.rateKey
    }

    @Test func `a network, a kind and a name share an account`() {
        let own = key([192, 0, 2, 1])
        #expect(own != nil && own == key([192, 0, 2, 255]) && own == key([192, 0, 2, 1], "WEB.svc.local", "SRV"))
        #expect(own != key([192, 0, 3, 1]) && own != key([192, 0, 2, 1], "u1.web.svc.local") && own != key([192, 0, 2, 1], type: "ANY"))
        // All names that do not exist, all without data, all errors.
        let missing = key([192, 0, 2, 1], "x.svc.local")
        #expect(missing == key([192, 0, 2, 1], "y.svc.local") && missing != own && missing != key([192, 0, 2, 1], type: "TXT"))
        #expect(key([192, 0, 2, 1], type: "TXT") == key([192, 0, 2, 1], "u1.web.svc.local", "TXT"))
        #expect(key([192, 0, 2, 1], "example.com") == key([192, 0, 2, 1], "example.org"))
    }

    private func key(_ client: [UInt8], type: String) -> UInt64? { key(client, "web.svc.local", type) }

    @Test func `private addresses have accounts of their own, IPv6 networks are /56, loopback has any number`() {
        for (first, second, isShared) in [
            ([10, 0, 0, 1], [10, 0, 0, 2], false), ([172, 31, 0, 1], [172, 31, 0, 2], false), ([172, 32, 0, 1], [172, 32, 0, 2], true),
            ([192, 168, 0, 1], [192, 168, 0, 2], false), ([169, 254, 0, 1], [169, 254, 0, 2], false),
            (Self.ipv6([0x20, 1, 0xD, 0xB8, 0, 0, 0, 1], [1]), Self.ipv6([0x20, 1, 0xD, 0xB8, 0, 0, 0, 2], [1]), true),
            (Self.ipv6([0x20, 1, 0xD, 0xB8, 0, 0, 1], [1]), Self.ipv6([0x20, 1, 0xD, 0xB8, 0, 0, 2], [1]), false),
            (Self.ipv6([0xFD], [1]), Self.ipv6([0xFD], [2]), false), (Self.ipv6([0xFE, 0x80], [1]), Self.ipv6([0xFE, 0x80], [2]), false),
        ] as [([UInt8], [UInt8], Bool)] {
            #expect(key(first) != nil && (key(first) == key(second)) == isShared, "\(first)")
        }
        #expect(key([127, 0, 0, 1]) == nil && key(Self.ipv6([], [1])) == nil)
    }

    @Test func `a response beyond the limit has TC and no records, with a cookie BADCOOKIE, and a valid cookie has any number`() throws {
        let cookie: [UInt8] = [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]
        for (name, opt, code) in [
            ("web.svc.local", [], "NOERROR"), ("x.svc.local", QueryOctets.opt(), "NOERROR"),
            ("web.svc.local", QueryOctets.opt(options: cookie), "BADCOOKIE"),
        ] {
            var responder = TestResponder(seed: 1)
            let query = QueryOctets.query(name, "A", opt: opt)
            _ = responder.response(to: query, over: .udp, from: Self.zones, by: Self.limited)
            #expect(responder.rateKey != nil)
            let octets = responder.cutShort()
            let response = try PacketText(octets)
            #expect(response.code == code && response.flags.contains("tc") == (code == "NOERROR") && response.flags.contains("rd"))
            #expect(response.answer.isEmpty && response.authority.isEmpty && response.questions.count == 1)
            #expect((response.edns != nil) == !opt.isEmpty)
            guard code == "BADCOOKIE" else { continue }
            #expect(octets.count == query.count + 16)
            let again = QueryOctets.query(name, "A", opt: QueryOctets.opt(options: [0, 10, 0, 24] + octets.suffix(24)))
            #expect(try PacketText(responder.response(to: again, over: .udp, from: Self.zones, by: Self.limited)).code == "NOERROR")
            #expect(responder.rateKey == nil)
        }
    }

    @Test func `one in so many is cut short`() {
        var responder = Responder(seed: 1, over: .udp)
        let turns = [0, 1, 2, 10].map { slip in (0..<10_000).count { _ in responder.isTurn(ofOneIn: slip) } }
        #expect(turns[0] == 0 && turns[1] == 10_000 && (4800...5200).contains(turns[2]) && (850...1150).contains(turns[3]))
    }

    /// What a forged query can have sent to somebody else. Printed: the README has the figures.
    @Test func `no UDP answer has more than 31 times the octets of its query, without EDNS no more than 18 times`() {
        var registry = TestRegistry()
        for number in 1...200 { registry.add("a", "u\(number)", .init(host: .ipv4(.init(value: 0x0A00_0000 + UInt32(number))), port: 80)) }
        let zones = registry.zones
        func factor(_ opt: [UInt8]) -> Double {
            ["A", "SRV", "ANY"].map { type in
                let query = QueryOctets.query("a.svc.local", type, opt: opt)
                var responder = TestResponder(seed: 1)
                return Double(responder.response(to: query, over: .udp, from: zones).count) / Double(query.count)
            }.max() ?? 0
        }
        let (with, without) = (factor(QueryOctets.opt(size: 65_535)), factor([]))
        print("amplification: \(with) with EDNS, \(without) without")
        #expect((20...31).contains(with) && (10...18).contains(without))
    }

    // MARK: SipHash

    /// The vectors of the reference implementation: the key is 00 to 0F, the input 00, 01 and so on.
    @Test(arguments: [(0, 0x726F_DB47_DD0E_0E31), (8, 0x93F5_F579_9A93_2462), (15, 0xA129_CA61_49BE_45E5)] as [(Int, UInt64)])
    func `SipHash is as its authors have it`(_ length: Int, _ expected: UInt64) {
        func word(_ octets: Range<Int>) -> UInt64 { octets.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        var hash = SipHash(word(0..<8), word(8..<16))
        if length >= 8 { hash.add(word(0..<8)) }
        #expect(hash.finish(word((length / 8 * 8)..<length), length: length) == expected)
    }
}
