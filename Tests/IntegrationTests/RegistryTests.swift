import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct RegistryTests {
    @Test func `dig finds what kazoo registers, and no longer when it is gone`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        var services: [RunningProgram] = []
        for number in 1...3 { services.append(try zooKeeper.leavePython("register('second', '10.0.0.\(number)', 800\(number))")) }
        try await waitUntil("three addresses") { try await server.dig("second.svc.local", "A") == ["10.0.0.1", "10.0.0.2", "10.0.0.3"] }
        let locations = try await server.dig("_second._tcp.svc.local", "SRV", "+tcp")
        #expect(locations.map { $0.split(separator: " ").prefix(3).joined(separator: " ") } == ["0 1 8001", "0 1 8002", "0 1 8003"])
        services.removeLast()
        try await waitUntil("the killed one's session is over") {
            try await server.dig("second.svc.local", "A") == ["10.0.0.1", "10.0.0.2"]
        }
    }

    @Test func `a listener that registers again on every CONNECTED leaves one provider`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        let service = try zooKeeper.leavePython(
            """
            def listener(state):
                if state == KazooState.CONNECTED: client.handler.spawn(register, 'second', '10.0.0.1', 80)
            client.add_listener(listener)
            for _ in range(3): listener(KazooState.CONNECTED)
            import time
            while len(client.get_children('/providers/second') if client.exists('/providers/second') else []) < 3: time.sleep(0.01)
            """)
        try await waitUntil("three znodes") { service.output == "ready\n" }
        #expect(try await zooKeeper.python("register('marker', '10.0.0.9', 1, False)").exitCode == 0)
        try await waitUntil("what came later is served") { try server.ask("marker.svc.local", "A").answer.count == 1 }
        #expect(try server.ask("second.svc.local", "SRV").answer.count == 1)
    }

    @Test func `a server without ZooKeeper is not ready, and is once it is there`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        let early = try server.ask("second.svc.local", "A")
        #expect(early.code == "SERVFAIL")
        #expect(early.edns?["ede"] == 14)
        try await zooKeeper.start()
        try await waitUntil("the empty zone is served") { try server.ask("second.svc.local", "A").code == "NXDOMAIN" }
        #expect(try await zooKeeper.python("register('second', '10.0.0.1', 80, False)").exitCode == 0)
        try await waitUntil("the path has come alive") { try server.ask("second.svc.local", "A").answer.count == 1 }
    }

    @Test func `answers outlive ZooKeeper, and are marked stale`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--max-stale", "8s"])
        #expect(try await zooKeeper.python("register('second', '10.0.0.1', 80, False)").exitCode == 0)
        try await waitUntil("the address") { try server.ask("second.svc.local", "A").answer.count == 1 }
        zooKeeper.stop()
        try await waitUntil("stale") {
            let response = try server.ask("second.svc.local", "A")
            return response.answer.count == 1 && response.edns?["ede"] == 3
        }
        try await waitUntil("too old") { try server.ask("second.svc.local", "A").edns?["ede"] == 22 }
        try await zooKeeper.start()
        try await waitUntil("current again") {
            let response = try server.ask("second.svc.local", "A")
            return response.answer.count == 1 && response.edns?["ede"] == nil
        }
    }

    @Test func `a signal ends the session with ZooKeeper at once`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        try await waitUntil("the empty zone is served") { try server.ask("second.svc.local", "A").code == "NXDOMAIN" }
        server.program.signal(SIGTERM)
        #expect(try await server.program.exitCode(within: .seconds(4)) == 0)
        // The only one left is this client's own.
        let sessions = try await zooKeeper.python("print(client.command(b'mntr').split('zk_global_sessions')[1].split()[0])")
        #expect(sessions.output == "1\n")
    }

    @Test func `what a registrant does wrong a thousand times fills no log`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--log-rate", "7"])
        let loaded = try await zooKeeper.python(
            """
            client.ensure_path('/providers/bad')
            for result in [client.create_async(f'/providers/bad/{number}', b'nonsense') for number in range(1000)]: result.get(30)
            register('last', '10.0.0.2', 80, False)
            """)
        #expect(loaded.errors == "")
        try await waitUntil("the last service") { try server.ask("last.svc.local", "A").answer.count == 1 }
        func lines() -> [Substring] { server.program.errors.split(separator: "\n").filter { $0.contains("znode cannot be used as it is") } }
        func leftOut() -> Int {
            lines().compactMap { $0.firstMatch(of: /count=([0-9]+).*log lines left out/).flatMap { Int($0.output.1) } }.reduce(0, +)
        }
        try await waitUntil("every report is written or counted") { lines().filter { !$0.contains("left out") }.count + leftOut() == 1000 }
        #expect(leftOut() > 800)
    }

    @Test func `hostile znodes cost themselves`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        let loaded = try await zooKeeper.python(
            #"""
            register('a', '10.0.0.1', 80, False)
            for number, data in enumerate([b'', b'nope', b'[' * 10000, b' ' * 70000, b'{"host":"\\ud800","port":1}', b'\x00', b'{"host":"h","port":1e999}', b'\xff\xfe']):
                client.create(f'/providers/a/bad{number}', data)
            for name in ['x' * 100, 'a..b', '.', 'ünï', 'UPPER', '_tcp', 'with space']:
                if name != '.': client.create('/providers/' + name, b'')
            register('last', '10.0.0.2', 80, False)
            """#)
        #expect(loaded.errors == "")
        try await waitUntil("the last service") { try server.ask("last.svc.local", "A").answer.count == 1 }
        #expect(try server.ask("a.svc.local", "A").answer == ["a.svc.local. 5 A 10.0.0.1"])
        #expect(try server.ask("upper.svc.local", "A").code == "NOERROR")
        let zone = try await RunningProgram.run(RunningProgram.zoodns, ["zone", "--zookeeper", zooKeeper.address])
        #expect(zone.exitCode == 0)
        #expect(zone.errors.split(separator: "\n").filter { $0.contains("/providers/a/bad") }.count == 8)
        let lost = try await RunningProgram.run(
            URL(filePath: "/bin/sh"),
            ["-c", "exec \"$0\" zone --zookeeper \"$1\" >/dev/full", RunningProgram.zoodns.path, zooKeeper.address])
        #expect(lost.exitCode == 1)
        #expect(lost.errors.contains("cannot write to standard output"))
    }

    @Test func `a registry that anyone may change is warned of once, one that is guarded is not`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let made = try await zooKeeper.python(
            """
            from kazoo.security import make_acl, make_digest_acl
            anyone = lambda **rights: make_acl("world", "anyone", **rights)
            client.create("/guarded", acl=[make_digest_acl("u", "p", all=True), anyone(read=True)])
            client.create("/open", acl=[anyone(read=True, create=True), make_digest_acl("u", "p", all=True)])
            """)
        #expect(made.errors == "")
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--zone", "a=/guarded", "--zone", "b=/open"])
        let warning = "anyone may change the registry"
        try await waitUntil("the warning") { server.program.errors.contains(warning) }
        zooKeeper.stop()
        try await waitUntil("disconnected") { server.program.errors.contains("connection to zookeeper lost") }
        try await zooKeeper.start()
        // Both are asked for over each connection, the guarded one first.
        _ = try await zooKeeper.python(#"client.add_auth("digest", "u:p"); client.set_acls("/open", client.get_acls("/guarded")[0])"#)
        try await waitUntil("connected again") { server.program.errors.components(separatedBy: "connected to zookeeper").count == 3 }
        let lines = server.program.errors.split(separator: "\n").filter { $0.contains(warning) }
        #expect(lines.count == 1)
        #expect(lines.first?.contains("path=/open permissions=create ") == true, "\(lines)")
    }

    /// Without bounds 3,000 × 3,000 addresses of 28 octets, twice; and each change of the first service would be followed a million times.
    @Test func `aliases of aliases cost little, and others are seen while they change`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        let loaded = try await zooKeeper.python(
            """
            def fill(service, hosts):
                client.ensure_path('/providers/' + service)
                for start in range(0, 3000, 500):
                    transaction = client.transaction()
                    for number in range(start, start + 500):
                        data = json.dumps({'host': hosts(number), 'port': number + 1}).encode()
                        transaction.create(f'/providers/{service}/{number}', data)
                    transaction.commit()
            fill('f', lambda number: '2001:db8::%x' % (number + 1))
            fill('g', lambda number: 'f.svc.local')
            fill('x', lambda number: f'{number}.g.svc.local')
            """)
        #expect(loaded.errors == "")
        try await waitUntil("the last alias") { try server.ask("2999.x.svc.local", "AAAA", isStream: true).answer.count == 100 }
        #expect(server.program.peakOfMemory < 300 << 20)
        let attacker = try zooKeeper.leavePython(
            """
            import threading
            def change():
                while True:
                    client.delete(client.create('/providers/f/more', b'{"host": "10.0.0.1", "port": 1}'))
            threading.Thread(target=change, daemon=True).start()
            """)
        try await waitUntil("the changes have begun") { attacker.output == "ready\n" }
        #expect(try await zooKeeper.python("register('other', '10.0.0.2', 80, False)").exitCode == 0)
        try await waitUntil("the other service", within: .seconds(5)) { try server.ask("other.svc.local", "A").answer.count == 1 }
        server.program.signal(SIGTERM)
        // Less than the limit at which the program ends whatever its parts do.
        #expect(try await server.program.exitCode(within: .seconds(4)) == 0)
        #expect(attacker.isRunning)
    }
}
