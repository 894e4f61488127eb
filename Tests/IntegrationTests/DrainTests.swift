import Foundation
import TestSupport
import Testing

/// `zoodns drain`, and what `zoodns register` does about it, with a real ZooKeeper and a server.
@Suite struct DrainTests {
    let zooKeeper: ZooKeeperProcess

    init() async throws {
        zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
    }

    private func drain(_ words: String...) async throws -> (output: String, errors: String, exitCode: Int32) {
        try await RunningProgram.run(RunningProgram.zoodns, ["drain", "--zookeeper", zooKeeper.address] + words)
    }

    private func document(_ path: String) async throws -> String {
        try await zooKeeper.python("print(client.get('\(path)')[0].decode(), end='')").output
    }

    @Test func `a registered provider with all that it may have is drained and put back by another client`() async throws {
        let registrant = try RunningProgram(
            RunningProgram.zoodns,
            [
                "register", "web", "--zookeeper", zooKeeper.address, "--host", "10.0.0.1", "--instance", "one", "--check", "none",
                "--drain",
                "0", "--session-timeout", "4s", "--ports", "http=8080", "--ports", "metrics=9090", "--attribute", "version=2",
                "--availability-zone", "eu-1", "--alpn", "h2",
            ])
        let loaded = try await zooKeeper.python("register('web', '10.0.0.2', 80, ephemeral=False)")
        #expect(loaded.errors == "")
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--tags", "version"])
        try await waitUntil("both are answered") { try server.ask("web.svc.local", "A").answer.count == 2 }
        #expect(try await server.dig("_metrics._tcp.web.svc.local", "SRV") == ["0 1 9090 one.web.svc.local."])
        #expect(try await server.dig("one.web.svc.local", "TXT") == ["\"version=2\""])
        #expect(try await server.dig("eu-1.pin._zone.web.svc.local", "A") == ["10.0.0.1"])
        #expect(try await server.dig("2.version._tag.web.svc.local", "A") == ["10.0.0.1"])

        let drained = try await drain("web/one")
        #expect((drained.output, drained.errors, drained.exitCode) == ("/providers/web/one draining\n", "", 0))
        try await waitUntil("it is out of the answers") { try await server.dig("web.svc.local", "A") == ["10.0.0.2"] }
        #expect(try await server.dig("one.web.svc.local", "A") == ["10.0.0.1"])
        try await waitUntil("the registrant has seen it") { registrant.errors.contains("another client has set the provider's status") }
        let expected =
            #"{"host": "10.0.0.1", "port": 8080, "ports": {"http": 8080, "metrics": 9090}, "attributes": {"version": "2"}, "#
            + #""zone": "eu-1", "alpn": ["h2"], "status": "draining"}"#
        #expect(try await document("/providers/web/one") == expected)
        #expect(try await lookUp() == "10.0.0.2:80\n")

        let up = try await drain("web/one", "--status", "up")
        #expect((up.errors, up.exitCode) == ("", 0))
        try await waitUntil("it is answered again") { try server.ask("web.svc.local", "A").answer.count == 2 }
        #expect(try await drain("web/one", "--status", "down").exitCode == 0)
        try await waitUntil("it is gone") { try await server.dig("one.web.svc.local", "A") == [] }
        registrant.signal(SIGTERM)
        #expect(try await registrant.exitCode(within: .seconds(5)) == 0)
        #expect(try await document("/providers/web/one") == "", "a drained provider is withdrawn, too")
    }

    private func lookUp() async throws -> String {
        try await RunningProgram.run(RunningProgram.zoodns, ["lookup", "web", "--all", "--zookeeper", zooKeeper.address]).output
    }

    @Test func `what cannot be drained is one line, and a writer who is faster is no obstacle`() async throws {
        let loaded = try await zooKeeper.python(
            #"""
            from kazoo.security import make_acl
            client.create('/providers/web/bad', b'x', makepath=True)
            client.create('/providers/web/odd', b'{"x":[1, {"status":1}],\n"port":1,"host":"10.0.0.3"}')
            client.create('/providers/web/mine', b'{"host":"a","port":1}', acl=[make_acl('world', 'anyone', read=True)])
            """#)
        #expect(loaded.errors == "")
        let writer = try zooKeeper.leavePython(
            #"""
            import threading
            from kazoo.exceptions import BadVersionError
            def write():
                while True:
                    data, stat = client.get('/providers/web/odd')
                    try: client.set('/providers/web/odd', data, version=stat.version)
                    except BadVersionError: pass
            threading.Thread(target=write, daemon=True).start()
            """#)
        try await waitUntil("it writes") { writer.output == "ready\n" }
        #expect(try await drain("web/odd").exitCode == 0)
        withExtendedLifetime(writer) {}
        let expected = "{\"x\":[1, {\"status\":1}],\n\"port\":1,\"host\":\"10.0.0.3\", \"status\": \"draining\"}"
        #expect(try await document("/providers/web/odd") == expected)
        for (words, code, error) in [
            (["web/none"], 1, "\"/providers/web/none\" does not exist in zookeeper at \(zooKeeper.address)"),
            (["other/x"], 1, "\"/providers/other\" does not exist in zookeeper at \(zooKeeper.address)"),
            (["web/bad"], 1, "\"/providers/web/bad\" holds no provider: not a JSON object"),
            (["web/mine"], 1, "\"/providers/web/mine\" cannot be changed: not authenticated"),
            (["web"], 64, "PROVIDER \"web\": expected a service and a znode's name, such as web/one"),
            (["a/b/c"], 64, "PROVIDER \"a/b/c\": expected a service and a znode's name, such as web/one"),
            (["web/odd", "--status", "off"], 64, "--status \"off\": expected up, draining or down"),
            (["web/odd", "--zone", "a=curator:/s"], 64, "--zone: drain writes documents of the format providers only, not curator"),
        ] {
            let result = try await RunningProgram.run(RunningProgram.zoodns, ["drain", "--zookeeper", zooKeeper.address] + words)
            #expect(result.exitCode == Int32(code), "\(words)")
            #expect(result.errors == "zoodns: \(error)\n")
        }
    }
}
