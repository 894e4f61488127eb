import DNSAuthority
import TestSupport
import Testing

/// Cookies, with the server cookies of RFC 9018.
@Suite struct RFC7873Tests {
    /// A server with these keys, and what it answers.
    private struct Server {
        let policy: QueryPolicy
        var responder = TestResponder(seed: 1)
        var client: [UInt8] = [198, 51, 100, 100]
        var transport = Transport.udp

        init(_ secrets: String...) {
            var guards = QueryGuards()
            guards.cookieSecrets = secrets.compactMap { CookieSecret($0) }
            policy = QueryPolicy(guards: guards)
        }

        mutating func octets(_ query: [UInt8]) -> [UInt8] {
            responder.response(to: query, over: transport, of: client, from: Ask.zones, by: policy)
        }

        mutating func response(_ query: [UInt8]) throws -> PacketText { try PacketText(octets(query)) }

        /// The server cookie in the answer to a query with a cookie, as digits.
        mutating func cookie(_ cookie: String, at seconds: UInt32) -> String {
            responder.seconds = seconds
            return RFC7873Tests.hexadecimal(octets(RFC7873Tests.query(cookie)).suffix(16))
        }
    }

    private static let secret = "e5e973e5a6b2a43f48e7dc849e37bfcf"

    private static func octets(_ digits: String) -> [UInt8] {
        let digits = digits.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static func hexadecimal(_ octets: some Sequence<UInt8>) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func option(_ cookie: [UInt8]) -> [UInt8] { QueryOctets.number(10) + QueryOctets.number(cookie.count) + cookie }

    private static func query(_ cookie: String, name: String = "second.svc.local", type: String = "A") -> [UInt8] {
        QueryOctets.query(name, type, opt: QueryOctets.opt(options: option(octets(cookie))))
    }

    @Test(arguments: Array(0..<8) + [9, 15, 41], [UInt8(0), 2, 4, 5])
    func `an option that is too short is never echoed, whatever the opcode: what stands behind it may be another client's`(
        _ length: Int, _ opcode: UInt8
    ) throws {
        var server = Server(Self.secret)
        let option = Self.option([UInt8](repeating: 0xAB, count: length))
        var query = QueryOctets.query("second.svc.local", "A", opt: QueryOctets.opt(options: option))
        query[2] |= opcode << 3
        let response = server.octets(query)
        // FORMERR or NOTIMP, and an OPT record without options.
        #expect(response[3] & 15 == (opcode == 0 ? 1 : 4))
        #expect(response.suffix(11) == [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0])
    }

    @Test(arguments: [
        ("198.51.100.100", "2464c4abcf10c957", 1_559_731_985, "010000005cf79f111f8130c3eee29480"),
        ("198.51.100.100", "2464c4abcf10c957010000005cf79f111f8130c3eee29480", 1_559_734_385, "010000005cf7a871d4a564a1442aca77"),
        ("203.0.113.203", "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", 1_559_734_700, "010000005cf7a9acf73a7810aca2381e"),
    ])
    func `RFC 9018 A.1 to A.3`(_ client: String, _ cookie: String, _ seconds: UInt32, _ expected: String) {
        var server = Server(Self.secret)
        server.client = client.split(separator: ".").compactMap { UInt8($0) }
        #expect(server.cookie(cookie, at: seconds) == expected)
        // On a socket for both families the same client has a mapped address.
        server.client = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + server.client
        #expect(server.cookie(cookie, at: seconds) == expected)
    }

    @Test func `RFC 9018 A.4 a cookie of a key that was the first is accepted, and replaced`() {
        let (old, new) = ("dd3bdf9344b678b185a6f5cb60fca715", "445536bcd2513298075a5d379663c962")
        let cookie = "22681ab97d52c298010000005cf7c57926556bd0934c72f8"
        var server = Server(new, old)
        server.client = Self.octets("20010db8022000015 9ded0f4876982b8".filter { $0 != " " })
        #expect(server.cookie(cookie, at: 1_559_741_961) == "010000005cf7c609a6bb79d16625507a")
        #expect(server.responder.takeCookieCounts().valid == 1)
    }

    @Test(arguments: [
        (0, true, true), (1800, true, true), (1801, true, false), (3600, true, false), (3601, false, false), (-300, true, true),
        (-301, false, false),
    ])
    func `RFC 9018 §4.3 an old cookie is replaced, an older one and one from the future are worth nothing`(
        _ age: Int, _ isValid: Bool, _ isKept: Bool
    ) {
        // The time comes round between the two.
        for start in [1_559_731_985, UInt32.max - 100] {
            var server = Server(Self.secret)
            let first = server.cookie("2464c4abcf10c957", at: start)
            #expect(server.responder.takeCookieCounts().new == 1)
            let second = server.cookie("2464c4abcf10c957" + first, at: start &+ UInt32(truncatingIfNeeded: age))
            let counts = server.responder.takeCookieCounts()
            #expect((counts.valid == 1) == isValid && (counts.invalid == 1) != isValid)
            #expect((second == first) == (isKept || age == 0))
        }
    }

    @Test func `RFC 9018 §4 a cookie of another client, another version or another length is worth nothing`() {
        var server = Server(Self.secret)
        let good = server.cookie("2464c4abcf10c957", at: 1000)
        _ = server.responder.takeCookieCounts()
        for cookie in [
            "2464c4abcf10c958" + good, "2464c4abcf10c95702" + good.dropFirst(2), "2464c4abcf10c957" + good + "00",
            "2464c4abcf10c957" + good.dropLast(2) + "00", "2464c4abcf10c957" + good.prefix(16),
        ] {
            #expect((server.cookie(cookie, at: 1000) == good) == cookie.hasPrefix("2464c4abcf10c957"))
            #expect(server.responder.takeCookieCounts().invalid == 1, "\(cookie)")
        }
        server.client[3] += 1
        #expect(server.cookie("2464c4abcf10c957" + good, at: 1000) != good)
        #expect(server.responder.takeCookieCounts().invalid == 1)
    }

    @Test(arguments: 0...64) func `§5.2.2 a cookie of an impossible length is FORMERR`(_ length: Int) throws {
        var server = Server(Self.secret)
        let response = try server.response(Self.query(String(repeating: "ab", count: length)))
        #expect(response.code == (length == 8 || (16...40).contains(length) ? "NOERROR" : "FORMERR"))
        #expect(response.edns != nil)
    }

    @Test func `§5.2 of several options the first counts, and every answer has one`() throws {
        var server = Server(Self.secret)
        let options = Self.option([1, 2, 3, 4, 5, 6, 7, 8]) + Self.option([9])
        for (name, code) in [("second.svc.local", "NOERROR"), ("x.svc.local", "NXDOMAIN"), ("example.com", "REFUSED")] {
            for transport in [Transport.udp, .tcp] {
                server.transport = transport
                let octets = server.octets(QueryOctets.query(name, "A", opt: QueryOctets.opt(options: options)))
                #expect(try PacketText(octets).code == code)
                #expect(octets.suffix(28).prefix(12) == [0, 10, 0, 24, 1, 2, 3, 4, 5, 6, 7, 8])
            }
        }
    }

    @Test func `§5.4 a message with a cookie and no question is answered, without a cookie it is FORMERR`() throws {
        var server = Server(Self.secret)
        let cookie = QueryOctets.opt(options: Self.option([1, 2, 3, 4, 5, 6, 7, 8]))
        let octets = server.octets(QueryOctets.header(0, 0, 0, 1) + cookie)
        let response = try PacketText(octets)
        #expect(response.code == "NOERROR" && response.questions.isEmpty && !response.flags.contains("aa"))
        #expect(octets.count == 12 + 11 + 28)
        #expect(try server.response(QueryOctets.header(0, 0, 0, 1) + QueryOctets.opt()).code == "FORMERR")
        #expect(try server.response(QueryOctets.header(0, 0, 0, 1) + cookie + [0]).code == "FORMERR")
        var without = Server()
        #expect(without.octets(QueryOctets.header(0, 0, 0, 1) + cookie).count == 12)
    }

    @Test func `a server without cookies ignores them`() {
        var (server, other) = (Server(), Server())
        let plain = QueryOctets.query("second.svc.local", "A", opt: QueryOctets.opt())
        #expect(server.octets(Self.query("ab")) == other.octets(plain))
    }

    @Test(arguments: [512, 600, 1232]) func `an answer with a cookie keeps to the client's size`(_ size: Int) throws {
        var server = Server(Self.secret)
        let opt = QueryOctets.opt(size: size, options: Self.option([1, 2, 3, 4, 5, 6, 7, 8]))
        for (name, type) in [("large.svc.local", "A"), ("huge.svc.local", "SRV"), ("second.svc.local", "SRV"), ("x.svc.local", "A")] {
            let octets = server.octets(QueryOctets.query(name, type, opt: opt))
            #expect(octets.count <= size)
            #expect(octets.suffix(28).prefix(4) == [0, 10, 0, 24])
            #expect(try PacketText(octets).flags.contains("tc") == ["large.svc.local", "huge.svc.local"].contains(name))
        }
    }
}
