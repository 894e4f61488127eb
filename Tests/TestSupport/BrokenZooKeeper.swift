import Foundation

/// A server that speaks ZooKeeper's protocol as no ZooKeeper does; gone when the test lets go of it.
public final class BrokenZooKeeper {
    private let program: RunningProgram
    /// `127.0.0.1:PORT`.
    public let address: String

    /// A server that gives sessions with this id and timeout in milliseconds, and then closes the connection or answers every request but pings
    /// and credentials with `answer`: Python of `xid` and `op`, with `header(xid, error)` and `number(value)` for octets.
    public init(id: Int64 = 7, timeout: Int32 = 10_000, closes: Bool = false, answer: String = "header(xid, 0)") async throws {
        let script = """
            import socket, struct, threading
            def number(value): return struct.pack(">i", value)
            def header(xid, error): return struct.pack(">iqi", xid, 1, error)
            def frame(octets): return number(len(octets)) + octets
            def receive(client):
                length = client.recv(4, socket.MSG_WAITALL)
                return client.recv(struct.unpack(">i", length)[0], socket.MSG_WAITALL) if len(length) == 4 else b""
            def serve(client):
                try:
                    if not receive(client): return
                    print("session", flush=True)
                    client.sendall(frame(struct.pack(">iiqi17x", 0, \(timeout), \(id), 16)))
                    while not \(closes ? "True" : "False") and (request := receive(client)):
                        xid, op = struct.unpack(">ii", request[:8])
                        client.sendall(frame(header(xid, 0) if op in (11, 100) else \(answer)))
                except OSError: pass
                finally: client.close()
            listener = socket.create_server(("127.0.0.1", 0))
            print(listener.getsockname()[1], flush=True)
            while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
            """
        let program = try RunningProgram(ZooKeeperProcess.python, ["-c", script])
        try await waitUntil("the server listens") { program.output.contains("\n") }
        self.program = program
        address = "127.0.0.1:\(program.output.prefix { $0 != "\n" })"
    }

    /// How many sessions it has given.
    public var sessions: Int { program.output.components(separatedBy: "session").count - 1 }
}
