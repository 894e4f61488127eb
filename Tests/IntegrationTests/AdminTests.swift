import Foundation
import TestSupport
import Testing

/// `zoodns serve --admin` from outside.
@Suite(.serialized) struct AdminTests {
    private func register(_ zooKeeper: ZooKeeperProcess) async throws {
        let made = try await zooKeeper.python(
            #"""
            for number in range(3):
                document = '{"host": "10.0.0.%d", "port": 80}' % number
                client.create('/providers/web/%d' % number, document.encode(), makepath=True)
            client.create('/providers/web/bad', b'no document')
            """#)
        #expect(made.errors == "")
    }

    @Test func `the server is ready as long as it answers from every zone`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        let server = try await ServingProgram(
            zooKeeper: zooKeeper.address, ["--admin", "127.0.0.1:0", "--max-stale", "5s", "--session-timeout", "2s"])
        #expect(try await server.get("/livez") == ("200", "ok\n"))
        #expect(try await server.get("/readyz") == ("503", "svc.local.: the registry has not been read\n"))
        #expect(try server.ask("svc.local", "SOA").code == "SERVFAIL")
        try await zooKeeper.start()
        try await waitUntil("the registry is read") { try await server.get("/readyz") == ("200", "ok\n") }
        #expect(try server.ask("svc.local", "SOA").code == "NOERROR")
        zooKeeper.stop()
        try await waitUntil("answers are too old") { try await server.get("/readyz").code == "503" }
        #expect(try await server.get("/readyz").body == "svc.local.: ZooKeeper has been out of reach for too long\n")
        #expect(try server.ask("svc.local", "SOA").code == "SERVFAIL")
        #expect(try await server.get("/livez").code == "200")
        let metrics = try await server.get("/metrics").body.split(separator: "\n")
        #expect(metrics.contains(#"zoodns_zone_status{zone="svc.local.",status="expired"} 1"#))
        #expect(metrics.contains(#"zoodns_zookeeper_session_state{state="disconnected"} 1"#))
        let age = metrics.first { $0.hasPrefix("zoodns_zone_age_seconds") }?.split(separator: " ").last.flatMap { Double($0) }
        #expect((5..<100).contains(age ?? 0))
    }

    @Test func `a lame duck serves on and is not ready, and ends when its time is over`() async throws {
        let server = try await ServingProgram(zooKeeper: "127.0.0.1:1", ["--admin", "127.0.0.1:0", "--lameduck", "5s"])
        server.program.signal(SIGTERM)
        try await waitUntil("the server says so") { try await server.get("/readyz").body.hasPrefix("server: it is about to end\n") }
        #expect(try server.ask("svc.local", "SOA").code == "SERVFAIL")
        #expect(server.program.isRunning)
        #expect(try await server.program.exitCode(within: .seconds(20)) == 0)
    }

    @Test func `a second signal ends a lame duck at once`() async throws {
        let server = try await ServingProgram(zooKeeper: "127.0.0.1:1", ["--admin", "127.0.0.1:0", "--lameduck", "1h"])
        server.program.signal(SIGTERM)
        try await waitUntil("the server says so") { try await server.get("/readyz").body.hasPrefix("server: it is about to end\n") }
        server.program.signal(SIGTERM)
        #expect(try await server.program.exitCode(within: .seconds(20)) == 128 + SIGTERM)
    }

    @Test func `zones are shown as they are served`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        try await register(zooKeeper)
        let socket = FileManager.default.temporaryDirectory.appending(path: "zoodns-\(UUID().uuidString.prefix(8)).sock").path
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--admin", socket])
        try await waitUntil("the registry is served") { try server.ask("web.svc.local", "A").answer.count == 3 }

        struct Zone: Decodable {
            let origin, status: String
            let serial: UInt32
            let services, providers, held, rejected: Int
            let reasons: [String: Int]
            let age: Double
        }
        let zones = try JSONDecoder().decode([Zone].self, from: Data(try await server.get("/zones").body.utf8))
        #expect(zones.map(\.origin) == ["svc.local."] && zones[0].status == "current" && zones[0].age == 0)
        #expect((zones[0].services, zones[0].providers, zones[0].held) == (1, 3, 0))
        #expect(zones[0].reasons == ["not a JSON object": 1])

        let file = try await server.get("/zones/svc.local.zone")
        let own = try await RunningProgram.run(
            RunningProgram.zoodns, ["zone", "--zookeeper", zooKeeper.address, "--nameserver-address", "127.0.0.1"])
        func records(_ text: String) -> [Substring] { text.split(separator: "\n").filter { !$0.contains(" SOA ") }.sorted() }
        #expect(records(file.body) == records(own.output) && records(file.body).count > 10)
        #expect(try await server.get("/zones/svc.local.zone", "-H", "If-None-Match: \"\(zones[0].serial)\"") == ("304", ""))
        #expect(try await server.get("/zones/svc.local.zone", "-H", "If-None-Match: \"1\"").code == "200")

        let explained = try await server.get("/zones/svc.local/web")
        #expect(explained.body.contains("  /providers/web/bad   rejected: not a JSON object: no document\n"))
        #expect(explained.body.contains("  /providers/web/0   10.0.0.0:80   served\n"))
        #expect(explained.body.contains("answer (NOERROR)\n"))
        #expect(try await server.get("/zones/svc.local/1.web", "-H", "Accept: application/json").body.contains(#""role":"instance""#))
        for path in ["/zones/example.com.zone", "/zones/example.com/web", "/zones/svc.local", "/zones/svc.local/%zz"] {
            #expect(try await server.get(path).code == "404", "\(path)")
        }
        server.program.signal(SIGTERM)
        #expect(try await server.program.exitCode() == 0)
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    @Test func `an address that cannot be listened at ends the program in one line`() async throws {
        for (address, code, words) in [
            ("192.0.2.1:9153", 1, "cannot listen at 192.0.2.1:9153: Cannot assign requested address"),
            ("/nowhere/zoodns.sock", 1, "cannot listen at /nowhere/zoodns.sock: No such file or directory"),
            ("localhost:9153", 64, #"--admin "localhost:9153": expected an address with a port"#),
        ] as [(String, Int32, String)] {
            let result = try await RunningProgram.run(RunningProgram.zoodns, ["serve", "--listen", "127.0.0.1:0", "--admin", address])
            #expect(result.exitCode == code)
            #expect(result.errors.hasPrefix("zoodns: \(words)") && result.errors.filter { $0 == "\n" }.count == 1, "\(result.errors)")
        }
    }
}
