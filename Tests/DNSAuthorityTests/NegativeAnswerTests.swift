import DNSAuthority
import TestSupport
import Testing

@Suite struct NegativeAnswerTests {
    private func name(_ text: String) -> DomainName { DomainName(text: text) ?? .root }

    /// Some labels that make up a name of so many octets, the root's included.
    private func labels(octets: Int) -> String {
        var (rest, labels) = (octets - 1, [String]())
        while rest > 0 {
            let length = min(rest - 1, 50)
            labels.append(String(repeating: "x", count: length))
            rest -= length + 1
        }
        return labels.joined(separator: ".")
    }

    /// The response to a question for a name below an origin that has nothing but its SOA.
    private func response(
        to question: String, origin: String, primary: String, mailbox: String, over transport: Transport = .udp
    ) throws -> PacketText {
        var builder = ZoneBuilder(origin: name(origin), seed: 1)
        let soa = StartOfAuthority(
            primary: name(primary), mailbox: name(mailbox), serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5)
        let zones = ServedZones([ServedZone(builder.build(soa, ttl: 60), .current)])
        var responder = TestResponder(seed: 1)
        return try PacketText(responder.response(to: QueryOctets.query(question, "A"), over: transport, from: zones))
    }

    @Test(arguments: [
        ("ns.dns.svc.local", "hostmaster.svc.local"), ("svc.local", "svc.local"), ("ns.example", "admin.svc.local"),
        ("ns.svc.local", "admin.example"), ("ns.example", "admin.asvc.local"), (".", "."),
    ])
    func `MNAME and RNAME may be anywhere`(_ primary: String, _ mailbox: String) throws {
        for question in ["svc.local", "x.svc.local", "X.y.SVC.local"] {
            let response = try response(to: question, origin: "svc.local", primary: primary, mailbox: mailbox)
            #expect(response.code == "NXDOMAIN")
            // The decoder follows the pointers: the letters of the origin are the question's.
            #expect(
                response.authority.map { $0.lowercased() } == [
                    "svc.local. 5 soa \(primary == "." ? "" : primary). \(mailbox == "." ? "" : mailbox). 1 2 3 4 5"
                ])
        }
    }

    @Test func `the root may be the origin`() throws {
        let response = try response(to: "x", origin: ".", primary: "ns.example", mailbox: "admin.example")
        #expect(response.authority == [". 5 SOA ns.example. admin.example. 1 2 3 4 5"])
    }

    @Test func `names of the zone are compressed: the longest question has an answer of at most 512 octets`() throws {
        let question = labels(octets: 255)
        for origin in [question, String(question.drop { $0 != "." }.dropFirst())] {
            let response = try response(to: question, origin: origin, primary: origin, mailbox: origin)
            #expect(response.length <= 512)
            #expect(response.authority.count == 1)
            #expect(!response.flags.contains("tc"))
        }
    }

    @Test func `where names outside the zone are too long for a datagram, TC leads to TCP`() throws {
        let long = labels(octets: 240)
        for transport in [Transport.udp, .tcp] {
            let response = try response(
                to: labels(octets: 200) + ".x", origin: "x", primary: "y." + long, mailbox: "z." + long, over: transport)
            #expect(response.flags.contains("tc") == (transport == .udp))
            #expect(response.authority.count == (transport == .udp ? 0 : 1))
        }
    }
}
