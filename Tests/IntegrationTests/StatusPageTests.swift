import Foundation
import TestSupport
import Testing

/// What people on call look at: the page in Chromium, `zoodns top` in a pseudo-terminal, in namespaces of their own.
@Suite(.serialized, .enabled(if: geteuid() == 0, "namespaces need root")) struct StatusPageTests {
    private func run(_ what: String) async throws {
        let script = RunningProgram.root.appending(path: "Tests/IntegrationTests/programs/\(what)")
        let result = try await RunningProgram.run(script, [RunningProgram.zoodns.path], within: .seconds(600))
        #expect(result.output.hasSuffix("as it must be\n"), "\(result.output)\(result.errors)")
    }

    @Test func `the page follows, finds, resists, and bears 10,000 services, in a browser without complaints`() async throws {
        try await run("page")
    }

    @Test func `top draws what changes, and leaves the terminal as it was`() async throws { try await run("top") }

    @Test func `a stream of events ends with the server, in time`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--admin", "127.0.0.1:0"])
        let admin = try #require(server.program.output.firstMatch(of: /(?m)^admin (\S+)$/)).output.1
        let followers = try (0..<3).map { _ in
            try RunningProgram(URL(filePath: "/usr/bin/curl"), ["--silent", "--no-buffer", "--noproxy", "*", "http://\(admin)/events"])
        }
        try await waitUntil("they follow") { followers.allSatisfy { $0.output.hasPrefix("retry: ") } }
        _ = try await zooKeeper.python("register('web', '10.0.0.1', 80, ephemeral=False)")
        for follower in followers { try await waitUntil("it hears") { follower.output.contains(#""name":"web""#) } }
        let began = ContinuousClock.now
        server.program.signal(SIGTERM)
        #expect(try await server.program.exitCode() == 0)
        #expect(ContinuousClock.now - began < .seconds(5))
        // Zero: the response had its end (RFC 9112 §7.1).
        for follower in followers { #expect(try await follower.exitCode() == 0) }
    }
}
