import Foundation
import IPAddressing
import TestSupport
import Testing

/// The same questions to zoodns and to a real NSD that has loaded `zoodns zone`.
///
/// Compared: code, AA, answers; for negative responses the authority section. Tolerated:
/// - authority of positive responses and additional data: NSD adds the zone's NS and knows fewer addresses (both optional, RFC 2181 §9);
/// - truncated responses beyond TC: NSD sends no records beside it, we send what fits (RFC 2181 §9 leaves the choice);
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
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--nameserver-address", "192.0.2.53"])
        try await waitUntil("everything is served") { try server.ask("end.svc.local", "A").answer.count == 1 }
        let zone = try await RunningProgram.run(
            RunningProgram.zoodns, ["zone", "--zookeeper", zooKeeper.address, "--nameserver-address", "192.0.2.53"])
        #expect(zone.errors.split(separator: "\n").filter { $0.hasPrefix("zoodns:") } == [])
        let nsd = try await RunningNSD(zone.output)

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
                let isStream = type == "ANY"
                let ours = try server.ask(name, type, isStream: isStream)
                let theirs = try nsd.ask(name, type, isStream: isStream)
                count += 1
                #expect(ours.code == theirs.code, "\(name) \(type)")
                #expect(ours.flags == theirs.flags, "\(name) \(type)")
                guard !ours.flags.contains("tc") else { continue }
                if type == "ANY" {
                    #expect(Set(Self.plain(theirs.answer)).isSubset(of: Self.plain(ours.answer)), "\(name)")
                } else {
                    #expect(Self.plain(ours.answer) == Self.plain(theirs.answer), "\(name) \(type)")
                }
                if ours.answer.isEmpty { #expect(Self.plain(ours.authority) == Self.plain(theirs.authority), "\(name) \(type)") }
            }
        }
        #expect(count > 2000)
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

/// A real NSD with one zone on a free port.
private final class RunningNSD {
    private let folder: URL
    private let program: RunningProgram
    private let endpoint: SocketEndpoint

    init(_ zone: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "zoodns-nsd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let port = try ClientSocket.freePort()
        try zone.write(to: folder.appending(path: "zone"), atomically: true, encoding: .utf8)
        let settings = """
            server:
              ip-address: 127.0.0.1@\(port)
              username: ""
              server-count: 1
              zonesdir: "\(folder.path)"
              pidfile: "\(folder.path)/pid"
              xfrdfile: "\(folder.path)/xfrd"
              zonelistfile: "\(folder.path)/list"
              xfrdir: "\(folder.path)"
              database: ""
              refuse-any: no
              rrl-ratelimit: 0
              ipv4-edns-size: 1232
            remote-control:
              control-enable: no
            zone:
              name: svc.local
              zonefile: zone
            """
        try settings.write(to: folder.appending(path: "nsd.conf"), atomically: true, encoding: .utf8)
        self.folder = folder
        endpoint = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: port)
        program = try RunningProgram(URL(filePath: "/usr/sbin/nsd"), ["-d", "-c", folder.appending(path: "nsd.conf").path])
        try await waitUntil("NSD serves") { (try? self.ask("svc.local", "SOA", isStream: true))?.code == "NOERROR" }
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    func ask(_ name: String, _ type: String, isStream: Bool) throws -> PacketText {
        let client = try ClientSocket(endpoint, isStream: isStream)
        try client.send(QueryOctets.query(name, type, opt: QueryOctets.opt()))
        return try PacketText(client.receive())
    }
}
