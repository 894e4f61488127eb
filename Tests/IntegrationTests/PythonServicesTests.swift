import Foundation
import TestSupport
import Testing

/// `examples/python-services`, run as people run them.
@Suite(.serialized) struct PythonServicesTests {
    @Test func `first finds second by kazoo and by DNS, and its successor at another address`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        let first = try PythonService("first", zooKeeper, server)
        let second = try PythonService("second", zooKeeper, server)
        for way in ["kazoo", "dns"] {
            try await waitUntil("second by \(way)") { try await first.call(way).answering == second.location }
        }

        second.program.signal(SIGKILL)
        _ = try await second.program.exitCode()
        let successor = try PythonService("second", host: "127.0.0.2", zooKeeper, server)
        try await waitUntil("the successor alone is left") {
            try server.ask("second.svc.local", "A").answer == ["second.svc.local. 5 A 127.0.0.2"]
        }
        for way in ["kazoo", "dns"] { #expect(try await first.call(way).answering == successor.location) }

        successor.program.signal(SIGTERM)
        #expect(try await successor.program.exitCode() == 0)
        #expect(try await first.call("kazoo").status == "503")
        try await waitUntil("it is withdrawn from DNS") { try await first.call("dns").status == "503" }
        #expect(!first.program.errors.contains("Traceback"))
    }

    @Test func `a service that slept longer than its session is announced once`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        let second = try PythonService("second", zooKeeper, server)
        try await waitUntil("it is announced") { try server.ask("second.svc.local", "SRV").answer.count == 1 }
        let instances = try await Self.instances(zooKeeper)
        #expect(instances.count == 1)
        second.program.signal(SIGSTOP)
        try await waitUntil("its session is over") { try await Self.instances(zooKeeper).isEmpty }
        second.program.signal(SIGCONT)
        try await waitUntil("it is announced again") { try await !Self.instances(zooKeeper).isEmpty }
        #expect(try await Self.instances(zooKeeper) == instances)
        #expect(second.program.isRunning)
    }

    @Test func `a service without its port is not announced`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        let owner = try PythonService("second", zooKeeper, server)
        try await waitUntil("the port's owner is announced") { try await Self.instances(zooKeeper).count == 1 }
        let other = try PythonService("second", port: owner.port, zooKeeper, server)
        #expect(try await other.program.exitCode() == 1)
        #expect(try await Self.instances(zooKeeper).count == 1)
        #expect(owner.program.isRunning)
    }

    /// The znodes of second.
    private static func instances(_ zooKeeper: ZooKeeperProcess) async throws -> [String] {
        let listed = try await zooKeeper.python(
            "print(*(client.get_children('/providers/second') if client.exists('/providers/second') else []))")
        #expect(listed.errors == "")
        return listed.output.split(whereSeparator: \.isWhitespace).map(String.init)
    }
}

/// One of the services at a free port.
private struct PythonService {
    let program: RunningProgram
    let port: UInt16
    private let host: String

    init(_ name: String, host: String = "127.0.0.1", port: UInt16? = nil, _ zooKeeper: ZooKeeperProcess, _ server: ServingProgram) throws {
        self.host = host
        self.port = try port ?? ClientSocket.freePort()
        program = try RunningProgram(
            ZooKeeperProcess.python, [RunningProgram.root.appending(path: "examples/python-services/\(name).py").path],
            environment: [
                "SERVICE": name, "HOST": host, "PORT": String(self.port), "ZOOKEEPER": zooKeeper.address, "SESSION_TIMEOUT": "4",
                "DNS_SERVER": server.endpoint.text, "PYTHONDONTWRITEBYTECODE": "1",
            ])
    }

    var location: String { "\(host):\(port)" }

    /// Has it call second: the HTTP status, and where second says that it is if that is where it was found.
    func call(_ way: String) async throws -> (status: String, answering: String?) {
        let result = try await RunningProgram.run(
            URL(filePath: "/usr/bin/curl"),
            ["--silent", "--noproxy", "*", "--max-time", "10", "--write-out", "\n%{http_code}", "http://\(location)/\(way)"])
        let lines = result.output.split(separator: "\n").map(String.init)
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data((lines.first ?? "").utf8)) else {
            return (lines.last ?? "", nil)
        }
        let found = answer.second
        let isSame = answer.via == way && found.host == found.greeting.host && found.port == found.greeting.port
        return (lines.last ?? "", isSame ? "\(found.host):\(found.port)" : nil)
    }

    private struct Answer: Decodable {
        struct Place: Decodable {
            let host: String
            let port: UInt16
        }
        struct Provider: Decodable {
            let host: String
            let port: UInt16
            let greeting: Place
        }
        let via: String
        let second: Provider
    }
}
