import Foundation
import IPAddressing

/// A real NSD with one zone on a free port.
package final class RunningNSD {
    private let folder: URL
    private let program: RunningProgram
    /// Where it answers.
    package let endpoint: SocketEndpoint

    /// Starts it with a master file and waits until it serves.
    package init(origin: String, _ zone: String) async throws {
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
              name: \(origin)
              zonefile: zone
            """
        try settings.write(to: folder.appending(path: "nsd.conf"), atomically: true, encoding: .utf8)
        self.folder = folder
        endpoint = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: port)
        program = try RunningProgram(URL(filePath: "/usr/sbin/nsd"), ["-d", "-c", folder.appending(path: "nsd.conf").path])
        try await waitUntil("NSD serves") { (try? self.ask(origin, "SOA", isStream: true))?.code == "NOERROR" }
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
