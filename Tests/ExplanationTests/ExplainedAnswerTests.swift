import DNSAuthority
import IPAddressing
import ProviderRegistry
import TestSupport
import Testing
import ZoneCompilation

@testable import ZooKeeperClient
@testable import Explanation

@Suite struct ExplainedAnswerTests {
    /// Ten minutes after every znode's creation.
    private static let now: Int64 = 1_600_000

    private func znode(
        _ service: ServiceName, _ instance: InstanceName, zxid: Int64, owner: Int64 = 0x1000, _ document: String
    ) -> ProviderZnode {
        var stat = ZnodeStat(creationZxid: zxid, modificationZxid: zxid)
        stat.ephemeralOwner = owner
        stat.creationTime = 1_000_000
        return ProviderZnode(service, instance, .success(ZnodeContent(octets: Array(document.utf8), stat: stat)))
    }

    private func explain(
        _ name: String, _ services: [ServiceName: RegistryExcerpt.Listing]?, hosts: [String: HostAddresses] = [:]
    ) throws -> ExplainedAnswer {
        let source = ZoneSource(
            origin: try #require(DomainName(text: "svc.local")), layout: RegistryLayout(root: "/providers"))
        var excerpt = RegistryExcerpt(source, services: services.map { Array($0.keys) })
        for (name, listing) in services ?? [:] { excerpt.set(name, to: listing) }
        var compiler = ZoneCompiler(origins: [source.origin], policy: TestRegistry.policy, seed: 1)
        compiler.replace(with: excerpt.registry, for: source.origin)
        _ = compiler.compile { _ in 1 }
        compiler.resolve(hosts)
        return ExplainedAnswer(try #require(ExplainedName.read(name, [source]).first), excerpt, ZoneSnapshot(compiler), now: Self.now)
    }

    @Test func `a service is explained by its znodes, hosts and answer`() throws {
        let znodes = [
            znode("second", "new", zxid: 3, #"{"host":"10.0.0.1","port":9001}"#),
            znode("second", "old", zxid: 1, #"{"host":"10.0.0.1","port":9001,"weight":-1}"#),
            znode("second", "bad", zxid: 2, owner: 0, #"{"host":"x"}"#),
            znode("second", "db", zxid: 4, #"{"host":"db.example","port":1,"weight":5,"priority":2}"#),
            znode("second", "lost", zxid: 5, #"{"host":"lost.example","port":1}"#),
            ProviderZnode("second", "gone", .failure(.noNode)), ProviderZnode("second", "hidden", .failure(.other(-102))),
        ]
        let host = HostAddresses(ipv4: .known([IPv4Address(value: 0xC000_0201)]), ipv6: .known([]))
        let explanation = try explain("second", ["second": .read(znodes)], hosts: ["db.example": host])
        #expect(explanation.failure == nil)
        #expect(
            explanation.text == """
                second.svc.local: service second of zone svc.local, znode /providers/second
                  /providers/second/old      session 0x1000   10 min old   43 octets   10.0.0.1:9001, \
                weight is no number from 0 to 65535
                  /providers/second/bad      persistent       10 min old   12 octets   \
                refused: no port, or not an integer from 1 to 65535: {"host":"x"}
                  /providers/second/new      session 0x1000   10 min old   31 octets   10.0.0.1:9001, \
                merged into old (same host and port, older znode)
                  /providers/second/db       session 0x1000   10 min old   54 octets   db.example:1, priority 2, weight 5
                  /providers/second/lost     session 0x1000   10 min old   32 octets   lost.example:1
                  /providers/second/gone     vanished while this was read
                  /providers/second/hidden   cannot be read: not authenticated
                hosts
                  db.example     192.0.2.1
                  lost.example   cannot be resolved now
                answer (NOERROR)
                  second.svc.local. 5 IN A 192.0.2.1
                  second.svc.local. 5 IN A 10.0.0.1
                  AAAA: SERVFAIL, no host of it can be resolved now
                  second.svc.local. 5 IN SRV 0 1 1 lost.example.
                  second.svc.local. 5 IN SRV 2 5 1 db.example.
                  second.svc.local. 5 IN SRV 0 1 9001 old.second.svc.local.

                """)
    }

    @Test(arguments: [
        "::1", "::", "2001:db8::1", "2001:db8::1:0:0:1", "2001:db8:0:1:1:1:1:1", "2001:db8:1:1:1:1:1:0", "1::", "::ffff:10.0.0.1",
        "fe80::a:b:c:d", "1:0:0:2::3",
    ])
    func `IPv6 addresses are printed as RFC 5952 has them`(_ address: String) throws {
        let host = HostAddresses(ipv4: .known([]), ipv6: .known([try #require(IPv6Address(address))]))
        let services: [ServiceName: RegistryExcerpt.Listing] = [
            "a": .read([znode("a", "one", zxid: 1, #"{"host":"db.example","port":1}"#)])
        ]
        let lines = try explain("a", services, hosts: ["db.example": host]).text.split(separator: "\n")
        #expect(lines.contains("  a.svc.local. 5 IN AAAA \(address)"))
        #expect(lines.contains("  db.example   \(address)"))
    }

    @Test func `names that differ in case share a name, and their twins are merged`() throws {
        let explanation = try explain(
            "SECOND.svc.local.",
            [
                "second": .read([znode("second", "a", zxid: 2, #"{"host":"10.0.0.1","port":1}"#)]),
                "Second": .read([znode("Second", "a", zxid: 1, #"{"host":"10.0.0.1","port":1}"#)]),
            ])
        let lines = explanation.text.split(separator: "\n")
        #expect(lines[0].hasSuffix("services Second and second of zone svc.local, znodes /providers/Second and /providers/second"))
        #expect(lines[1].hasSuffix("10.0.0.1:1"))
        #expect(lines[2].contains("merged into a "))
        #expect(
            lines[3...] == [
                "answer (NOERROR)", "  second.svc.local. 5 IN A 10.0.0.1", "  AAAA: NODATA",
                "  second.svc.local. 5 IN SRV 0 1 1 a.second.svc.local.",
            ])
    }

    @Test func `of twins the one that is up stands for an older one that is draining`() throws {
        let explanation = try explain(
            "web",
            [
                "web": .read([
                    znode("web", "old", zxid: 1, #"{"host":"10.0.0.1","port":1,"status":"draining"}"#),
                    znode("web", "new", zxid: 2, #"{"host":"10.0.0.1","port":1}"#),
                ])
            ])
        #expect(explanation.text.contains("merged into new (same host and port, its status goes first)\n"))
        #expect(explanation.text.contains("  web.svc.local. 5 IN SRV 0 1 1 new.web.svc.local.\n"))
    }

    @Test func `an instance is explained by its own znode, and by why it has no name`() throws {
        let services: [ServiceName: RegistryExcerpt.Listing] = [
            "second": .read([
                znode("second", "One", zxid: 1, #"{"host":"10.0.0.1","port":1}"#),
                znode("second", "twin", zxid: 2, #"{"host":"10.0.0.1","port":1}"#), znode("second", "bad", zxid: 3, "{}"),
            ])
        ]
        let one = try explain("one.second.svc.local", services)
        #expect(one.failure == nil)
        #expect(one.text.hasPrefix("one.second.svc.local: instance of service second "))
        #expect(one.text.contains("/providers/second/One "))
        #expect(!one.text.contains("twin"))
        #expect(one.text.contains("  one.second.svc.local. 5 IN A 10.0.0.1\n"))
        for (name, reason) in [
            ("twin", "/providers/second/twin is merged into One"), ("bad", "/providers/second/bad is refused"),
            ("x", "none of the 3 znodes of service second has this name"),
        ] {
            let explanation = try explain("\(name).second", services)
            #expect(explanation.failure == "\(name).second.svc.local does not exist (NXDOMAIN): \(reason)")
            #expect(explanation.text.isEmpty == (name == "x"))
        }
    }

    @Test func `a service name of RFC 2782 has the service's znodes, and no addresses`() throws {
        let services: [ServiceName: RegistryExcerpt.Listing] = [
            "a.b": .read([znode("a.b", "one", zxid: 1, #"{"host":"10.0.0.1","port":1}"#)])
        ]
        let explanation = try explain("_a.b._udp.svc.local", services)
        #expect(explanation.text.hasPrefix("_a.b._udp.svc.local: service name (RFC 2782) of service a.b "))
        #expect(explanation.text.hasSuffix("  A: NODATA\n  AAAA: NODATA\n  _a.b._udp.svc.local. 5 IN SRV 0 1 1 one.a.b.svc.local.\n"))
    }

    @Test(arguments: [
        ("empty", "answer (NODATA): service empty without znodes"),
        ("refused", "answer (NODATA): service refused without a usable provider"),
        ("hidden", "answer (SERVFAIL): service hidden cannot be listed"),
        ("x.hidden", "answer (SERVFAIL): service hidden cannot be listed"),
        ("svc.local", "answer (NODATA): the zone's origin has SOA and NS alone"),
        ("b", "answer (NODATA): nothing stands at this name, only below it"),
    ])
    func `a name without records says why`(_ name: String, _ answer: String) throws {
        let explanation = try explain(
            name,
            [
                "empty": .read([]), "refused": .read([znode("refused", "x", zxid: 1, "")]), "hidden": .failed(.other(-102)), "a.b": .unread,
            ])
        #expect(explanation.failure == nil)
        #expect(explanation.text.hasSuffix("\n\(answer)\n"))
    }

    @Test(arguments: [
        ("_x._tcp.web", "no provider of service web has a port of this name"),
        ("_x.one.web", "no provider of service web has a port of this name with a host of its own"),
        ("x.pin._zone.web", "no provider of service web says in which part of the network it is"),
        ("1.version._tag.web", "no provider of service web has this tag"),
        ("_one.gone", "service gone vanished while it was read"),
        ("_udp.web", "no such service, service name or instance below /providers"),
        ("_x._zone.web", "no such service, service name or instance below /providers"),
    ])
    func `a name below a service that does not exist says what is missing`(_ name: String, _ reason: String) throws {
        let explanation = try explain(
            name, ["web": .read([znode("web", "one", zxid: 1, #"{"host":"10.0.0.1","port":1}"#)]), "gone": .failed(.noNode)])
        #expect(explanation.failure == "\(name).svc.local does not exist (NXDOMAIN): \(reason)")
    }

    @Test func `a name between a service and its ports is no instance, unless there is one`() throws {
        func explanation(_ instance: InstanceName) throws -> ExplainedAnswer {
            let document = #"{"host":"10.0.0.1","ports":{"http":80}}"#
            return try explain("_tcp.web", ["web": .read([znode("web", instance, zxid: 1, document)])])
        }
        #expect(
            try explanation("one").text == """
                _tcp.web.svc.local: in zone svc.local, not from a znode
                answer (NODATA): nothing stands at this name, only below it

                """)
        #expect(try explanation("_tcp").text.hasPrefix("_tcp.web.svc.local: instance of service web "))
    }

    @Test func `a port that only draining providers have says so`() throws {
        let document = #"{"host":"10.0.0.1","ports":{"http":80},"status":"draining"}"#
        let explanation = try explain("_http._tcp.web", ["web": .read([znode("web", "one", zxid: 1, document)])])
        #expect(explanation.text.hasSuffix("\nanswer (NODATA): service web has only draining providers with this named port\n"))
    }

    @Test func `what does not exist is one sentence`() throws {
        #expect(try explain("x", nil).failure == "x.svc.local does not exist (NXDOMAIN): /providers does not exist")
        #expect(try explain("x", [:]).failure == "x.svc.local does not exist (NXDOMAIN): no such service below /providers")
        #expect(
            try explain("x", ["x": .failed(.noNode)]).failure
                == "x.svc.local does not exist (NXDOMAIN): service x vanished while it was read")
        #expect(try explain("x", [:]).text == "")
    }

    @Test func `a terminal obeys nothing that others have written`() throws {
        let explanation = try explain(
            "é", ["é": .read([znode("é", "\u{1B}[31m\u{202E}", zxid: 1, "\u{1B}]0;x\u{7}")]), "other": .unread])
        #expect(explanation.text.unicodeScalars.allSatisfy { $0 == "\n" || 32...126 ~= $0.value })
        #expect(explanation.text.contains(#""/providers/\u{00E9}/\u{1B}[31m\u{202E}""#))
        #expect(explanation.text.contains(#"refused: not a JSON object: \x1b]0;x\x07"#))
    }
}
