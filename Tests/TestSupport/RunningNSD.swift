import Foundation
import IPAddressing

/// A real NSD with one zone on a free port.
package final class RunningNSD {
    private let folder: URL
    private let program: RunningProgram
    /// Where it answers.
    package let endpoint: SocketEndpoint

    /// Starts it with a master file and waits until it serves.
    package convenience init(origin: String, _ zone: String) async throws {
        try await self.init(port: ClientSocket.freePort(), zone, origins: [origin], ["zone:", "  name: \(origin)", "  zonefile: zone"])
    }

    /// Starts it as a secondary, with a key `nsd` of a secret in base 64, and waits until it has the zones.
    package convenience init(secondaryOf origins: [String], at primary: SocketEndpoint, port: UInt16, secret: String) async throws {
        let key = ["key:", "  name: nsd", "  algorithm: hmac-sha256", "  secret: \"\(secret)\""]
        let place = "\(primary.address.text)@\(primary.port) nsd"
        let zones = origins.enumerated().flatMap { index, origin in
            [
                "zone:", "  name: \(origin)", "  zonefile: zone-\(index)", "  request-xfr: \(place)",
                "  allow-notify: \(primary.address.text) nsd",
            ]
        }
        try await self.init(port: port, "", origins: origins, key + zones)
    }

    /// Starts it with further lines of settings, and a file named `zone`.
    private init(port: UInt16, _ zone: String, origins: [String], _ further: [String]) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "zoodns-nsd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
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

            """
        try (settings + further.joined(separator: "\n") + "\n").write(
            to: folder.appending(path: "nsd.conf"), atomically: true, encoding: .utf8)
        self.folder = folder
        endpoint = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: port)
        program = try RunningProgram(URL(filePath: "/usr/sbin/nsd"), ["-d", "-c", folder.appending(path: "nsd.conf").path])
        try await waitUntil("NSD serves") { origins.allSatisfy { (try? self.ask($0, "SOA", isStream: true))?.code == "NOERROR" } }
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Asks it a question with an OPT record.
    package func ask(_ name: String, _ type: String, isStream: Bool) throws -> PacketText {
        let client = try ClientSocket(endpoint, isStream: isStream)
        try client.send(QueryOctets.query(name, type, opt: QueryOctets.opt()))
        return try PacketText(client.receive())
    }
}
