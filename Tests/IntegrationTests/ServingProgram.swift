import Foundation
import IPAddressing
import TestSupport

/// `zoodns serve` on a free port, asked over UDP.
struct ServingProgram {
    let program: RunningProgram
    let endpoint: SocketEndpoint

    init(zooKeeper: String, _ options: [String] = [], environment: [String: String] = [:]) async throws {
        let program = try RunningProgram(
            RunningProgram.zoodns, ["serve", "--zookeeper", zooKeeper, "--listen", "127.0.0.1:0", "--session-timeout", "4s"] + options,
            environment: environment)
        try await waitUntil("the server listens") { program.output.hasSuffix(" udp tcp\n") }
        self.program = program
        endpoint =
            SocketEndpoint(String(program.output.split(separator: " ")[1])) ?? SocketEndpoint(address: .v4(IPv4Address(value: 0)), port: 0)
    }

    func ask(_ name: String, _ type: String, opt: [UInt8] = QueryOctets.opt(), isStream: Bool = false) throws -> PacketText {
        let client = try ClientSocket(endpoint, isStream: isStream)
        try client.send(QueryOctets.query(name, type, opt: opt))
        return try PacketText(client.receive())
    }

    /// What `dig +short` prints, sorted.
    func dig(_ arguments: String...) async throws -> [String] {
        let result = try await RunningProgram.run(
            URL(filePath: "/usr/bin/dig"), ["+short", "+tries=1", "+time=5", "@127.0.0.1", "-p", String(endpoint.port)] + arguments)
        return result.output.split(separator: "\n").map(String.init).sorted()
    }
}
