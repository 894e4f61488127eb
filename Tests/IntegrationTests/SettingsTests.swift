import Foundation
import TestSupport
import Testing

/// The file of settings, and `zoodns check`, with a real ZooKeeper.
@Suite(.serialized) struct SettingsTests {
    /// A file that is there as long as the object.
    private final class TemporaryFile {
        let path: String

        init(_ text: String) throws {
            let url = FileManager.default.temporaryDirectory.appending(path: "zoodns-settings-\(UUID().uuidString).yaml")
            try Data(text.utf8).write(to: url)
            path = url.path
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private struct Finding: Decodable, Hashable {
        let severity: String
        let kind: String
        let path: String?
        let zone: String?
        let text: String
    }

    private func check(_ arguments: [String]) async throws -> (findings: [Finding], exitCode: Int32) {
        let result = try await RunningProgram.run(RunningProgram.zoodns, ["check", "--json"] + arguments)
        #expect(result.errors == "")
        return (try JSONDecoder().decode([Finding].self, from: Data(result.output.utf8)), result.exitCode)
    }

    @Test func `each zone is answered as its block says`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let made = try await zooKeeper.python(
            #"""
            for path in ['/a/web/one', '/a/web/two', '/b/web/one', '/b/web/two']:
                host = '10.0.0.1' if path.endswith('one') else '10.0.0.2'
                client.create(path, json.dumps({'host': host, 'port': 80}).encode(), makepath=True)
            """#)
        #expect(made.errors == "")
        let file = try TemporaryFile(
            """
            ttl: 7
            negative-ttl: 3
            max-stale: 1h
            zones:
              - {origin: a.example, path: /a}
              - origin: b.example
                path: /b
                ttl: 70
                negative-ttl: 30
                max-answers: 1
                nameserver-address: [192.0.2.53]
                max-stale: 5s
            """)
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--config", file.path])
        try await waitUntil("both zones are served") {
            try server.ask("web.a.example", "A").answer.count == 2 && server.ask("web.b.example", "A").answer.count == 1
        }
        func ttl(_ records: [String]) -> String? { records.first?.split(separator: " ").dropFirst().first.map(String.init) }
        #expect(ttl(try server.ask("web.a.example", "A").answer) == "7")
        #expect(ttl(try server.ask("web.b.example", "A").answer) == "70")
        #expect(ttl(try server.ask("none.a.example", "A").authority) == "3")
        #expect(ttl(try server.ask("none.b.example", "A").authority) == "30")
        #expect(try server.ask("ns.dns.a.example", "A").answer == ["ns.dns.a.example. 7 A 127.0.0.1"])
        #expect(try server.ask("ns.dns.b.example", "A").answer == ["ns.dns.b.example. 70 A 192.0.2.53"])
        // The commands that read the registry once take the same file.
        let zone = try await RunningProgram.run(
            RunningProgram.zoodns, ["zone", "--zookeeper", zooKeeper.address, "--config", file.path, "--zone", "b.example=/b"])
        #expect(zone.output.contains("\nweb.b.example. 70 IN A "), "\(zone.errors)")
        #expect(!zone.output.contains("a.example."))
        zooKeeper.stop()
        try await waitUntil("the one is too old, the other stale") {
            try server.ask("web.b.example", "A").edns?["ede"] == 22 && server.ask("web.a.example", "A").edns?["ede"] == 3
        }
        #expect(try server.ask("web.a.example", "A").answer.count == 2)
    }

    @Test func `wrong settings are named with their places, and the option goes before the file`() async throws {
        let file = try TemporaryFile("ttl: 5\nreconsile: 5s\nworkers: many\n")
        let result = try await RunningProgram.run(RunningProgram.zoodns, ["serve", "--config", file.path, "--hold-down", "x"])
        #expect(result.exitCode == 64)
        let lines = result.errors.split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "zoodns: \(file.path):2:1: unknown key \"reconsile\": did you mean reconcile?",
                "zoodns: \(file.path):3:10: workers \"many\": expected a number from 1 to 256",
                "zoodns: --hold-down \"x\": expected a duration such as 90s, 15m or 1h, or 0",
            ])
        let checked = try await check(["--config", file.path])
        #expect(checked.exitCode == 64)
        #expect(checked.findings.map(\.kind) == ["settings", "settings"])
        let absent = try RunningProgram(RunningProgram.zoodns, ["serve"], environment: ["ZOODNS_CONFIG": "/nonexistent"])
        #expect(try await absent.exitCode() == 64)
        #expect(absent.errors == "zoodns: /nonexistent: cannot be read: No such file or directory\n")
    }

    @Test func `check finds one of each`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let made = try await zooKeeper.python(
            #"""
            from kazoo.security import make_acl
            def create(path, data, **options): client.create(path, data.encode(), makepath=True, **options)
            create('/p/good/one', '{"host": "10.0.0.1", "port": 1}')
            create('/p/good/bad', 'not JSON')
            create('/p/good/light', '{"host": "10.0.0.1", "port": 2, "weight": "heavy"}')
            create('/p/GOOD', '')
            create('/p/' + 'x' * 64, '')
            create('/p/_good._tcp', '')
            create('/p/one.good', '')
            create('/p/ns.dns', '')
            create('/p/web.inner', '')
            create('/p/lost/one', '{"host": "does-not-exist.invalid", "port": 1}')
            create('/p/secret', '', acl=[make_acl('digest', 'a:b', all=True)])
            for number in range(101):
                create(f'/p/many/{number}', json.dumps({'host': f'10.1.0.{number}', 'port': 1}))
            """#)
        #expect(made.errors == "")
        let file = try TemporaryFile(
            """
            zookeeper: \(zooKeeper.address)
            host-resolver: [127.0.0.1:\(try ClientSocket.freePort())]
            zones:
              - {origin: svc.local, path: /p, max-answers: 0}
              - {origin: inner.svc.local, path: /p/q}
              - {origin: other, path: /r}
            """)
        let checked = try await check(["--config", file.path])
        #expect(checked.exitCode == 1)
        func find(_ kind: String, _ path: String, _ text: String, _ severity: String = "error") {
            let isFound = checked.findings.contains {
                $0.kind == kind && $0.path == path && $0.text.contains(text) && $0.severity == severity
            }
            #expect(isFound, "\(kind) \(path) \(text)")
        }
        find("document", "/p/good/bad", "not a JSON object: not JSON")
        find("field", "/p/good/light", "weight", "warning")
        find("name", "/p/" + String(repeating: "x", count: 64), "cannot be a domain name")
        find("shadowed", "/p/good", "is one with /p/GOOD", "warning")
        find("shadowed", "/p/good", "_good._tcp.svc.local is another service's", "warning")
        find("shadowed", "/p/good/one", "one.good.svc.local is that of something else", "warning")
        find("shadowed", "/p/ns.dns", "the name of the name server", "warning")
        find("shadowed", "/p/web.inner", "its name lies in zone inner.svc.local")
        find("host", "/p/lost/one", "does-not-exist.invalid cannot be resolved now")
        find("records", "/p/many", "has 101 records of type A: BIND refuses more than 100", "warning")
        find("access", "/p/secret", "cannot be listed")
        find("overlap", "/p/q", "lies within svc.local", "warning")
        find("overlap", "/p/q", "takes its znodes for services", "warning")
        find("registry", "/r", "does not exist")
        #expect(Set(checked.findings).count == checked.findings.count, "each once")
        #expect(!checked.findings.contains { $0.path == "/p/many/1" })

        let lines = try await RunningProgram.run(RunningProgram.zoodns, ["check", "--config", file.path])
        #expect(lines.exitCode == 1)
        #expect(lines.output.contains("error: /p/good/bad: not a JSON object: not JSON\n"))
        #expect(lines.output.split(separator: "\n").count == checked.findings.count)
        // What a zone's file leaves out is the same.
        let zone = try await RunningProgram.run(RunningProgram.zoodns, ["zone", "--config", file.path])
        #expect(zone.errors.contains("zoodns: /p/good/bad: not a JSON object: not JSON\n"))
    }

    @Test func `check finds nothing where nothing is wrong, and says so of a ZooKeeper that is not there`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        #expect(try await zooKeeper.python("register('web', '10.0.0.1', 80, False)").exitCode == 0)
        let result = try await RunningProgram.run(RunningProgram.zoodns, ["check", "--zookeeper", zooKeeper.address])
        #expect(result == ("", "", 0))
        zooKeeper.stop()
        let away = try await check(["--zookeeper", zooKeeper.address])
        #expect(away.exitCode == 1)
        #expect(away.findings.map(\.kind) == ["registry"])
    }
}
