import Foundation
import IPAddressing
import TestSupport

/// `zoodns serve` on a free port, asked over UDP.
struct ServingProgram {
    let program: RunningProgram
    let endpoint: SocketEndpoint
    /// Where the admin endpoint listens; empty for nowhere.
    let admin: String

    init(zooKeeper: String, _ options: [String] = [], environment: [String: String] = [:]) async throws {
        let program = try RunningProgram(
            RunningProgram.zoodns, ["serve", "--zookeeper", zooKeeper, "--listen", "127.0.0.1:0", "--session-timeout", "4s"] + options,
            environment: environment)
        try await waitUntil("the server listens") { program.output.hasSuffix(" udp tcp\n") }
        self.program = program
        let words = program.output.split { $0.isWhitespace }.map(String.init)
        func address(behind word: String) -> String? { words.firstIndex(of: word).map { words[$0 + 1] } }
        endpoint =
            address(behind: "listening").flatMap { SocketEndpoint($0) } ?? SocketEndpoint(address: .v4(IPv4Address(value: 0)), port: 0)
        admin = address(behind: "admin") ?? ""
    }

    /// What the admin endpoint answers at a path: the status and the body.
    func get(_ path: String, _ options: String...) async throws -> (code: String, body: String) {
        let place = admin.contains("/") ? ["--unix-socket", admin, "http://admin\(path)"] : ["http://\(admin)\(path)"]
        let result = try await RunningProgram.run(
            URL(filePath: "/usr/bin/curl"), ["-s", "-m", "20", "-w", "\n%{http_code}"] + options + place)
        let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
        return (String(lines.last ?? ""), lines.dropLast().joined(separator: "\n"))
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
