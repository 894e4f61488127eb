import Foundation
import IPAddressing

/// A real ZooKeeper on a free port of this machine with its data in a temporary folder.
public final class ZooKeeperProcess {
    /// Where clients find it.
    public let port: UInt16
    private let folder: URL
    private let java: String
    private var program: RunningProgram?

    /// `127.0.0.1:PORT`.
    public var address: String { "127.0.0.1:\(port)" }

    /// Chooses a port; `start` starts it, with further options of Java.
    public init(java: String = "") throws {
        self.java = java
        port = try Self.freePort()
        folder = FileManager.default.temporaryDirectory.appending(path: "zoodns-zookeeper-\(UUID().uuidString)")
    }

    deinit {
        program = nil
        try? FileManager.default.removeItem(at: folder)
    }

    /// Starts it and waits until it serves.
    public func start() async throws {
        program = try RunningProgram(
            RunningProgram.root.appending(path: "Tests/Lab/zookeeper"), [String(port), folder.path],
            environment: java.isEmpty ? [:] : ["ZOOKEEPER_JAVA": java])
        try await waitUntil("ZooKeeper serves") { self.isServing }
    }

    /// Kills it; its data stays for the next start.
    public func stop() { program = nil }

    private var isServing: Bool {
        // A server that is starting may never answer a client.
        guard let endpoint = SocketEndpoint(address), let client = try? ClientSocket(endpoint, isStream: true, patience: 1) else {
            return false
        }
        guard (try? client.write(Array("srvr".utf8))) != nil else { return false }
        var answer: [UInt8] = []
        while let more = try? client.readSome(), !more.isEmpty { answer += more }
        return String(decoding: answer, as: UTF8.self).contains("Mode:")
    }

    private static func freePort() throws -> UInt16 { try ClientSocket.freePort() }

    /// Runs Python with kazoo; `client` is connected there, `register(service, host, port)` does as its users do.
    public func python(_ script: String) async throws -> (output: String, errors: String, exitCode: Int32) {
        try await RunningProgram.run(Self.python, ["-c", preamble + script])
    }

    /// The same, left running until the result is let go of.
    public func leavePython(_ script: String) throws -> RunningProgram {
        try RunningProgram(Self.python, ["-c", preamble + script + "\nprint('ready', flush=True)\nimport signal; signal.pause()"])
    }

    /// Debian's own, for which kazoo is a package.
    public static let python = URL(filePath: "/usr/bin/python3")

    private var preamble: String {
        """
        import json, uuid
        from kazoo.client import KazooClient, KazooState
        from kazoo.exceptions import NoNodeError
        client = KazooClient("\(address)", timeout=4)
        client.start(timeout=30)
        def register(service, host, port, ephemeral=True):
            path = f"/providers/{service}/{uuid.uuid4()}"
            client.create(path, json.dumps({"host": host, "port": port}).encode(), ephemeral=ephemeral, makepath=True)
            return path
        def providers(service):
            path = f"/providers/{service}"
            for name in client.get_children(path) if client.exists(path) else []:
                try: data, stat = client.get(f"{path}/{name}")
                except NoNodeError: continue  # withdrawn between the two
                yield name, stat.czxid, data.decode()

        """
    }
}
