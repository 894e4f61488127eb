import Foundation
import IPAddressing
import TestSupport
import Testing

/// A machine that gives no more threads, as RLIMIT_NPROC or a container's limit on processes has it.
@Suite struct ThreadLimitTests {
    /// Runs as a user without privileges, since the limit is not for root.
    private func command(_ program: String, _ arguments: [String]) -> (URL, [String]) {
        guard geteuid() == 0 else { return (URL(filePath: program), arguments) }
        return (URL(filePath: "/usr/bin/setpriv"), ["--reuid", "54321", "--clear-groups", "--inh-caps=-all", program] + arguments)
    }

    /// Sets how many threads a program's user may have for it to start another.
    private func limit(_ program: RunningProgram, to threads: Int) async throws {
        let (prlimit, arguments) = command("/usr/bin/prlimit", ["--pid", String(program.number), "--nproc=\(threads):"])
        #expect(try await RunningProgram.run(prlimit, arguments).errors == "")
    }

    @Test func `a session that gets no threads is waited for, and DNS goes on`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let owner = try zooKeeper.leavePython(#"register("web", "10.0.0.1", 80)"#)
        let port = try ClientSocket.freePort()
        let endpoint = try #require(SocketEndpoint("127.0.0.1:\(port)"))
        let copy = try ProgramCopy()
        let (zoodns, arguments) = command(
            copy.zoodns.path,
            ["serve", "--zookeeper", zooKeeper.address, "--listen", "127.0.0.1:\(port)", "--session-timeout", "2s"])
        let program = try RunningProgram(zoodns, arguments)
        func isAnswered() -> Bool {
            guard let client = try? ClientSocket(endpoint, isStream: false, patience: 2) else { return false }
            guard (try? client.send(QueryOctets.query("web.svc.local", "A"))) != nil else { return false }
            guard let answer = try? client.receive() else { return false }
            return (try? PacketText(answer).answer.count) == 1
        }
        try await waitUntil("the zone is served") { isAnswered() }

        // Its session expires while it sleeps; when it wakes up there is no thread for another.
        program.signal(SIGSTOP)
        try await waitUntil("the session has expired") {
            let sessions = try await zooKeeper.python(
                "print(client.command(b'mntr').split('zk_global_sessions')[1].split()[0]); client.stop()")
            // The owner's, and this client's own.
            return sessions.output == "2\n"
        }
        // Its own two of the C client are still there, and will be gone.
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(program.number)/task").count
        try await limit(program, to: threads - 2)
        program.signal(SIGCONT)
        try await waitUntil("it says so") { program.errors.contains("the machine has no threads left") }
        #expect(isAnswered())
        #expect(program.isRunning)

        try await limit(program, to: 4096)
        try await waitUntil("a session") { program.errors.components(separatedBy: "connected to zookeeper").count == 3 }
        #expect(isAnswered())
        withExtendedLifetime((owner, copy)) {}
    }
}
