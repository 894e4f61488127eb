import Foundation
import IPAddressing
import Synchronization
import TestSupport
import Testing

/// `zoodns wait` against name servers that do what a test says.
@Suite struct WaitTests {
    /// An SRV record's data for port 8080 of a target.
    private static func location(_ target: String) -> [UInt8] { [0, 0, 0, 1, 0x1F, 0x90] + QueryOctets.name(target) }

    private func wait(_ words: String...) async throws -> (output: String, errors: String, exitCode: Int32) {
        try await RunningProgram.run(RunningProgram.zoodns, ["wait", "web"] + words)
    }

    @Test func `it ends once all servers have the provider, asked for its address where they leave it out`() async throws {
        let isThere = Mutex(false)
        func server(_ hasIt: @escaping @Sendable () -> Bool) throws -> FakeNameServer {
            try FakeNameServer { asked in
                if asked.type == 33, asked.name == "web.svc.local." { return .records(hasIt() ? [Self.location("one.web.svc.local")] : []) }
                return asked.name == "one.web.svc.local." && asked.type == 1 ? .records([[10, 0, 0, 7]]) : .records([], code: 3)
            }
        }
        let (first, second) = (try server { true }, try server { isThere.withLock { $0 } })
        defer { for server in [first, second] { server.stop() } }
        let servers = "\(first.endpoint.text),\(second.endpoint.text)"
        let program = try RunningProgram(
            RunningProgram.zoodns, ["wait", "web", "--servers", servers, "--present", "10.0.0.7:8080", "--absent", "10.0.0.8:8080"])
        try await waitUntil("the second server is asked again") { second.asked.count > 2 }
        #expect(program.isRunning)
        isThere.withLock { $0 = true }
        #expect(try await program.exitCode() == 0, "\(program.errors)")
        #expect(program.errors + program.output == "")
    }

    @Test func `at the timeout it names each server that does not answer so`() async throws {
        let (silent, other) = (try FakeNameServer { _ in .silence }, try FakeNameServer { _ in .records([Self.location("a.example")]) })
        let failing = try FakeNameServer { _ in .records([], code: 2) }
        defer { for server in [silent, other, failing] { server.stop() } }
        let closed = try ClientSocket.freePort()
        let servers = [silent.endpoint.text, other.endpoint.text, failing.endpoint.text, "127.0.0.1:\(closed)"]
        let result = try await wait("--servers", servers.joined(separator: ","), "--present", "b.example:8080", "--timeout", "100ms")
        #expect(result.exitCode == 1)
        #expect(
            result.errors.split(separator: "\n") == [
                "zoodns: \(servers[0]): no answer", "zoodns: \(servers[1]): b.example:8080 is missing; there: a.example:8080",
                "zoodns: \(servers[2]): SERVFAIL", "zoodns: \(servers[3]): no answer: Connection refused",
            ])
        let json = try await wait("--servers", other.endpoint.text, "--json")
        #expect(json.output == #"[{"server":"\#(other.endpoint.text)"}]"# + "\n")
        #expect(json.exitCode == 0)
    }

    @Test func `what makes no sense is said at once`() async throws {
        let result = try await wait(
            "--servers", "127.0.0.1:1,x", "--present", "10.0.0.7", "--absent", "a:1", "--present", "a:1", "--serial", "4294967296",
            "--timeout", "x"
        )
        #expect(result.exitCode == 64)
        #expect(result.errors.split(separator: "\n").count == 5, "\(result.errors)")
    }
}
