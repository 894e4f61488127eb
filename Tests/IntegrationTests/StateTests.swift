import Foundation
import TestSupport
import Testing

/// Servers that are started while ZooKeeper is away.
@Suite(.serialized) struct StateTests {
    private final class File {
        let path = FileManager.default.temporaryDirectory.appending(path: "zoodns-test-\(UUID().uuidString)").path

        deinit { try? FileManager.default.removeItem(atPath: path) }

        var octets: Data { (try? Data(contentsOf: URL(filePath: path))) ?? Data() }
    }

    /// A server that nothing but a file can give a registry to.
    private func serve(_ file: File, _ options: [String] = []) async throws -> ServingProgram {
        try await ServingProgram(zooKeeper: "127.0.0.1:1", ["--state", file.path] + options)
    }

    @Test func `the last registry is served, marked stale; a file that is of no use is one warning and changes nothing`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        #expect(try await zooKeeper.python("register('kept', '10.9.8.7', 80, False)").exitCode == 0)
        let file = File()
        let first = try await ServingProgram(zooKeeper: zooKeeper.address, ["--state", file.path])
        try await waitUntil("the service is there") { try first.ask("kept.svc.local", "A").answer.count == 1 }
        // What was kept while it ran is enough for an end without a last word.
        try await waitUntil("the state is kept") { !file.octets.isEmpty }
        first.program.signal(SIGTERM)
        #expect(try await first.program.exitCode() == 0)
        zooKeeper.stop()

        let damaged = File()
        let content = file.octets
        try content.dropLast().write(to: URL(filePath: damaged.path))
        let cases = [
            (damaged, [], "damaged"), (file, ["--max-stale", "1ms"], "older than answers may be stale"),
            (file, ["--zone", "svc.local=/elsewhere"], "of other zones"),
        ]
        var useless: [(server: ServingProgram, reason: String)] = []
        for (file, options, reason) in cases { useless.append((try await serve(file, options), reason)) }
        // The last one to start is the last to serve what was kept.
        let server = try await serve(file)
        #expect(try server.ask("kept.svc.local", "A").code == "SERVFAIL")
        try await waitUntil("what was kept is served") { try server.ask("kept.svc.local", "A").answer.count == 1 }
        #expect(try server.ask("kept.svc.local", "A").edns?["ede"] == 3)
        #expect(try server.ask("other.svc.local", "A").code == "NXDOMAIN")
        for (server, reason) in useless {
            #expect(try server.ask("kept.svc.local", "A").edns?["ede"] == 14)
            #expect(server.program.errors.components(separatedBy: "state file cannot be used").count == 2)
            #expect(server.program.errors.contains(reason))
            server.program.signal(SIGTERM)
            #expect(try await server.program.exitCode() == 0)
        }
        #expect(file.octets == content)
        #expect(damaged.octets == content.dropLast())
    }

    @Test func `a file that is not ours stays as it is, though there is a registry to keep`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        #expect(try await zooKeeper.python("register('kept', '10.9.8.7', 80, False)").exitCode == 0)
        let file = File()
        let content = Data("root:x:0:0\n".utf8)
        try content.write(to: URL(filePath: file.path))
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--state", file.path])
        try await waitUntil("the service is there") { try server.ask("kept.svc.local", "A").answer.count == 1 }
        server.program.signal(SIGTERM)
        #expect(try await server.program.exitCode() == 0)
        #expect(server.program.errors.components(separatedBy: "no state file of zoodns").count == 2)
        #expect(file.octets == content)
    }

    @Test func `where the state cannot be kept there is one warning, and all else goes on`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        #expect(try await zooKeeper.python("register('kept', '10.9.8.7', 80, False)").exitCode == 0)
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--state", "/proc/nowhere/state"])
        try await waitUntil("the service is there") { try server.ask("kept.svc.local", "A").answer.count == 1 }
        try await waitUntil("a warning") { server.program.errors.contains("state cannot be kept") }
        server.program.signal(SIGTERM)
        #expect(try await server.program.exitCode() == 0)
        #expect(server.program.errors.components(separatedBy: "state cannot be kept").count == 2)
    }
}
