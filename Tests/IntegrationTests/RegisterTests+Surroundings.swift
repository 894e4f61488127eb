import Foundation
import TestSupport
import Testing

/// What `zoodns register` finds around it: what it checks, the machine's name, names in DNS, paths in ZooKeeper.
extension RegisterTests {
    /// An interim response comes before the final one (RFC 9110 §15.2), header fields come in pieces, and the answer over TLS.
    @Test(arguments: ["http", "https"]) func `a check is answered as RFC 9110 has it`(_ scheme: String) async throws {
        let port = try ClientSocket.freePort()
        let folder = FileManager.default.temporaryDirectory.appending(path: "zoodns-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = """
            import socket, ssl, subprocess, sys, time
            folder, port, scheme = sys.argv[1], int(sys.argv[2]), sys.argv[3]
            listener = socket.create_server(("127.0.0.1", port))
            if scheme == "https":
                subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=elsewhere.example",
                    "-keyout", folder + "/key", "-out", folder + "/certificate"], check=True, stderr=subprocess.DEVNULL)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(folder + "/certificate", folder + "/key")
                listener = context.wrap_socket(listener, server_side=True)
            while True:
                try: client = listener.accept()[0]
                except OSError: continue
                asked = client.recv(4096).decode()
                print(asked, flush=True)
                for part in ("HTTP/1.1 103 Early Hints\\r\\nLink: </a>\\r\\n\\r\\n", "HTTP/1.1 2", "04 No Content\\r\\nDate: x\\r\\n\\r\\n"):
                    client.sendall(part.encode())
                    time.sleep(0.05)
                client.close()
            """
        let program = try register(
            ["--check", "\(scheme)://127.0.0.1:\(port)/ready?now", "--check-interval", "1s"],
            command: ["/usr/bin/python3", "-c", script, folder.path, String(port), scheme])
        try await waitForRegistration()
        #expect(program.output.hasPrefix("GET /ready?now HTTP/1.1\r\n"))
        #expect(program.output.lowercased().contains("host: 127.0.0.1:\(port)\r\n"))
        #expect(program.errors.contains("check=http 127.0.0.1:\(port)"))
    }

    @Test func `a check of another port says which, warns while it never passes, and passes once the port is open`() async throws {
        let port = try ClientSocket.freePort()
        let program = try register(["--check", "tcp://127.0.0.1:\(port)", "--check-interval", "100ms"])
        try await waitUntil("it has been tried") { program.errors.contains("check does not pass yet") }
        #expect(program.errors.contains("check=tcp 127.0.0.1:\(port)"))
        try await waitUntil("it is a warning") { program.errors.contains("warning zoodns: check=tcp 127.0.0.1:\(port)") }
        #expect(program.errors.contains("check has never passed"))
        let listening = try zooKeeper.leavePython("import socket; listener = socket.create_server((\"127.0.0.1\", \(port)))")
        try await waitForRegistration()
        withExtendedLifetime(listening) {}
    }

    @Test func `a service that DNS cannot name is warned of`() async throws {
        let name = String(repeating: "x", count: 64)
        let program = try RunningProgram(
            RunningProgram.zoodns, ["register", name, "--port", "1", "--host", "10.0.0.1", "--check", "none", "--zookeeper", "127.0.0.1:1"])
        try await waitUntil("it is warned of") { program.errors.contains("out of reach in DNS") }
        #expect(program.errors.contains(name))
    }

    /// In a namespace of host names.
    @Test(.enabled(if: geteuid() == 0), arguments: [("localhost.localdomain", 64), ("localhost", 64), ("8c1f0a7e22b4", 0)])
    func `a machine that is called localhost is not announced, one without a domain is warned of`(
        _ name: String, _ code: Int32
    ) async throws {
        let program = try RunningProgram(
            URL(filePath: "/usr/bin/unshare"),
            ["--uts", "/bin/sh", "-c", "echo \(name) >/proc/sys/kernel/hostname && exec \"$0\" \"$@\"", RunningProgram.zoodns.path]
                + ["register", "web", "--port", "1", "--check", "none", "--drain", "0", "--zookeeper", zooKeeper.address])
        if code == 0 {
            try await waitUntil("it is warned of") { program.errors.contains("this machine's name has no domain") }
            program.signal(SIGTERM)
        }
        #expect(try await program.exitCode(within: .seconds(20)) == code)
        if code == 64 { #expect(program.errors.contains("give --host")) }
    }

    @Test func `a chroot that is missing is made`() async throws {
        let program = try register(at: zooKeeper.address + "/made/below")
        try await waitUntil("registered") { program.errors.contains("provider registered") }
        let found = try await zooKeeper.python("print(client.get_children('/made/below/providers/web'))")
        #expect(found.output == "['one']\n")
        #expect(!program.errors.contains("no such znode"))
    }

    @Test func `all commands name the first path that is missing`() async throws {
        let servers = zooKeeper.address + "/deep/down"
        let server = try await ServingProgram(zooKeeper: servers)
        try await waitUntil("it warns") { server.program.errors.contains("the registry does not exist") }
        #expect(server.program.errors.contains("missing=/deep "))
        for (made, missing) in [("", "/deep"), ("/deep", "/deep/down"), ("/deep/down", "/deep/down/providers")] {
            if !made.isEmpty { _ = try await zooKeeper.python("client.create('\(made)')") }
            for command in [["zone"], ["lookup", "web"], ["explain", "web"]] {
                let result = try await RunningProgram.run(RunningProgram.zoodns, command + ["--zookeeper", servers])
                #expect(result.exitCode == 1)
                #expect(result.errors.contains("\"\(missing)\" does not exist in zookeeper at \(zooKeeper.address)\n"), "\(result.errors)")
            }
        }
    }
}
