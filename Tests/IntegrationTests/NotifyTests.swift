import Foundation
import IPAddressing
import TestSupport
import Testing

/// A real NSD that follows a zoodns.
@Suite struct NotifyTests {
    /// A secret of a key, in base 64.
    private static let secret = "c2VjcmV0IG9mIHRoZSBrZXkgb2YgdGhlIHRlc3Rz"

    /// The least settings with which NSD hears of changes and gets them, all of it signed.
    @Test func `NSD hears of changes of zones, and has their names and those of the catalog`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        #expect(try await zooKeeper.python("register('web', '10.0.0.1', 80, False)").errors == "")
        let keys = FileManager.default.temporaryDirectory.appending(path: "zoodns-keys-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: keys) }
        try #"key "nsd" { algorithm hmac-sha256; secret "\#(Self.secret)"; };"#.write(toFile: keys, atomically: true, encoding: .utf8)
        let port = try ClientSocket.freePort()
        let server = try await ServingProgram(
            zooKeeper: zooKeeper.address,
            [
                "--notify", "127.0.0.1:\(port) nsd", "--allow-transfer", "key:nsd", "--tsig-keys", keys, "--reverse", "10.0.0.0/8",
                "--catalog", "zones.catalog", "--admin", "127.0.0.1:0",
            ])
        try await waitUntil("everything is served") { try server.ask("1.0.0.10.in-addr.arpa", "PTR").answer.count == 1 }
        let zones = ["svc.local", "10.in-addr.arpa", "zones.catalog"]
        let nsd = try await RunningNSD(secondaryOf: zones, at: server.endpoint, port: port, secret: Self.secret)
        #expect(try nsd.ask("version.zones.catalog", "TXT", isStream: true).answer.first?.hasSuffix(#" TXT "2""#) == true)
        #expect(try nsd.ask("web.svc.local", "A", isStream: true).answer.count == 1)
        // NSD would ask by itself after the SOA's REFRESH, a minute or more.
        #expect(try await zooKeeper.python("register('web', '10.0.0.2', 80, False)").errors == "")
        try await waitUntil("NSD has the change") {
            try nsd.ask("web.svc.local", "A", isStream: true).answer.count == 2
                && nsd.ask("2.0.0.10.in-addr.arpa", "PTR", isStream: true).answer.count == 1
        }
        let metrics = try await server.get("/metrics").body.split(separator: "\n")
        func count(_ name: String) -> Int { metrics.first { $0.hasPrefix(name + " ") }.flatMap { Int($0.split(separator: " ")[1]) } ?? -1 }
        #expect(count("zoodns_notify_sent_total") >= 5 && count("zoodns_transfers") == 0)
        let denied = try await server.dig("svc.local", "AXFR")
        #expect(!denied.contains { $0.contains("10.0.0.1") })
    }
}
