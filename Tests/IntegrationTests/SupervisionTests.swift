import Foundation
import IPAddressing
import TestSupport
import Testing

/// `zoodns serve` as a service manager starts it.
@Suite(.serialized) struct SupervisionTests {
    /// Python that binds sockets as systemd does, becomes another user if it is root, and then the program.
    private static let activation = """
        import os, socket, sys
        stream = socket.socket(); stream.bind(("127.0.0.1", 0)); stream.listen()
        sockets = [stream]
        for _ in range(2):
            datagram = socket.socket(type=socket.SOCK_DGRAM)
            datagram.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            datagram.bind(stream.getsockname()); sockets.append(datagram)
        spare = [os.dup(s.fileno()) for s in sockets]
        high = [__import__("fcntl").fcntl(d, 0, 20) for d in spare]
        for place, descriptor in enumerate(high): os.dup2(descriptor, 3 + place)
        os.closerange(6, 64)
        if os.geteuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="3", LISTEN_FDNAMES="tcp:udp:udp")
        os.execv(sys.argv[1], sys.argv[1:])
        """

    private func lines(_ socket: SupervisorSocket) -> [String] {
        socket.messages.flatMap { $0.split(separator: "\n").map(String.init) }
    }

    @Test func `it is ready without ZooKeeper, lives, reloads, and ends behind its lame duck's time`() async throws {
        let socket = try SupervisorSocket(isAbstract: true)
        let server = try await ServingProgram(
            zooKeeper: "127.0.0.1:1", ["--lameduck", "1s"], environment: ["NOTIFY_SOCKET": socket.place, "WATCHDOG_USEC": "3000000"])
        try await waitUntil("it is ready") { socket.messages.first == "READY=1" }
        #expect(try server.ask("a.svc.local", "A").code == "SERVFAIL")
        try await waitUntil("it says why") {
            lines(socket).contains { $0.hasPrefix("STATUS=no ZooKeeper since 20") && $0.contains("; 1 zones (1 not read yet), 0 services") }
        }
        try await waitUntil("it shows life, again and again") { socket.messages.count { $0 == "WATCHDOG=1" } > 2 }
        let count = socket.messages.count
        server.program.signal(SIGHUP)
        try await waitUntil("it has reloaded") { socket.messages.dropFirst(count).contains("READY=1") }
        let reloading = try #require(socket.messages.dropFirst(count).first { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
        #expect(reloading.split(separator: "=").last.flatMap { UInt64($0) } ?? 0 > 0)
        server.program.signal(SIGTERM)
        #expect(try await server.program.exitCode() == 0)
        #expect(socket.messages.contains("STOPPING=1\nEXTEND_TIMEOUT_USEC=10000000"))
        #expect(lines(socket).contains("STATUS=about to end"))
    }

    @Test func `a program that is stopped shows no life`() async throws {
        let socket = try SupervisorSocket()
        let server = try await ServingProgram(
            zooKeeper: "127.0.0.1:1", environment: ["NOTIFY_SOCKET": socket.place, "WATCHDOG_USEC": "300000"])
        try await waitUntil("it lives") { socket.messages.contains("WATCHDOG=1") }
        server.program.signal(SIGSTOP)
        let count = socket.messages.count
        try await Task.sleep(for: .seconds(2.5))
        #expect(socket.messages.count <= count + 1)
        server.program.signal(SIGCONT)
        try await waitUntil("it lives again") { socket.messages.dropFirst(count + 1).contains("WATCHDOG=1") }
    }

    @Test func `sockets of another user are served on, and programs that it starts hear nothing of them`() async throws {
        let copy = try ProgramCopy()
        let program = try RunningProgram(
            URL(filePath: "/usr/bin/python3"), ["-c", Self.activation, copy.zoodns.path, "serve", "--zookeeper", "127.0.0.1:1"])
        try await waitUntil("it listens") { program.output.hasSuffix(" udp tcp\n") || !program.isRunning }
        let words = program.output.split(whereSeparator: \.isWhitespace).map(String.init)
        try #require(words.count == 4, "\(program.output)\(program.errors)")
        let endpoint = try #require(SocketEndpoint(words[1]))
        for number in 0..<20 {
            let client = try ClientSocket(endpoint, isStream: number % 4 == 0)
            try client.send(QueryOctets.query("a.svc.local", "A"))
            #expect(try PacketText(client.receive()).code == "SERVFAIL")
        }
        program.signal(SIGTERM)
        #expect(try await program.exitCode() == 0, "\(program.errors)")
    }
}

/// `--user`: what is left of root's rights.
@Suite(.enabled(if: geteuid() == 0, "only root can become another user"), .serialized) struct ServingUserTests {
    /// A field of each thread's status.
    private func fields(_ name: String, of program: RunningProgram) throws -> Set<String> {
        let folder = "/proc/\(program.number)/task"
        let statuses = try FileManager.default.contentsOfDirectory(atPath: folder).map {
            try String(contentsOf: URL(filePath: "\(folder)/\($0)/status"), encoding: .utf8)
        }
        return Set(
            statuses.flatMap { $0.split(separator: "\n").filter { $0.hasPrefix(name + ":") } }.map {
                $0.dropFirst(name.count + 1).split(whereSeparator: \.isWhitespace).joined(separator: " ")
            })
    }

    @Test func `every thread has the right to bind low ports alone, and a reload binds one`() async throws {
        let copy = try ProgramCopy()
        let file = FileManager.default.temporaryDirectory.appending(path: "zoodns-\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        func write(_ listen: String) throws {
            try Data("zookeeper: 127.0.0.1:1\nuser: nobody\nlisten: [\(listen)]\n".utf8).write(to: file)
            chmod(file.path, 0o644)
        }
        try write("127.0.0.1:0")
        let program = try RunningProgram(copy.zoodns, ["serve", "--config", file.path])
        try await waitUntil("it listens") { program.output.hasSuffix(" udp tcp\n") || !program.isRunning }
        let low = "127.71.3.5:53"
        try write("127.0.0.1:0, \(low)")
        program.signal(SIGHUP)
        try await waitUntil("it listens at a low port") { program.output.contains("listening \(low) udp tcp\n") || !program.isRunning }
        let client = try ClientSocket(try #require(SocketEndpoint(low)), isStream: true)
        try client.send(QueryOctets.query("a.svc.local", "A"))
        #expect(try PacketText(client.receive()).code == "SERVFAIL", "\(program.errors)")
        #expect(try fields("Uid", of: program) == ["65534 65534 65534 65534"])
        #expect(try fields("Gid", of: program) == ["65534 65534 65534 65534"])
        #expect(try fields("Groups", of: program) == [""])
        for rights in ["CapEff", "CapPrm", "CapBnd", "CapAmb"] {
            #expect(try fields(rights, of: program) == ["0000000000000400"], "\(rights)")
        }
        #expect(try fields("NoNewPrivs", of: program) == ["1"])
    }

    @Test func `a user who is not there, or whom only root can become, is refused in one line`() async throws {
        let absent = try await RunningProgram.run(RunningProgram.zoodns, ["serve", "--user", "no-such-user-here"])
        #expect(absent.exitCode == 1)
        #expect(absent.errors.contains("--user \"no-such-user-here\": there is no such user"))
        let copy = try ProgramCopy()
        let other = try await RunningProgram.run(
            URL(filePath: "/usr/bin/setpriv"), ["--reuid", "54321", "--clear-groups", copy.zoodns.path, "serve", "--user", "nobody"])
        #expect(other.exitCode == 1)
        #expect(other.errors.contains("--user \"nobody\": only root can become another user"))
    }
}
