import DNSAuthority
import IPAddressing
import Testing

@testable import HostResolution

@Suite struct ResolverConfigurationTests {
    private func names(_ host: String, _ text: String, localDomain: String? = nil, options: String? = nil) -> [String] {
        ResolverConfiguration(text, localDomain: localDomain, options: options, hostName: "me.own.test").candidates(for: host).map(
            \.name.text)
    }

    @Test(arguments: [
        ("search a.test b.test", "h", ["h.a.test.", "h.b.test.", "h."]),
        ("search a.test b.test", "h.x", ["h.x.", "h.x.a.test.", "h.x.b.test."]),
        ("search a.test\noptions ndots:2", "h.x", ["h.x.a.test.", "h.x."]),
        ("search a.test\noptions ndots:2", "h.x.y", ["h.x.y.", "h.x.y.a.test."]),
        ("search a.test\noptions ndots:0", "h", ["h.", "h.a.test."]),
        (
            "search a.test\noptions ndots:99", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p",
            ["a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.", "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.a.test."]
        ),
        // Without a list, the machine's own domain is searched.
        ("", "h", ["h.own.test.", "h."]),
        ("domain d.test", "h", ["h.d.test.", "h."]),
        // The last of them counts.
        ("search a.test\ndomain d.test e.test", "h", ["h.d.test.", "h."]),
        ("domain d.test\nsearch a.test", "h", ["h.a.test.", "h."]),
        ("search a.test\nsearch b.test", "h", ["h.b.test.", "h."]),
        ("search a.test\nsearch  \t", "h", ["h.a.test.", "h."]),
        ("search .", "h", ["h."]),
        ("search a.test .", "h", ["h.a.test.", "h."]),
        ("search a.test\noptions no-tld-query", "h", ["h.a.test."]),
        ("search a.test\noptions no-tld-query", "h.x", ["h.x.", "h.x.a.test."]),
        // Keywords stand at the very start of a line, with a blank behind them; comments too.
        (" search a.test\nsearching b.test\n#search c.test\n;search d.test", "h", ["h.own.test.", "h."]),
        ("search\ta.test\tb.test", "h", ["h.a.test.", "h.b.test.", "h."]),
        ("search a.test. A.B.TEST", "h", ["h.a.test.", "h.a.b.test.", "h."]),
    ])
    func `names are searched for as glibc does`(_ text: String, _ host: String, _ expected: [String]) {
        #expect(names(host, text) == expected)
    }

    @Test func `the environment wins`() {
        #expect(names("h", "search a.test", localDomain: "l.test m.test") == ["h.l.test.", "h.m.test.", "h."])
        #expect(names("h.x", "search a.test\noptions ndots:1", options: "ndots:3") == ["h.x.a.test.", "h.x."])
    }

    @Test(arguments: [
        ("nameserver 192.0.2.1\nnameserver 2001:db8::1", ["192.0.2.1:53", "[2001:db8::1]:53"]),
        ("nameserver 192.0.2.1#x\nnameserver\t192.0.2.2 ; y", ["192.0.2.2:53"]),
        ("nameserver 127.1", ["127.0.0.1:53"]),
        ("", ["127.0.0.1:53"]), ("nameserver nonsense", ["127.0.0.1:53"]),
        (
            "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4",
            ["10.0.0.1:53", "10.0.0.2:53", "10.0.0.3:53"]
        ),
    ])
    func `name servers are read`(_ text: String, _ expected: [String]) {
        #expect(ResolverConfiguration(text).servers.map(\.text) == expected)
    }

    @Test func `numbers keep to glibc's bounds`() {
        let large = ResolverConfiguration("options timeout:999999999999999999999 attempts:77 rotate use-vc no-aaaa ndots:-7")
        #expect(large.timeout == .seconds(30) && large.attempts == 5 && large.ndots == 0)
        #expect(large.rotatesServers && large.usesTCP && large.skipsIPv6)
        let small = ResolverConfiguration("options timeout:0 attempts:x ndots")
        #expect(small.timeout == .seconds(1) && small.attempts == 1 && small.ndots == 1)
    }

    @Test func `too many search domains, and what is none, are left out and counted`() {
        let text = "search " + (0..<40).map { "d\($0).test" }.joined(separator: " ") + " a..b \(String(repeating: "x", count: 64)) \u{E9}"
        let configuration = ResolverConfiguration(text)
        #expect(configuration.search.count == ResolverConfiguration.mostDomains)
        #expect(configuration.domainsLeftOut == 43 - ResolverConfiguration.mostDomains)
    }
}
