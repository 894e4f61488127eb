import Foundation
import TestSupport
import Testing

/// `zoodns register` and `zoodns lookup` with a real ZooKeeper, looked at by kazoo.
@Suite struct RegisterTests {
    let zooKeeper: ZooKeeperProcess

    init() async throws {
        zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
    }

    /// A registrant of service `web`, instance `one`, at 10.0.0.1:9001, that runs until the result is let go of.
    func register(
        _ options: [String] = ["--check", "none"], at servers: String? = nil, command: [String] = [], environment: [String: String] = [:]
    ) throws -> RunningProgram {
        let provider = ["web", "--port", "9001", "--host", "10.0.0.1", "--instance", "one", "--session-timeout", "2s", "--drain", "0"]
        let arguments = ["register", "--zookeeper", servers ?? zooKeeper.address] + provider + options
        return try RunningProgram(RunningProgram.zoodns, arguments + (command.isEmpty ? [] : ["--"] + command), environment: environment)
    }

    /// What `web`'s znodes are, as kazoo has it: owner's session, creation and data of each by name.
    func znodes() async throws -> [String: String] {
        let found = try await zooKeeper.python("for provider in providers('web'): print(*provider)")
        let lines = found.output.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1) }
        return Dictionary(uniqueKeysWithValues: lines.map { (String($0[0]), String($0[1])) })
    }

    func waitForRegistration() async throws { try await waitUntil("registered") { try await self.znodes()["one"] != nil } }

    @Test func `what is written is what Python's json dumps writes, and goes at SIGTERM`() async throws {
        let program = try register()
        try await waitForRegistration()
        #expect(try await znodes()["one"]?.hasSuffix(#" {"host": "10.0.0.1", "port": 9001}"#) == true)
        program.signal(SIGTERM)
        #expect(try await program.exitCode(within: .seconds(5)) == 0)
        #expect(try await znodes() == [:])
    }

    /// As data classes are filled by: another member than these two would be an error.
    @Test func `a strict reader finds the same document until the znode is gone`() async throws {
        // Taken back by a signal, or by the end of what serves: then without the drain.
        let commands = [[], ["sh", "-c", "trap 'exit 3' USR1; while :; do sleep 0.1; done"]]
        for (command, signal) in zip(commands, [SIGTERM, SIGUSR1]) { try await watch(command, until: signal) }
    }

    private func watch(_ command: [String], until signal: Int32) async throws {
        let program = try register(command.isEmpty ? ["--check", "none"] : ["--check", "none", "--drain", "60s"], command: command)
        try await waitForRegistration()
        let watching = try zooKeeper.leavePython(
            """
            import json
            def provider(host, port): print("seen", host, port, flush=True)
            @client.DataWatch("/providers/web/one")
            def changed(data, stat): provider(**json.loads(data)) if data else print("gone", flush=True)
            """)
        try await waitUntil("it watches") { watching.output.contains("ready") }
        program.signal(signal)
        #expect(try await program.exitCode(within: .seconds(10)) == (command.isEmpty ? 0 : 3))
        try await waitUntil("it is gone") { watching.output.contains("gone") }
        let seen = watching.output.split(separator: "\n").filter { $0.hasPrefix("seen") }
        #expect(seen.count == 2, "before and with the mark: \(watching.output)")
        #expect(Set(seen) == ["seen 10.0.0.1 9001"])
        #expect(watching.errors == "")
    }

    @Test func `a deliberate scale-in takes effect at once, whatever guard is up`() async throws {
        let programs = try (1...12).map { number in
            try RunningProgram(
                RunningProgram.zoodns,
                ["register", "web", "--port", "9001", "--host", "10.0.0.\(number)", "--check", "none", "--drain", "0"]
                    + ["--zookeeper", zooKeeper.address])
        }
        try await waitUntil("all are registered") { try await self.znodes().count == 12 }
        // Only now: what has just come is no loss when it goes.
        let server = try await ServingProgram(zooKeeper: zooKeeper.address, ["--probe-held", "off"])
        try await waitUntil("all are answered") { try server.ask("web.svc.local", "A").answer.count == 12 }
        for program in programs.prefix(8) { program.signal(SIGTERM) }
        for program in programs.prefix(8) { #expect(try await program.exitCode(within: .seconds(20)) == 0) }
        try await waitUntil("four are left", within: .seconds(5)) { try server.ask("web.svc.local", "A").answer.count == 4 }
        #expect(!server.program.errors.contains("vanished at once"))
        #expect(!server.program.errors.contains("znode cannot be used"))
        withExtendedLifetime(programs) {}
    }

    @Test func `a restart of ZooKeeper keeps the znode`() async throws {
        let program = try register()
        try await waitForRegistration()
        let before = try await znodes()
        zooKeeper.stop()
        try await waitUntil("the connection is lost") { program.errors.contains("connection to zookeeper lost, provider stays") }
        try await zooKeeper.start()
        try await waitUntil("registered again") { program.errors.components(separatedBy: "provider registered").count == 3 }
        #expect(try await znodes() == before)
    }

    @Test func `who sleeps longer than its session comes back under the same name`() async throws {
        let program = try register()
        try await waitForRegistration()
        let before = try await znodes()
        program.signal(SIGSTOP)
        try await waitUntil("the session has expired") { try await self.znodes() == [:] }
        program.signal(SIGCONT)
        try await waitForRegistration()
        let after = try await znodes()
        #expect(after.keys.sorted() == ["one"])
        #expect(after != before)
        #expect(program.errors.contains("session expired"))
    }

    /// A second client takes over the session, whose id and password a proxy has seen, and closes it.
    @Test func `a session that is closed from outside is followed by another`() async throws {
        let proxy = try zooKeeper.leavePython(
            """
            import os, select, socket, threading
            listener = socket.create_server(("127.0.0.1", 0))
            def serve(here):
                there = socket.create_connection(("127.0.0.1", \(zooKeeper.port)))
                first = True
                while True:
                    for ready in select.select([here, there], [], [])[0]:
                        data = ready.recv(65536)
                        if not data:
                            here.close(), there.close()
                            return
                        if ready is there and first:
                            first = False
                            print("session", int.from_bytes(data[12:20], "big"), data[24:40].hex(), flush=True)
                        (there if ready is here else here).sendall(data)
            def accept():
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
            threading.Thread(target=accept, daemon=True).start()
            print("port", listener.getsockname()[1], flush=True)
            """)
        try await waitUntil("the proxy listens") { proxy.output.contains("ready") }
        let port = try #require(proxy.output.split(separator: "\n").first { $0.hasPrefix("port") }?.split(separator: " ").last)
        let program = try register(at: "127.0.0.1:\(port)")
        try await waitForRegistration()
        let before = try await znodes()
        let session = try #require(proxy.output.split(separator: "\n").first { $0.hasPrefix("session") }?.split(separator: " "))
        try await waitUntil("another znode") {
            // Again where the owner has taken it back before it was closed.
            _ = try await self.zooKeeper.python(
                """
                other = KazooClient("\(self.zooKeeper.address)", client_id=(\(session[1]), bytes.fromhex("\(session[2])")), timeout=2)
                other.start(timeout=3)
                other.exists("/")
                other.stop()
                """)
            let now = try await self.znodes()
            return now != before && now.keys.sorted() == ["one"]
        }
        #expect(program.isRunning)
    }

    @Test func `a znode that somebody deletes or overwrites comes back; somebody else's is left alone`() async throws {
        _ = try await zooKeeper.python(#"client.create("/providers/web/one", b"theirs", makepath=True)"#)
        let program = try register()
        try await waitUntil("it sees theirs") { program.errors.contains("znode is of session 0x0") }
        #expect(try await znodes()["one"]?.hasSuffix(" theirs") == true)
        _ = try await zooKeeper.python(#"client.delete("/providers/web/one")"#)
        try await waitForRegistration()
        _ = try await zooKeeper.python(#"client.set("/providers/web/one", b"broken")"#)
        try await waitUntil("it is mended") { try await self.znodes()["one"]?.hasSuffix("9001}") == true }
        _ = try await zooKeeper.python(#"client.delete("/providers/web/one")"#)
        try await waitForRegistration()
    }
}

extension RegisterTests {
    @Test func `a program is registered once it serves, withdrawn before it is stopped, and its exit code handed on`() async throws {
        let port = try ClientSocket.freePort()
        let script = """
            import http.server, signal, sys
            server = http.server.HTTPServer(("127.0.0.1", \(port)), http.server.SimpleHTTPRequestHandler)
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
            server.serve_forever()
            """
        let program = try register(
            ["--host", "127.0.0.1", "--port", String(port), "--check-interval", "100ms", "--drain", "1s"],
            command: ["/usr/bin/python3", "-c", script])
        try await waitForRegistration()
        program.signal(SIGTERM)
        try await waitUntil("it is withdrawn") { try await self.znodes() == [:] }
        #expect((try? ClientSocket(try #require(.init("127.0.0.1:\(port)")), isStream: true)) != nil, "still served in the drain")
        #expect(try await program.exitCode(within: .seconds(10)) == 7)
        #expect(program.errors.contains("status=exit 7"), "\(program.errors)")
    }

    @Test(arguments: [SIGQUIT, SIGTERM]) func `the stop signal withdraws before the program gets it`(_ signal: Int32) async throws {
        let script = "trap 'echo stopped; exit 7' QUIT; echo ready; while :; do sleep 0.05; done"
        let program = try register(["--check", "none", "--stop-signal", "QUIT", "--drain", "2s"], command: ["/bin/bash", "-c", script])
        try await waitForRegistration()
        try await waitUntil("it has started") { program.output == "ready\n" }
        program.signal(signal)
        try await waitUntil("it is withdrawn") { try await self.znodes() == [:] }
        #expect(program.output == "ready\n", "still served in the drain")
        #expect(try await program.exitCode(within: .seconds(10)) == 7)
    }

    @Test func `a check over http passes as soon as the answer is good`() async throws {
        let port = try ClientSocket.freePort()
        let folder = FileManager.default.temporaryDirectory.appending(path: "zoodns-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try register(
            ["--check", "http://127.0.0.1:\(port)/ready", "--check-interval", "100ms"],
            command: ["/usr/bin/python3", "-m", "http.server", String(port), "--bind", "127.0.0.1", "--directory", folder.path])
        try await waitUntil("it answers that there is no such file") { program.errors.contains("\"GET /ready HTTP/1.1\" 404") }
        #expect(try await znodes() == [:])
        _ = FileManager.default.createFile(atPath: folder.appending(path: "ready").path, contents: nil)
        try await waitForRegistration()
        program.signal(SIGTERM)
        #expect(try await program.exitCode(within: .seconds(10)) == 128 + SIGTERM)
    }

    @Test func `two signals at once withdraw all the same`() async throws {
        let program = try register(["--check", "none", "--drain", "60s"])
        try await waitForRegistration()
        program.signal(SIGTERM)
        program.signal(SIGINT)
        #expect([128 + SIGTERM, 128 + SIGINT].contains(try await program.exitCode(within: .seconds(5))))
        #expect(try await znodes() == [:])
    }

    @Test func `a program that dies is withdrawn at once`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "zoodns-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try register(
            ["--check", "none", "--drain", "60s"],
            command: ["/bin/sh", "-c", "until [ -e '\(folder.path)' ]; do sleep 0.05; done; exit 3"])
        try await waitForRegistration()
        _ = FileManager.default.createFile(atPath: folder.path, contents: nil)
        #expect(try await program.exitCode(within: .seconds(10)) == 3)
        #expect(try await znodes() == [:])
    }

    @Test func `a check that fails withdraws, one that passes again brings back`() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "zoodns-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let program = try register(["--check", "exec:test -e '\(file.path)'", "--check-interval", "50ms", "--check-failures", "2"])
        try await waitUntil("connected") { program.errors.contains("connected to zookeeper") }
        #expect(try await znodes() == [:])
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        try await waitForRegistration()
        try FileManager.default.removeItem(at: file)
        try await waitUntil("withdrawn") { try await self.znodes() == [:] }
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        try await waitForRegistration()
    }

    @Test func `who was never registered has nothing to wait for at the end`() async throws {
        let program = try register(["--drain", "60s"], command: ["/bin/sleep", "1000"])
        try await waitUntil("connected") { program.errors.contains("connected to zookeeper") }
        program.signal(SIGTERM)
        #expect(try await program.exitCode(within: .seconds(5)) == 128 + SIGTERM)
    }

    @Test func `a second signal ends the program and us at once`() async throws {
        let command = ["/bin/sh", "-c", "trap : TERM; echo $$; while :; do sleep 0.1; done"]
        let program = try register(["--check", "none", "--drain", "60s"], command: command)
        try await waitForRegistration()
        program.signal(SIGTERM)
        try await waitUntil("withdrawn") { try await self.znodes() == [:] }
        program.signal(SIGTERM)
        #expect(try await program.exitCode(within: .seconds(5)) == 128 + SIGTERM)
        let child = try #require(pid_t(program.output.split(separator: "\n")[0]))
        try await waitUntil("the program has ended") { kill(child, 0) != 0 }
    }

    @Test func `signals that are not ours are passed on`() async throws {
        let command = ["/bin/sh", "-c", "trap 'exit 5' HUP; echo ready; while :; do sleep 0.05; done"]
        let program = try register(["--check", "none"], command: command)
        try await waitUntil("it has started") { program.output == "ready\n" }
        program.signal(SIGHUP)
        #expect(try await program.exitCode(within: .seconds(10)) == 5)
    }

    @Test func `all that a program has started gets SIGTERM`() async throws {
        let program = try register(["--check", "none"], command: ["/bin/sh", "-c", "sleep 1000 & echo $!; wait; true"])
        try await waitForRegistration()
        program.signal(SIGTERM)
        _ = try await program.exitCode(within: .seconds(10))
        let started = try #require(pid_t(program.output.split(separator: "\n")[0]))
        try await waitUntil("it has ended") { kill(started, 0) != 0 }
    }

    @Test func `a program that cannot be started is one line, and exit code 127`() async throws {
        let program = try register(["--log-level", "error"], command: ["/no/such/program"])
        #expect(try await program.exitCode(within: .seconds(10)) == 127)
        #expect(program.errors.split(separator: "\n").count == 1, "\(program.errors)")
    }

    @Test func `without ZooKeeper within the given time: one line, and exit code 1`() async throws {
        let program = try register(["--check", "none", "--connect-timeout", "500ms", "--log-level", "error"], at: "127.0.0.1:1")
        #expect(try await program.exitCode(within: .seconds(10)) == 1)
        #expect(program.errors.split(separator: "\n").count == 1, "\(program.errors)")
    }

    @Test(arguments: [
        ([], "SERVICE is missing"), (["web"], "--port or PORT is missing"), (["web", "--port", "0"], "--port \"0\""),
        (["a/b", "--port", "1"], "\"a/b\""), (["web", "--port", "1", "--check", "maybe"], "--check \"maybe\""),
        (["web", "--port", "1", "--host", "not a host"], "--host \"not a host\""),
        (["web", "--port", "1", "--weight", "-1"], "--weight \"-1\""), (["web", "--port", "1", "--instance", "a/b"], "\"a/b\""),
        (["web", "--port", "1", "--zone", "a=/x", "--zone", "b=/y"], "--zone: expected one"),
        (["web", "--port", "1", "--check", "tcp://10.0.0.1"], "--check \"tcp://10.0.0.1\""),
        (["web", "--port", "1", "--check", "https://h:0/"], "--check \"https://h:0/\""),
        (["web", "--port", "1", "--keep-program", "perhaps"], "--keep-program \"perhaps\""),
        (["web", "--port", "1", "--readable-by", "creator"], "--readable-by:"),
        (["web", "--port", "1", "--stop-signal", "STOP"], "--stop-signal \"STOP\""),
        (["web", "--port", "1", "--stop-signal", "0"], "--stop-signal \"0\""),
        (["web", "--port", "1", "--stop-timeout", "2s", "--drain", "2s"], "--stop-timeout:"),
    ])
    func `misuse is a line for each problem that names what is wrong, and exit code 64`(_ arguments: [String], _ what: String) async throws
    {
        let result = try await RunningProgram.run(RunningProgram.zoodns, ["register"] + arguments)
        #expect(result.exitCode == 64)
        // Neither a service nor a port.
        #expect(result.errors.split(separator: "\n").count == (arguments.isEmpty ? 2 : 1))
        #expect(result.errors.contains(what), "\(result.errors)")
    }

    @Test func `lookup finds what kazoo has registered, and follows it`() async throws {
        let watching = try RunningProgram(RunningProgram.zoodns, ["lookup", "web", "--watch", "--zookeeper", zooKeeper.address])
        try await waitUntil("none is known") { watching.output == "-\n" }
        let owner = try zooKeeper.leavePython(#"register("web", "10.0.0.1", 9001); register("web", "2001:db8::1", 9002)"#)
        try await waitUntil("both are known") { watching.output.hasSuffix("10.0.0.1:9001 [2001:db8::1]:9002\n") }
        let all = try await RunningProgram.run(
            RunningProgram.zoodns, ["lookup", "web", "--all", "--zookeeper", zooKeeper.address])
        #expect(all.output == "10.0.0.1:9001\n[2001:db8::1]:9002\n")
        let one = try await RunningProgram.run(RunningProgram.zoodns, ["lookup", "web", "--json", "--zookeeper", zooKeeper.address])
        #expect(one.output.contains(#""priority":0,"weight":1"#))
        let none = try await RunningProgram.run(RunningProgram.zoodns, ["lookup", "nothing", "--zookeeper", zooKeeper.address])
        #expect((none.exitCode, none.errors) == (1, "zoodns: \"nothing\" has no provider\n"))
        withExtendedLifetime(owner) {}
    }
}

/// What others may do with what `register` makes.
extension RegisterTests {
    @Test(arguments: ["world", "creator"]) func `with credentials no other client may change the znode or add others`(
        _ readers: String
    ) async throws {
        let program = try register(
            ["--check", "none", "--readable-by", readers], environment: ["ZOODNS_ZOOKEEPER_AUTH": "digest:web:secret"])
        try await waitUntil("registered") { program.errors.contains("provider registered") }
        let attempts = try await zooKeeper.python(
            """
            from kazoo.exceptions import NoAuthError
            from kazoo.security import OPEN_ACL_UNSAFE
            def attempt(name, body):
                try: body()
                except NoAuthError: print(name, "refused")
                else: print(name, "allowed")
            other = KazooClient("\(zooKeeper.address)")
            other.start()
            other.add_auth("digest", "other:secret")
            for one in (client, other):
                attempt("overwrite", lambda: one.set("/providers/web/one", b"theirs"))
                attempt("delete", lambda: one.delete("/providers/web/one"))
                attempt("add", lambda: one.create("/providers/web/two", b"theirs"))
                attempt("add a service", lambda: one.create("/providers/other"))
                attempt("open", lambda: one.set_acls("/providers/web", OPEN_ACL_UNSAFE))
                attempt("read", lambda: (one.get("/providers/web/one"), one.get_children("/providers"), one.get_children("/providers/web")))
            """)
        #expect(attempts.errors == "")
        let lines = attempts.output.split(separator: "\n")
        #expect(lines.count == 12)
        for line in lines { #expect(line.hasSuffix(line.hasPrefix("read") && readers == "world" ? "allowed" : "refused"), "\(line)") }

        // A later session of the same user takes it away, as the registrant does with what its earlier sessions have left.
        let later = try await zooKeeper.python(#"client.add_auth("digest", "web:secret"); client.delete("/providers/web/one")"#)
        #expect(later.errors == "")
        try await waitUntil("made again") { program.errors.components(separatedBy: "provider registered").count == 3 }
        program.signal(SIGTERM)
        #expect(try await program.exitCode(within: .seconds(10)) == 0)
    }

    @Test func `refused credentials are named`() async throws {
        let refusing = try ZooKeeperProcess(java: "-Dzookeeper.DigestAuthenticationProvider.enabled=false")
        try await refusing.start()
        let environment = ["ZOODNS_ZOOKEEPER_AUTH": "digest:web:secret"]
        let program = try register(["--check", "none", "--connect-timeout", "4s"], at: refusing.address, environment: environment)
        let reading = try RunningProgram(RunningProgram.zoodns, ["zone", "--zookeeper", refusing.address], environment: environment)
        let looking = try RunningProgram(
            RunningProgram.zoodns, ["lookup", "web", "--zookeeper", refusing.address], environment: environment)
        #expect(try await program.exitCode() == 1)
        #expect(program.errors.contains("zoodns: zookeeper refuses the credentials at \(refusing.address)\n"))
        #expect(program.errors.components(separatedBy: "no session with zookeeper").count == 2, "said once")
        #expect(program.errors.contains("zookeeper refuses: the credentials"))
        for program in [reading, looking] {
            #expect(try await program.exitCode() == 1)
            #expect(program.errors.hasSuffix("within 15.0 seconds: the credentials are refused\n"), "\(program.errors)")
        }
        #expect(!program.errors.contains("secret"))
    }
}
