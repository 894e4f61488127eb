import Foundation
import TestSupport
import Testing

/// What `zoodns register` does with signals, with its program and with other children, where no ZooKeeper is needed.
@Suite struct RegisterSignalsTests {
    /// A registrant that never finds ZooKeeper.
    private static let alone = ["register", "web", "--port", "9001", "--host", "10.0.0.1", "--zookeeper", "127.0.0.1:1", "--check", "none"]

    /// A registrant around a program; with `shell` it is the last thing that a shell does.
    private func register(_ options: [String] = [], shell: String? = nil, _ program: String...) throws -> RunningProgram {
        let arguments = Self.alone + ["--drain", "0"] + options + ["--"] + program
        guard let shell else { return try RunningProgram(RunningProgram.zoodns, arguments) }
        return try RunningProgram(
            URL(filePath: "/bin/bash"), ["-c", shell + #"; exec "$0" "$@""#, RunningProgram.zoodns.path] + arguments)
    }

    /// A program that says when it is ready and exits with 5 at a signal.
    private func trapping(_ signal: Int32) -> String { "trap 'exit 5' \(signal); echo ready; while :; do sleep 0.05; done" }

    @Test(arguments: [("QUIT", SIGQUIT), ("SIGWINCH", SIGWINCH), ("2", SIGINT), ("RTMIN+3", 37), ("TERM", SIGTERM)])
    func `SIGTERM, and the stop signal itself, end in the stop signal`(_ name: String, _ number: Int32) async throws {
        for signal in [SIGTERM, number] {
            let program = try register(["--stop-signal", name], "/bin/bash", "-c", trapping(number))
            try await waitUntil("it has started") { program.output == "ready\n" }
            program.signal(signal)
            #expect(try await program.exitCode(within: .seconds(10)) == 5)
            #expect(program.errors.contains("shutting down"))
        }
    }

    @Test func `a stop signal other than SIGTERM is for the program alone`() async throws {
        let script = "trap 'exit 6' QUIT; (trap 'echo child' QUIT; echo ready; sleep 1; sleep 1) & wait"
        let program = try register(["--stop-signal", "QUIT"], "/bin/bash", "-c", script)
        try await waitUntil("it has started") { program.output.contains("ready\n") }
        program.signal(SIGTERM)
        #expect(try await program.exitCode(within: .seconds(10)) == 6)
        #expect(program.output == "ready\n")
    }

    @Test func `a program that does not heed its stop signal is killed when the stop's time is over`() async throws {
        let program = try register(["--stop-timeout", "500ms"], "/bin/sh", "-c", "trap : TERM; echo ready; while :; do sleep 0.05; done")
        try await waitUntil("it has started") { program.output == "ready\n" }
        program.signal(SIGTERM)
        #expect(try await program.exitCode(within: .seconds(3)) == 128 + SIGKILL)
    }

    /// The program's first act is the signal: as early as any can come.
    @Test(arguments: [SIGHUP, SIGUSR1, SIGALRM, SIGURG, SIGQUIT, SIGWINCH, 40])
    func `a signal that comes before the program's number is known is passed on`(_ signal: Int32) async throws {
        for _ in 0..<5 {
            let program = try register([], "/bin/bash", "-c", "trap 'exit 5' \(signal); kill -\(signal) $PPID; sleep 5 & wait; exit 6")
            #expect(try await program.exitCode(within: .seconds(20)) == 5)
        }
    }

    @Test func `without a program SIGHUP withdraws and others do nothing`() async throws {
        let program = try RunningProgram(RunningProgram.zoodns, Self.alone)
        try await waitUntil("it runs") { program.errors.contains("check passes") }
        for signal in [SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, 40] { program.signal(signal) }
        try await waitUntil("they are logged") { program.errors.components(separatedBy: "signal ignored").count == 6 }
        #expect(program.isRunning)
        program.signal(SIGHUP)
        #expect(try await program.exitCode(within: .seconds(10)) == 0)
        #expect(program.errors.contains("shut down"))
    }
}

extension RegisterSignalsTests {
    /// Children of a process that have ended and that it has not waited for.
    private func zombies(of parent: pid_t) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.compactMap { name in
            guard let text = try? String(contentsOfFile: "/proc/\(name)/stat", encoding: .utf8) else { return nil }
            let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
            return fields.count > 2 && fields[1] == "Z" && fields[2] == "\(parent)" ? text : nil
        }
    }

    /// As process 1, for which the kernel has this, too.
    @Test(arguments: ["none", "exec:setsid sleep 0.1 & sleep 9"])
    func `orphans are waited for, also what checks leave`(_ check: String) async throws {
        let adopt = "import ctypes, os, sys; ctypes.CDLL(None).prctl(36, 1); os.execv(sys.argv[1], sys.argv[1:])"
        let program = try RunningProgram(
            URL(filePath: "/usr/bin/python3"),
            ["-c", adopt, RunningProgram.zoodns.path] + Self.alone
                + ["--check", check, "--check-interval", "200ms", "--drain", "0", "--", "/bin/sh", "-c"]
                + ["for i in 1 2 3; do (setsid sleep 0.1 &); done; sleep 1.5; echo made; exec sleep 1000"])
        try await waitUntil("orphans have ended") { program.output == "made\n" }
        try await waitUntil("none is left", within: .seconds(5)) { try self.zombies(of: program.number).isEmpty }
        program.signal(SIGTERM)
        #expect(try await program.exitCode(within: .seconds(10)) == 128 + SIGTERM)
    }

    @Test(arguments: [
        "trap '' TERM INT HUP QUIT CHLD PIPE USR1 ALRM XFSZ", "exec <&-", "exec <&- >&-", "exec 2>&-", "ulimit -c 0 -n 64", "ulimit -f 0",
    ])
    func `what was inherited changes neither us nor the program`(_ shell: String) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "zoodns-test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let script = """
            import os, signal, sys
            blocked, ignored = [int(line.split()[1], 16) for line in open("/proc/self/status") if line.startswith(("SigBlk", "SigIgn"))]
            # Python itself ignores two.
            own = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
            os.write(1, b""), os.write(2, b""), os.fstat(0)
            os.mkdir("\(file.path)-%x-%x" % (blocked, ignored & ~own))
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
            os.mkdir("\(file.path)")
            while True: signal.pause()
            """
        let program = try register([], shell: shell, "/usr/bin/python3", "-c", script)
        try await waitUntil("it is ready") { FileManager.default.fileExists(atPath: file.path) }
        let found = FileManager.default.fileExists(atPath: file.path + "-0-0")
        #expect(found, "no signal is blocked or ignored")
        if found { try FileManager.default.removeItem(atPath: file.path + "-0-0") }
        program.signal(SIGTERM)
        #expect(try await program.exitCode(within: .seconds(10)) == 7)
    }

    @Test(arguments: [true, false]) func `a program goes with us unless it is to be kept`(_ isKept: Bool) async throws {
        let options = isKept ? ["--keep-program", "on"] : []
        let program = try register(options, "/bin/sh", "-c", "echo $$; exec sleep 1000")
        try await waitUntil("it has started") { program.output.hasSuffix("\n") }
        let child = try #require(pid_t(program.output.dropLast()))
        program.signal(SIGKILL)
        #expect(try await program.exitCode(within: .seconds(10)) == SIGKILL)
        if isKept {
            // As long as the other takes many times over.
            try await Task.sleep(for: .milliseconds(300))
            #expect(kill(child, 0) == 0)
            kill(child, SIGKILL)
        } else {
            try await waitUntil("it has ended", within: .seconds(5)) { !self.isAlive(child) }
        }
    }

    /// Whether a process runs; one that has ended may wait for its parent.
    private func isAlive(_ number: pid_t) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8) else { return false }
        return text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ").dropFirst().first != "Z"
    }

    @Test func `blocked signals are inherited by none`() async throws {
        let block = "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); os.execv(sys.argv[1], sys.argv[1:])"
        let program = try RunningProgram(
            URL(filePath: "/usr/bin/python3"),
            ["-c", block, RunningProgram.zoodns.path] + Self.alone + ["--drain", "0", "--", "/bin/bash", "-c", trapping(SIGTERM)])
        try await waitUntil("it has started") { program.output == "ready\n" }
        program.signal(SIGTERM)
        #expect(try await program.exitCode(within: .seconds(10)) == 5)
    }
}
