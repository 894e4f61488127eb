import DNSAuthority
import IPAddressing
import Testing

@testable import HostResolution

@Suite struct HostLookupTests {
    private static let address = IPAddress.v4(IPv4Address(value: 1))
    private static let found = Reply.answered(.addresses([address], ttl: 5))
    private static let no = Reply.negative(ttl: 7)
    private let server = SocketEndpoint(address: address, port: 53)
    private let other = SocketEndpoint(address: address, port: 54)

    /// Goes through a look-up of `h` in a.test and b.test, `replies` saying what each name gets in both families, or in IPv4 alone where two
    /// are given; the names asked for, and the outcomes.
    private func run(
        _ names: [String], servers: [SocketEndpoint]? = nil, _ replies: [String: [Reply]]
    ) throws -> (asked: [String], ipv4: Outcome?, ipv6: Outcome?) {
        let candidates = try names.map { Candidate(name: try #require(DomainName(text: $0)), isWhole: $0 == "h" || $0 == "h.x") }
        var lookup = HostLookup(candidates, servers: servers ?? [server], attempts: 1)
        var questions = lookup.begin()
        var asked: [String] = []
        var outcomes: [Family: Outcome] = [:]
        while let question = questions.first {
            questions.removeFirst()
            let name = String(question.name.text.dropLast())
            if question.family == .ipv4 { asked.append(name) }
            let known = replies[name] ?? [Self.no]
            questions += lookup.take(question.family == .ipv4 ? known[0] : known[known.count - 1], question.family)
            for (family, outcome) in lookup.takeSettled() { outcomes[family] = outcome }
        }
        #expect(lookup.isOver)
        return (asked, outcomes[.ipv4], outcomes[.ipv6])
    }

    private static let cases: [(names: [String], replies: [String: [Reply]], asked: [String], ipv4: Outcome)] = [
        (["h.a", "h.b", "h"], ["h.a": [found]], ["h.a"], .addresses([address], ttl: 5)),
        (["h.a", "h.b", "h"], ["h": [found]], ["h.a", "h.b", "h"], .addresses([address], ttl: 5)),
        (["h.a", "h.b", "h"], [:], ["h.a", "h.b", "h"], .none(ttl: 7, isCertain: true)),
        // SERVFAIL: the next search domain may have other name servers, but nothing is certain then.
        (["h.a", "h.b", "h"], ["h.a": [.failed(.serverFailure)]], ["h.a", "h.b", "h"], .failed),
        (["h.a", "h.b", "h"], ["h.a": [.failed(.serverFailure)], "h.b": [found]], ["h.a", "h.b"], .addresses([address], ttl: 5)),
        // Silence, REFUSED: only the name itself is left.
        (["h.a", "h.b", "h"], ["h.a": [.failed(.silent)]], ["h.a", "h"], .failed),
        (["h.a", "h.b", "h"], ["h.a": [.failed(.rejected)], "h": [found]], ["h.a", "h"], .addresses([address], ttl: 5)),
        // No server there: all ends.
        (["h.a", "h.b", "h"], ["h.a": [.failed(.unreachable)], "h": [found]], ["h.a"], .failed),
        // The name itself first: what it gives counts, whatever the search domains do.
        (["h.x", "h.x.a", "h.x.b"], ["h.x.a": [.failed(.silent)]], ["h.x", "h.x.a"], .none(ttl: 7, isCertain: false)),
        (["h.x", "h.x.a", "h.x.b"], ["h.x": [.failed(.silent)]], ["h.x", "h.x.a", "h.x.b"], .failed),
        (
            ["h.x", "h.x.a", "h.x.b"], ["h.x": [.failed(.silent)], "h.x.b": [found]], ["h.x", "h.x.a", "h.x.b"],
            .addresses([address], ttl: 5)
        ),
        // An answer from this server itself ends the search.
        (["h.a", "h.b", "h"], ["h.a": [.answered(.failed)], "h.b": [found]], ["h.a"], .failed),
    ]

    @Test(arguments: cases.indices)
    func `names are gone through as res_search does`(_ index: Int) throws {
        let (names, replies, asked, ipv4) = Self.cases[index]
        let result = try run(names, replies)
        #expect(result.asked == asked)
        #expect(result.ipv4 == ipv4)
    }

    @Test func `addresses of two names are not mixed`() throws {
        let result = try run(["h.a", "h.b"], ["h.a": [Self.found, Self.no], "h.b": [Self.no, Self.found]])
        #expect(result.ipv4 == .addresses([Self.address], ttl: 5))
        #expect(result.ipv6 == Outcome.none(ttl: 7, isCertain: true))
    }

    @Test(arguments: [true, false])
    func `the family that is known does not wait for the other, which may be given up`(_ insists: Bool) throws {
        let candidate = Candidate(name: try #require(DomainName(text: "h")), isWhole: true)
        var lookup = HostLookup([candidate], servers: [server, other], attempts: 1, insists: insists)
        #expect(lookup.begin().count == 2)
        _ = lookup.take(Self.found, .ipv4)
        #expect(lookup.takeSettled().map(\.0) == [.ipv4])
        // A lost packet is no reason to do without a family.
        #expect(lookup.take(.failed(.silent), .ipv6).map(\.server) == (insists ? [other] : []))
        if insists { _ = lookup.take(.failed(.silent), .ipv6) }
        #expect(lookup.takeSettled().map(\.1) == [.failed])
        #expect(lookup.isOver)
    }

    @Test func `each name server is asked as often as it may be`() throws {
        var lookup = HostLookup(
            [Candidate(name: try #require(DomainName(text: "h")), isWhole: true)], servers: [server, other], attempts: 2,
            families: [.ipv4])
        var asked = lookup.begin()
        for failure in [Reply.Failure.silent, .rejected, .unreachable] { asked += lookup.take(.failed(failure), .ipv4) }
        #expect(asked.map(\.server) == [server, other, server, other])
        #expect(asked.map(\.attempt) == [0, 0, 1, 1])
        #expect(lookup.take(.failed(.silent), .ipv4) == [])
        #expect(lookup.isOver)
    }

    @Test func `without a name server, or a name, nothing is known`() throws {
        for (names, servers) in [(["h"], []), ([], [server])] {
            let result = try run(names, servers: servers, [:])
            #expect(result.asked == [])
        }
    }
}
