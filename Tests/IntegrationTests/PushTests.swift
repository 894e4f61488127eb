import Foundation
import TestSupport
import Testing

/// What the program hands to clients that speak no SRV, over HTTP and in files, while a registry changes.
@Suite(.serialized) struct PushTests {
    private func change(_ zooKeeper: ZooKeeperProcess, _ script: String) async throws {
        let result = try await zooKeeper.python(
            """
            def add(service, number, **more):
                document = json.dumps({"host": "10.0.0.%d" % number, "port": 80, **more}).encode()
                client.create("/providers/%s/%d" % (service, number), document, makepath=True)
            """ + "\n" + script)
        #expect(result.errors == "")
    }

    @Test func `services are pushed as they are answered`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        try await change(zooKeeper, "add('web', 1, ports={'metrics': 9100}); add('web', 2, status='draining'); add('a.b', 3)")
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--admin", "127.0.0.1:0"])
        try await waitUntil("the registry is served") { try server.ask("web.svc.local", "A").answer.count == 1 }

        let found = try await server.get("/v1/services/web.svc.local", "-i")
        #expect(found.code == "200" && found.body.contains(#""addresses":["10.0.0.1"]"#))
        let tag = String(try #require(found.body.firstMatch(of: /ETag: ("\d+-[0-9a-f]+")/)).output.1)
        #expect(try await server.get("/v1/services/web", "-H", "If-None-Match: \(tag)") == ("304", ""))
        #expect(try await server.get("/v1/services/a.b").code == "200")
        #expect(try await server.get("/v1/services/a%2fc").code == "404")
        let targets = try await server.get("/sd/prometheus?service=_metrics._tcp.web").body
        #expect(targets.contains(#""targets":["10.0.0.1:9100"]"#) && targets.contains(#""__meta_zoodns_service":"web""#))
        #expect(try await server.get("/sd/prometheus?zone=svc.local").body.contains(#""__meta_zoodns_status":"draining""#))
        let wanted = #"{"resource_names":["_metrics._tcp.web","gone"]}"#
        let endpoints = try await server.get("/v3/discovery:endpoints", "-d", wanted).body
        #expect(endpoints.contains(#""port_value":9100"#) && endpoints.contains(#""cluster_name":"gone","endpoints":[]"#))

        let curl = URL(filePath: "/usr/bin/curl")
        let held = try RunningProgram(
            curl, ["-s", "-m", "50", "-H", "If-None-Match: \(tag)", "http://\(server.admin)/v1/services/web?wait=50s"])
        try await change(zooKeeper, "add('web', 4)")
        try await waitUntil("the change is there") { held.output.contains("10.0.0.4") }
        let events = try RunningProgram(curl, ["-sN", "http://\(server.admin)/events?service=web"])
        try await waitUntil("the first event") { events.output.contains("10.0.0.4") }
        try await change(zooKeeper, "client.delete('/providers/web', recursive=True)")
        try await waitUntil("the last event") { events.output.contains(#"data: {"exists":false"#) }
        events.signal(SIGTERM)
    }

    @Test func `a service's file for Envoy is replaced when it changes, and says so when it is gone`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let folder = FileManager.default.temporaryDirectory.appending(path: "zoodns-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func file(_ name: String) -> Int? {
            (try? FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path))?[.systemFileNumber] as? Int
        }
        func text(_ name: String) -> String { (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? "" }
        let command = ["export", "--zookeeper", zooKeeper.address, "--envoy-eds"]
        let missing = try await RunningProgram.run(RunningProgram.zoodns, command + [folder.path])
        #expect(missing.exitCode == 1 && missing.errors.contains(#""/providers" does not exist"#))
        let nowhere = try await RunningProgram.run(RunningProgram.zoodns, command + ["/nowhere"])
        #expect(nowhere.exitCode == 1 && nowhere.errors.contains(#"--envoy-eds "/nowhere": No such file or directory"#))

        try await change(zooKeeper, "add('web', 1); add('old', 1)")
        try "{}".write(to: folder.appending(path: "foreign.svc.local.json"), atomically: true, encoding: .utf8)
        let once = try await RunningProgram.run(RunningProgram.zoodns, command + [folder.path])
        #expect(once.exitCode == 0 && once.errors == "" && once.output == "")
        #expect(text("web.svc.local.json").contains("10.0.0.1") && text("old.svc.local.json").contains("10.0.0.1"))
        // A copy does not stand for the file.
        try FileManager.default.moveItem(at: folder.appending(path: "web.svc.local.json"), to: folder.appending(path: "copy.json"))
        #expect(try await RunningProgram.run(RunningProgram.zoodns, command + [folder.path]).exitCode == 0)
        #expect(text("web.svc.local.json").contains("10.0.0.1"))
        try await change(zooKeeper, "client.delete('/providers/old', recursive=True)")
        let first = file("web.svc.local.json")
        let watch = try RunningProgram(RunningProgram.zoodns, command + [folder.path, "--watch"])
        try await waitUntil("what has gone meanwhile is empty") { text("old.svc.local.json").contains(#""endpoints":[]"#) }
        // What is the same is not written again.
        #expect(first != nil && file("web.svc.local.json") == first)
        try await change(zooKeeper, "add('web', 2)")
        try await waitUntil("the change is there") { text("web.svc.local.json").contains("10.0.0.2") }
        try await change(zooKeeper, "client.delete('/providers/web', recursive=True)")
        try await waitUntil("the service is gone") { text("web.svc.local.json").contains(#""endpoints":[]"#) }
        #expect(text("foreign.svc.local.json") == "{}")
        #expect(watch.isRunning)
        watch.signal(SIGTERM)
    }
}
