import Foundation
import TestSupport
import Testing

/// `examples/swift-service`, run as people run it.
@Suite(.enabled(if: SwiftService.isBuilt, "examples/swift-service is not built; Tests/run builds it"))
struct SwiftServiceTests {
    @Test func `one service calls another until that one withdraws, which it does before it ends`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let first = try SwiftService("first", zooKeeper)
        let second = try SwiftService("second", zooKeeper)
        try await waitUntil("second is registered") { try await second.documents() == [#"{"host": "127.0.0.1", "port": \#(second.port)}"#] }
        try await waitUntil("first calls second") { try await first.get("/call/second").status == "200" }
        let greeting = try JSONDecoder().decode(Greeting.self, from: Data(try await first.get("/call/second").body.utf8))
        #expect(greeting == Greeting(service: "second", host: "127.0.0.1", port: second.port))
        #expect(try await first.get("/call/nobody").status == "503")

        second.program.signal(SIGTERM)
        try await waitUntil("second is withdrawn") { try await second.documents().isEmpty }
        #expect(try await second.get("/").status == "200")
        try await waitUntil("first knows") { try await first.get("/call/second").status == "503" }
        #expect(try await first.get("/call/second").body.contains("No provider of second is registered."))
        #expect(try await second.program.exitCode() == 0)
        #expect(try await second.get("/").status == "000")
        #expect(first.program.isRunning)
    }

    @Test func `a lookup that waits for ZooKeeper does not keep the service from ending`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        let first = try SwiftService("first", zooKeeper)
        try await waitUntil("it listens") { try await first.get("/").status == "200" }
        let caller = try RunningProgram(SwiftService.curl, ["--verbose"] + first.arguments("/call/second"))
        try await waitUntil("the call is under way") { caller.errors.contains("> GET /call/second") }
        first.program.signal(SIGTERM)
        #expect(try await first.program.exitCode() == 0)
        #expect(try await caller.exitCode() == 0)
        #expect(caller.output.hasSuffix("\n503"))
    }

    @Test func `a service without its port is not registered`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let owner = try SwiftService("second", zooKeeper)
        try await waitUntil("the port's owner is registered") { try await owner.documents().count == 1 }
        let other = try SwiftService("second", port: owner.port, zooKeeper)
        #expect(try await other.program.exitCode() != 0)
        #expect(try await owner.documents().count == 1)
    }

    private struct Greeting: Decodable, Hashable {
        let service: String
        let host: String
        let port: UInt16
    }
}

/// The program at a free port.
private struct SwiftService {
    let program: RunningProgram
    let port: UInt16
    private let name: String
    private let zooKeeper: ZooKeeperProcess

    static let curl = URL(filePath: "/usr/bin/curl")

    /// Where `Tests/run` builds it: below the folder that the program under test is built in.
    private static let executable = RunningProgram.zoodns.appending(path: "../../../swift-service/debug/swift-service").standardized
    static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: executable.path) }

    init(_ name: String, port: UInt16? = nil, _ zooKeeper: ZooKeeperProcess) throws {
        self.name = name
        self.zooKeeper = zooKeeper
        self.port = try port ?? ClientSocket.freePort()
        program = try RunningProgram(
            Self.executable, [],
            environment: [
                "SERVICE": name, "HOST": "127.0.0.1", "PORT": String(self.port), "ZOOKEEPER": zooKeeper.address, "no_proxy": "*",
            ])
    }

    /// How to ask it with curl.
    func arguments(_ path: String) -> [String] {
        ["--silent", "--noproxy", "*", "--max-time", "20", "--write-out", "\n%{http_code}", "http://127.0.0.1:\(port)\(path)"]
    }

    /// What it answers; the status is 000 without an answer.
    func get(_ path: String) async throws -> (body: String, status: String) {
        let lines = try await RunningProgram.run(Self.curl, arguments(path)).output.split(separator: "\n").map(String.init)
        return (lines.dropLast().joined(separator: "\n"), lines.last ?? "")
    }

    /// What the znodes of the service hold.
    func documents() async throws -> [String] {
        let listed = try await zooKeeper.python("for *_, document in providers('\(name)'): print(document)")
        #expect(listed.errors == "")
        return listed.output.split(separator: "\n").map(String.init)
    }
}
