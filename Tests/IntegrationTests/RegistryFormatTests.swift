import Foundation
import TestSupport
import Testing

/// Zones of several formats, from the settings to what every command shows of them, with a real ZooKeeper.
@Suite struct RegistryFormatTests {
    private let file = FileManager.default.temporaryDirectory.appending(path: "zoodns-formats-\(UUID().uuidString).yaml")

    private func write(_ format: String) throws {
        let text = """
            zones:
              - {origin: a.example, path: /services, format: \(format)}
              - {origin: b.example, path: /b/*/*}
            """
        try Data(text.utf8).write(to: file)
    }

    @Test func `two formats are served side by side, and a reload changes one of them`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let loaded = try await zooKeeper.python(
            #"""
            def create(path, **document): client.create(path, json.dumps(document).encode(), makepath=True)
            create('/services/web/1', name='web', id='1', address='10.0.0.1', port=8080, sslPort=8443, IP='10.0.0.9', PublicPort=99)
            create('/b/prod/api/x', host='10.0.0.2', port=80, status='draining')
            create('/b/prod/api/y', host='10.0.0.3', port=80)
            """#)
        #expect(loaded.errors == "")
        defer { try? FileManager.default.removeItem(at: file) }
        try write("curator")
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--config", file.path, "--admin", "127.0.0.1:0"])
        try await waitUntil("both are served") {
            let (first, second) = (try await server.dig("web.a.example", "A"), try await server.dig("api.prod.b.example", "A"))
            return first == ["10.0.0.1"] && second == ["10.0.0.3"]
        }
        #expect(try await server.dig("x.api.prod.b.example", "A") == ["10.0.0.2"])

        let shown = try await server.get("/zones/b.example/prod%2Fapi")
        #expect(shown.code == "200")
        #expect(shown.body.contains("/b/prod/api/x   10.0.0.2:80   draining\n"), "\(shown.body)")
        let options = ["--zookeeper", zooKeeper.address, "--config", file.path]
        let explained = try await RunningProgram.run(RunningProgram.zoodns, ["explain", "prod/api"] + options)
        #expect(explained.exitCode == 0)
        #expect(explained.output.contains("10.0.0.2:80, draining\n"), "\(explained.output)")
        let checked = try await RunningProgram.run(RunningProgram.zoodns, ["check"] + options)
        #expect(checked.output == "")
        for (zone, service, found) in [
            ("a.example=curator:/services", "web", "10.0.0.1:8080\n"), ("b.example=/b/*/*", "prod/api", "10.0.0.3:80\n"),
        ] {
            let result = try await RunningProgram.run(
                RunningProgram.zoodns, ["lookup", service, "--all", "--zone", zone, "--zookeeper", zooKeeper.address])
            #expect(result.output == found, "\(result.errors)")
        }

        try write("{json: {host: /IP, port: /PublicPort}}")
        server.program.signal(SIGHUP)
        try await waitUntil("the other format is served") { try await server.dig("web.a.example", "A") == ["10.0.0.9"] }
        #expect(try await server.dig("api.prod.b.example", "A") == ["10.0.0.3"])

        try write("curater")
        server.program.signal(SIGHUP)
        try await waitUntil("the mistake is logged") { server.program.errors.contains("no format \"curater\"") }
        #expect(try await server.dig("web.a.example", "A") == ["10.0.0.9"])
    }

    @Test func `what register writes for Curator's readers is served as that`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let zone = ["--zookeeper", zooKeeper.address, "--zone", "a.example=curator:/services"]
        let registrant = try RunningProgram(
            RunningProgram.zoodns, ["register", "web", "--host", "10.0.0.1", "--port", "8080", "--check", "none", "--drain", "0"] + zone)
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, Array(zone.dropFirst(2)))
        try await waitUntil("it is served") { try await server.dig("web.a.example", "A") == ["10.0.0.1"] }
        registrant.signal(SIGTERM)
        #expect(try await registrant.exitCode(within: .seconds(5)) == 0)
        try await waitUntil("it is gone") { try await server.dig("web.a.example", "A") == [] }
        let refused = try await RunningProgram.run(
            RunningProgram.zoodns, ["register", "web", "--host", "h", "--port", "1", "--zone", "a.example=dubbo:/dubbo"])
        #expect(refused.exitCode == 64)
        #expect(refused.errors == "zoodns: --zone: register writes documents of the formats providers and curator, not dubbo\n")
    }
}
