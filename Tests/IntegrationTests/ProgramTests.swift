import Foundation
import TestSupport
import Testing

@Suite struct ProgramTests {
    @Test(arguments: [
        ["--listen", "nowhere"], ["--listen", "224.0.0.1:53"], ["--zone", "a..b=/x"], ["--zone", "a=x"], ["--ttl", "-1"],
        ["--ttl", "2147483648"],
        ["--zookeeper", "a:0"], ["--bogus"],
        ["--hold-down", "1d"], ["--workers", "0"], ["--zone", "a=/x", "--zone", "A=/y"], ["--log-level", "loud"], ["--host-resolver", "a"],
    ])
    func `a wrong option is one line on standard error, and exit code 64`(_ options: [String]) async throws {
        let result = try await RunningProgram.run(RunningProgram.zoodns, ["serve"] + options)
        #expect(result.exitCode == 64)
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.output == "")
    }

    @Test func `all problems are told at once, those of the environment too`() async throws {
        let program = try RunningProgram(RunningProgram.zoodns, ["serve", "--ttl", "x"], environment: ["ZOODNS_HOLD_DOWN": "y"])
        #expect(try await program.exitCode() == 64)
        #expect(program.errors.contains("--ttl"))
        #expect(program.errors.contains("ZOODNS_HOLD_DOWN"))
    }

    @Test func `an address in use is one line, and exit code 1`() async throws {
        let first = try await ServingProgram(zooKeeper: "127.0.0.1:1")
        let second = try await RunningProgram.run(RunningProgram.zoodns, ["serve", "--listen", first.endpoint.text])
        #expect(second.exitCode == 1)
        #expect(second.errors.split(separator: "\n").count == 1)
        #expect(second.errors.contains("in use"))
    }

    @Test(arguments: [SIGTERM, SIGINT]) func `a signal ends it within five seconds, with 0`(_ signal: Int32) async throws {
        let server = try await ServingProgram(zooKeeper: "no.such.host.invalid:2181")
        _ = try server.ask("a.svc.local", "A")
        server.program.signal(signal)
        #expect(try await server.program.exitCode(within: .seconds(4)) == 0)
    }
}
