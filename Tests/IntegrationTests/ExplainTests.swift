import TestSupport
import Testing

@Suite(.serialized) struct ExplainTests {
    private func explain(_ name: String, _ zooKeeper: ZooKeeperProcess) async throws -> (output: String, errors: String, exitCode: Int32) {
        try await RunningProgram.run(RunningProgram.zoodns, ["explain", name, "--zookeeper", zooKeeper.address])
    }

    @Test func `a name is traced to its znodes and shown with its answer`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let loaded = try await zooKeeper.python(
            #"""
            import time
            def create(path, data): client.create('/providers/' + path, data.encode(), makepath=True)
            create('second/one', '{"host": "10.0.0.1", "port": 9001}')
            create('second/twin', '{"host": "10.0.0.1", "port": 9001}')
            create('second/bad', '{"host": "x"}\x1b[31m')
            create('second/inside', '{"host": "db.svc.local", "port": 1}')
            create('Second/other', '{"host": "localhost", "port": 2}')
            create('db/x', '{"host": "chain.svc.local", "port": 1}')
            create('chain/x', '{"host": "10.0.0.7", "port": 1}')
            create('empty', '')
            """#)
        #expect(loaded.errors == "")
        let alive = try zooKeeper.leavePython(
            "client.create('/providers/alive/me', b'{\"host\":\"::1\",\"port\":1}', ephemeral=True, makepath=True)")
        try await waitUntil("a provider is registered") { alive.output == "ready\n" }

        let service = try await explain("second", zooKeeper)
        #expect(service.errors == "")
        #expect(service.exitCode == 0)
        let lines = service.output.split(separator: "\n").map(String.init)
        func line(_ path: String) -> String { lines.first { $0.contains("\(path) ") } ?? "" }
        #expect(lines.first?.hasPrefix("second.svc.local: services Second and second of zone svc.local, ") == true)
        #expect(line("  /providers/second/one").hasSuffix("34 octets   10.0.0.1:9001"))
        #expect(line("  /providers/second/one").contains(" persistent "))
        #expect(line("  /providers/second/twin").contains("merged into one "))
        #expect(line("  /providers/second/bad").hasSuffix(#"refused: not a JSON object: {"host": "x"}\x1b[31m"#))
        #expect(line("  /providers/Second/other").hasSuffix("localhost:2"))
        #expect(lines.contains("  db.svc.local   10.0.0.7"))
        #expect(lines.contains("  localhost      127.0.0.1   ::1"))
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        try await waitUntil("everything is served") { try server.ask("second.svc.local", "A").answer.count == 3 }
        for (name, types) in [
            ("second.svc.local", ["A", "AAAA", "SRV"]), ("one.second.svc.local", ["A", "SRV"]), ("_second._tcp.svc.local.", ["SRV"]),
        ] {
            let explained = try await explain(name, zooKeeper)
            #expect(explained.exitCode == 0)
            for type in types {
                let answered = try server.ask(name, type).answer.map { $0.replacing("0:0:0:0:0:0:0:1", with: "::1") }
                let shown = explained.output.split(separator: "\n").filter { $0.contains(" IN \(type) ") }.map {
                    String($0.dropFirst(2)).replacing(" IN ", with: " ")
                }
                #expect(shown.sorted() == answered.sorted(), "\(name) \(type)")
            }
        }

        #expect(try await explain("me.alive", zooKeeper).output.contains("  /providers/alive/me   session 0x"))
        #expect(try await explain("empty", zooKeeper).output.hasSuffix("answer (NODATA): service empty without znodes\n"))
        let twin = try await explain("twin.second.svc.local", zooKeeper)
        #expect(twin.exitCode == 1)
        #expect(twin.output.contains("answer (NXDOMAIN): /providers/second/twin is merged into one\n"))
        let unknown = try await explain("third", zooKeeper)
        #expect(unknown.exitCode == 1)
        #expect(unknown.output == "")
        #expect(unknown.errors == "zoodns: third.svc.local does not exist (NXDOMAIN): no such service below /providers\n")
    }

    @Test func `a service of thousands is read in full, within the time for ZooKeeper`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let loaded = try await zooKeeper.python(
            #"""
            client.ensure_path('/providers/large')
            document = '{"host": "10.0.%d.%d", "port": 80}'
            pending = [client.create_async(f'/providers/large/{n}', (document % divmod(n, 250)).encode()) for n in range(5000)]
            for result in pending: result.get()
            """#)
        #expect(loaded.errors == "")
        let service = try await explain("large", zooKeeper)
        // Their znodes, as many A and SRV records as an answer may have, and four lines more.
        #expect(service.output.utf8.count { $0 == UInt8(ascii: "\n") } == 5204)
    }

    @Test(arguments: [
        ([], "Missing expected argument '<name>'"), ([""], "NAME \"\""), (["a..b"], "NAME \"a..b\""),
        (["google.com."], "NAME \"google.com.\""),
        (["a", "b"], "'b'"), (["a", "--ttl", "x"], "--ttl \"x\""),
    ])
    func `misuse is one line that names what is wrong, and exit code 64`(_ arguments: [String], _ what: String) async throws {
        let result = try await RunningProgram.run(RunningProgram.zoodns, ["explain"] + arguments)
        #expect(result.exitCode == 64)
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.contains(what), "\(result.errors)")
        #expect(result.output == "")
    }

    @Test func `no answer from ZooKeeper is one sentence`() async throws {
        let result = try await RunningProgram.run(
            RunningProgram.zoodns, ["explain", "a", "--zookeeper", "127.0.0.1:1", "--log-level", "critical"])
        #expect(result.exitCode == 1)
        #expect(result.errors == "zoodns: no answer from zookeeper at 127.0.0.1:1 within 15.0 seconds\n")
    }
}
