import Foundation
import TestSupport
import Testing

/// What people on call look at: the page in Chromium, `zoodns top` in a pseudo-terminal, Prometheus, in namespaces of their own.
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

    @Test func `Prometheus scrapes, evaluates the rules, and has data for every query of the dashboard`() async throws {
        try await run("metrics")
    }

    @Test func `a stream of events ends with the server, in time`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--admin", "127.0.0.1:0"])
        let admin = try #require(server.program.output.firstMatch(of: /(?m)^admin (\S+)$/)).output.1
        // A request for the head alone takes none of the 32 places.
        for _ in 0..<40 {
            let head = try await RunningProgram.run(
                URL(filePath: "/usr/bin/curl"), ["--silent", "--head", "--noproxy", "*", "http://\(admin)/events"])
            #expect(head.output.contains("200") && head.output.contains("text/event-stream"))
        }
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

    /// As much of a status as is looked at.
    private struct Status: Decodable {
        struct Session: Decodable { let state: String, since: Int64 }
        struct Zone: Decodable { let providers: Int }
        struct Held: Decodable {
            struct Entry: Decodable { let instance: String, until: Int64? }
            let total: Int
            let entries: [Entry]
        }
        let now: Int64
        let zookeeper: Session
        let zones: [Zone]
        let held: Held
    }

    private func status(_ admin: Substring) async throws -> Status {
        let result = try await RunningProgram.run(
            URL(filePath: "/usr/bin/curl"), ["--silent", "--noproxy", "*", "http://\(admin)/status.json"])
        return try JSONDecoder().decode(Status.self, from: Data(result.output.utf8))
    }

    @Test func `a held provider goes when the page says`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(
            zooKeeper: zooKeeper.address, ["--admin", "127.0.0.1:0", "--hold-down", "10s", "--probe-held", "off"])
        let admin = try #require(server.program.output.firstMatch(of: /(?m)^admin (\S+)$/)).output.1
        _ = try await zooKeeper.python("register('web', '10.0.0.1', 80, ephemeral=False)")
        let leaver = try zooKeeper.leavePython("print(register('web', '10.0.0.2', 80))")
        try await waitUntil("both are served") { try await status(admin).zones.first?.providers == 2 }

        zooKeeper.stop()
        leaver.signal(SIGKILL)
        // A third of the session timeout makes an outage.
        try await waitUntil("it has been out of reach for long") {
            let status = try await status(admin)
            return status.zookeeper.state == "disconnected" && status.now - status.zookeeper.since > 3000
        }
        try await zooKeeper.start()
        var promised: Int64?
        try await waitUntil("the provider is held") {
            promised = try await status(admin).held.entries.first?.until
            return promised != nil
        }
        var gone = try await status(admin)
        try await waitUntil("the provider goes") {
            gone = try await status(admin)
            return gone.held.total == 0
        }
        // The hold-down lets one go a tenth of its time early, for the sake of fewer publications.
        let difference = gone.now - (try #require(promised))
        #expect(-1500...1500 ~= difference, "\(difference) ms")
    }
}
