import TestSupport
import Testing

/// The same questions to zoodns and to a real NSD that has loaded `zoodns zone`.
///
/// Compared: code, AA, answers; for negative responses the authority section. Tolerated:
/// - authority of positive responses and additional data: NSD adds the zone's NS and knows fewer addresses (both optional, RFC 2181 §9);
/// - truncated responses beyond TC: NSD sends no records beside it, we send what fits (RFC 2181 §9 leaves the choice);
/// - where each answer of ours has one of several records, NSD gives all;
/// - a service without providers is not asked for: it exists here, but a master file cannot hold a name without records;
/// - ANY is asked over TCP only, where NSD gives one RRset and we give all (RFC 8482 §4 lets each choose).
@Suite struct NSDTests {
    @Test func `NSD answers the same from the printed zone`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let loaded = try await zooKeeper.python(
            """
            for service in range(60):
                for provider in range(service % 7):
                    register(f's{service}' + ('.sub' if service % 11 == 5 else ''), f'10.0.{service}.{provider}' if provider % 3 else f'2001:db8::{service}:{provider}', 80, False)
            for provider in range(120): register('large', f'10.9.0.{provider}', 80, False)
            client.create('/providers/empty', b'')
            register('End', '10.0.0.1', 1, False)
            """)
        #expect(loaded.errors == "")
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--nameserver-address", "192.0.2.53", "--max-answers", "0"])
        try await waitUntil("everything is served") { try server.ask("end.svc.local", "A").answer.count == 1 }
        let zone = try await RunningProgram.run(
            RunningProgram.zoodns, ["zone", "--zookeeper", zooKeeper.address, "--nameserver-address", "192.0.2.53", "--max-answers", "0"])
        #expect(zone.errors.split(separator: "\n").filter { $0.hasPrefix("zoodns:") } == [])
        let nsd = try await RunningNSD(origin: "svc.local", zone.output)

        let owners = Set(
            zone.output.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }.filter { $0.hasSuffix(".") })
        #expect(owners.count > 300)
        let others = [
            "nothing.svc.local.", "x.s3.svc.local.", "_tcp.svc.local.", "_udp.svc.local.", "dns.svc.local.", "sub.svc.local.",
            "example.com.", "S3.SVC.Local.",
        ]
        var count = 0
        for name in owners.sorted() + others {
            for type in ["A", "AAAA", "SRV", "SOA", "NS", "TXT", "DS", "TYPE65280", "ANY"] {
                let givesOne = name.hasPrefix("_one.")
                let isStream = type == "ANY" || givesOne
                let ours = try server.ask(name, type, isStream: isStream)
                let theirs = try nsd.ask(name, type, isStream: isStream)
                count += 1
                #expect(ours.code == theirs.code, "\(name) \(type)")
                #expect(ours.flags == theirs.flags, "\(name) \(type)")
                guard !ours.flags.contains("tc") else { continue }
                if givesOne {
                    // To ANY it gives one RRset.
                    let types = Self.types(theirs.answer)
                    let comparable = ours.answer.filter { !types.isDisjoint(with: Self.types([$0])) }
                    #expect(Set(Self.plain(comparable)).isSubset(of: Self.plain(theirs.answer)), "\(name)")
                    #expect(comparable.count == types.count, "\(name) \(type)")
                    #expect(type == "ANY" || ours.answer.count == min(theirs.answer.count, 1), "\(name) \(type)")
                } else if type == "ANY" {
                    #expect(Set(Self.plain(theirs.answer)).isSubset(of: Self.plain(ours.answer)), "\(name)")
                } else {
                    #expect(Self.plain(ours.answer) == Self.plain(theirs.answer), "\(name) \(type)")
                }
                if ours.answer.isEmpty { #expect(Self.plain(ours.authority) == Self.plain(theirs.authority), "\(name) \(type)") }
            }
        }
        #expect(count > 2000)
    }

    /// The types of records.
    private static func types(_ records: [String]) -> Set<Substring> {
        Set(records.compactMap { $0.split(separator: " ").dropFirst(2).first })
    }

    /// Lower case, sorted, and without the serial: the zone may have been printed in another second.
    private static func plain(_ records: [String]) -> [String] {
        records.map { record in
            var words = record.lowercased().split(separator: " ").map(String.init)
            if words.count > 5, words[2] == "soa" { words[5] = "*" }
            return words.joined(separator: " ")
        }.sorted()
    }
}
