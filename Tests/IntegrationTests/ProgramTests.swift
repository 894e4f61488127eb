import Foundation
import TestSupport
import Testing

@Suite struct ProgramTests {
    @Test(arguments: [
        ["--listen", "nowhere"], ["--listen", "224.0.0.1:53"], ["--zone", "a..b=/x"], ["--zone", "a=x"], ["--ttl", "-1"],
        ["--ttl", "2147483648"],
        ["--zookeeper", "a:0"], ["--bogus"],
        ["--listen", "127.0.0.1:53", "--listen", "0.0.0.0:53"], ["--listen", "[::]:53", "--listen", "[::1]:53"],
        ["--zookeeper-auth", "digest:user:password"], ["--log-rate", "-1"],
        ["--hold-down", "1d"], ["--workers", "0"], ["--zone", "a=/x", "--zone", "A=/y"], ["--log-level", "loud"], ["--host-resolver", "a"],
        ["--hosts-file", ""],
    ])
    func `a wrong option is one line on standard error that names it, and exit code 64`(_ options: [String]) async throws {
        let result = try await RunningProgram.run(RunningProgram.zoodns, ["serve"] + options)
        #expect(result.exitCode == 64)
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.contains(options[0]), "\(result.errors)")
        #expect(result.output == "")
    }

    @Test(arguments: [
        "ttl", "negative-ttl", "max-answers", "max-udp-size", "workers", "log-rate", "session-timeout", "max-stale", "reconcile",
        "hold-down",
    ])
    func `a negative number is said to be wrong, not missing`(_ option: String) async throws {
        for words in [["--\(option)", "-1"], ["--\(option)=-1"]] {
            let result = try await RunningProgram.run(RunningProgram.zoodns, ["serve"] + words)
            #expect(result.exitCode == 64)
            #expect(result.errors.hasPrefix("zoodns: --\(option) \"-1\": expected "), "\(result.errors)")
        }
    }

    @Test func `it says which version it is`() async throws {
        let result = try await RunningProgram.run(RunningProgram.zoodns, ["--version"])
        #expect(result.exitCode == 0)
        #expect(result.output.wholeMatch(of: /zoodns \d+\.\d+\.\d+\n/) != nil, "\(result.output)")
        #expect(result.errors == "")
    }

    @Test func `all problems are named at once, those of the environment too`() async throws {
        let program = try RunningProgram(RunningProgram.zoodns, ["serve", "--ttl", "x"], environment: ["ZOODNS_HOLD_DOWN": "y"])
        #expect(try await program.exitCode() == 64)
        #expect(program.errors.contains("--ttl"))
        #expect(program.errors.contains("ZOODNS_HOLD_DOWN"))
    }

    @Test func `an address in use is one line, and exit code 1`() async throws {
        let first = try await ServingProgram(zooKeeper: "127.0.0.1:1")
        let second = try await RunningProgram.run(RunningProgram.zoodns, ["serve", "--listen", first.endpoint.text])
        #expect(second.exitCode == 1)
        #expect(second.errors.split(separator: "\n").count == 1)
        #expect(second.errors.contains("in use"))
    }

    /// The slices of a process's threads in nanoseconds; none where Linux does not show them.
    private static func slices(of process: pid_t) throws -> [Int] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task").compactMap { thread in
            let text = try? String(contentsOfFile: "/proc/\(process)/task/\(thread)/sched", encoding: .utf8)
            let line = text?.split(separator: "\n").first { $0.hasPrefix("se.slice") }
            return line?.split(separator: ":").last.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        }
    }

    /// Whether Linux lets threads choose their slices (6.12), and shows them.
    private static var hasSlices: Bool {
        let version = ProcessInfo.processInfo.operatingSystemVersion
        return (version.majorVersion, version.minorVersion) >= (6, 12) && (try? slices(of: getpid()))?.isEmpty == false
    }

    @Test(.enabled(if: hasSlices, "Linux gives or shows no slices"))
    func `only the threads that answer queries have slices of the usual length`() async throws {
        let options = ["serve", "--zookeeper", "127.0.0.1:1", "--listen", "127.0.0.1:0", "--workers", "2"]
        let program = try RunningProgram(RunningProgram.zoodns, options)
        // Two for UDP, one for TCP.
        try await waitUntil("three threads answer") { try Self.slices(of: program.number).filter { $0 > 100_000 }.count == 3 }
        #expect(try Self.slices(of: program.number).filter { $0 == 100_000 }.count > 3)
    }

    @Test func `two addresses, one of which takes the other, are named both`() async throws {
        let result = try await RunningProgram.run(
            RunningProgram.zoodns, ["serve", "--listen", "0.0.0.0:5300", "--listen", "127.0.0.1:5300", "--listen", "[::1]:5300"])
        #expect(result.errors.contains("--listen 127.0.0.1:5300: --listen 0.0.0.0:5300 takes that address too"))
        #expect(!result.errors.contains("[::1]"))
    }

    @Test(.enabled(if: geteuid() == 0, "mount namespaces need root")) func `without proc there is a line, not the help`() async throws {
        let result = try await RunningProgram.run(
            URL(filePath: "/usr/bin/unshare"),
            ["--mount", "sh", "-c", "umount --lazy /proc && exec \"$0\" serve", RunningProgram.zoodns.path])
        #expect(result.exitCode == 1)
        #expect(result.output == "")
        #expect(result.errors.contains("/proc"))
    }

    /// As another user than root, who may read everything.
    @Test func `the program that register starts cannot read the password`() async throws {
        let copy = try ProgramCopy()
        let user = geteuid() == 0 ? ["--reuid", "65534", "--regid", "65534", "--clear-groups"] : []
        let look = "grep -c password /proc/$PPID/environ; env | grep -c password; grep -c zoodns /proc/$PPID/comm"
        let options = ["web", "--port", "80", "--check", "none", "--zookeeper", "127.0.0.1:1", "--log-level", "critical"]
        let program = try RunningProgram(
            URL(filePath: "/usr/bin/setpriv"), user + [copy.zoodns.path, "register"] + options + ["--", "sh", "-c", look],
            environment: ["ZOODNS_ZOOKEEPER_AUTH": "digest:user:password"])
        _ = try await program.exitCode()
        withExtendedLifetime(copy) {}
        // The first cannot be opened, the second is without it, the third shows that there is something to look at.
        #expect(program.output.split(separator: "\n") == ["0", "1"])
        #expect(program.errors.contains("Permission denied"))
    }

    @Test func `no other signal ends it, and those that people send are logged`() async throws {
        let server = try await ServingProgram(zooKeeper: "127.0.0.1:1", ["--log-rate", "0"])
        // Those that stop it, and those that only a fault of its own would send.
        let special: Set = [SIGKILL, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGTERM, SIGINT]
        let faults: Set = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP]
        for number in 1...Int32(64) where !special.union(faults).contains(number) {
            server.program.signal(number)
            #expect(try server.ask("a.svc.local", "A").code == "SERVFAIL", "\(number)")
        }
        for name in ["SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM"] {
            try await waitUntil("\(name) is logged") { server.program.errors.contains("signal=\(name)") }
        }
        server.program.signal(SIGTERM)
        #expect(try await server.program.exitCode() == 0)
    }

    @Test func `SIGHUP does not end it while it starts`() async throws {
        for _ in 0..<10 {
            let program = try RunningProgram(
                RunningProgram.zoodns, ["serve", "--zookeeper", "127.0.0.1:1", "--listen", "127.0.0.1:0"])
            // The second thread is there long before the program listens.
            while program.isRunning, program.threads < 2 {}
            while program.isRunning, !program.output.contains("listening") { program.signal(SIGHUP) }
            #expect(program.isRunning)
        }
    }

    @Test func `a ZooKeeper that does not answer is warned of soon`() async throws {
        // Takes connections and says nothing.
        let silent = try RunningProgram(
            ZooKeeperProcess.python,
            [
                "-c",
                "import socket, signal; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); signal.pause()",
            ])
        try await waitUntil("it listens") { silent.output.hasSuffix("\n") }
        let servers = "127.0.0.1:" + silent.output.dropLast()
        let server = try await ServingProgram(zooKeeper: servers)
        try await waitUntil("the warning", within: .seconds(15)) { server.program.errors.contains("no answer from zookeeper yet") }
        #expect(server.program.errors.contains("servers=\(servers)"))
    }

    @Test(arguments: [(SIGABRT, "SIGABRT"), (SIGSEGV, "SIGSEGV"), (SIGILL, "SIGILL")])
    func `a fault ends it behind a line`(_ signal: Int32, _ name: String) async throws {
        // Swift's backtraces say more where they are switched on.
        let server = try await ServingProgram(zooKeeper: "127.0.0.1:1", environment: ["SWIFT_BACKTRACE": "enable=no"])
        server.program.signal(signal)
        #expect(try await server.program.exitCode() == signal)
        #expect(server.program.errors.contains("ended by \(name)"))
    }

    @Test func `blocked and ignored signals that it inherits end it all the same`()
        async throws
    {
        let script = "trap '' TERM HUP; exec \"$0\" serve --listen 127.0.0.1:0 --zookeeper 127.0.0.1:1"
        let blocking =
            "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32)); os.execvp(sys.argv[1], sys.argv[1:])"
        let program = try RunningProgram(
            URL(filePath: "/usr/bin/python3"), ["-c", blocking, "/bin/sh", "-c", script, RunningProgram.zoodns.path])
        try await waitUntil("the server listens") { program.output.hasSuffix(" udp tcp\n") }
        program.signal(SIGHUP)
        try await waitUntil("the settings are read again") { program.errors.contains("settings reloaded") }
        program.signal(SIGTERM)
        #expect(try await program.exitCode(within: .seconds(5)) == 0)
    }

    @Test(arguments: [SIGTERM, SIGINT]) func `a signal ends it within five seconds, with 0`(_ signal: Int32) async throws {
        let server = try await ServingProgram(zooKeeper: "no.such.host.invalid:2181")
        _ = try server.ask("a.svc.local", "A")
        server.program.signal(signal)
        #expect(try await server.program.exitCode(within: .seconds(4)) == 0)
    }
}
