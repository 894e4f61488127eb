import Glibc
import NIOCore
import NIOPosix
import ProviderRegistry

/// How to find out whether a provider can serve.
enum ServiceCheck: Hashable {
    /// Its port takes a connection.
    case tcp
    /// A GET is answered with 2xx or 3xx.
    case http(host: String, port: Int, path: String)
    /// A shell command exits with 0.
    case exec(String)
    /// It can, as far as we are concerned.
    case none

    /// Reads `tcp`, `http://host:port/path`, `exec:command` or `none`; nil for anything else.
    init?(_ text: String) {
        switch text {
        case "tcp": self = .tcp
        case "none": self = .none
        case let text where text.hasPrefix("exec:"):
            let command = String(text.dropFirst("exec:".count))
            guard !command.isEmpty, !command.utf8.contains(0) else { return nil }
            self = .exec(command)
        case let text where text.hasPrefix("http://"): self.init(address: text.dropFirst("http://".count))
        default: return nil
        }
    }

    private init?(address: Substring) {
        let slash = address.firstIndex(of: "/") ?? address.endIndex
        let path = address[slash...]
        guard path.utf8.allSatisfy({ 33...126 ~= $0 }) else { return nil }
        var host = address[..<slash]
        var port: UInt16 = 80
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            guard let number = UInt16(host[host.index(after: colon)...]), number > 0 else { return nil }
            port = number
            host = host[..<colon]
        }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, isBracketed || !host.contains(":"), host.utf8.allSatisfy({ 33...126 ~= $0 }) else { return nil }
        self = .http(host: String(host), port: Int(port), path: path.isEmpty ? "/" : String(path))
    }

    /// Whether the check passes within a time; `host` and `port` are what the provider serves on.
    func passes(host: String, port: UInt16, within limit: Duration, _ children: ChildProcesses) async -> Bool {
        let result = try? await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { try await isPassed(host: host, port: Int(port), limit, children) }
            group.addTask {
                try await Task.sleep(for: limit)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        return result ?? false
    }

    private func isPassed(host: String, port: Int, _ limit: Duration, _ children: ChildProcesses) async throws -> Bool {
        switch self {
        case .none: return true
        case .tcp:
            try await bootstrap(limit).connect(host: host, port: port).get().close()
            return true
        case .http(let host, let port, let path): return try await 200..<400 ~= status(host, port, path, limit)
        case .exec(let command):
            let number = try await children.start(ProgramStart(command: ["/bin/sh", "-c", command]))
            return await withTaskCancellationHandler {
                await children.end(of: number) == .exited(EXIT_SUCCESS)
            } onCancel: {
                // A check that takes too long ends with all that its shell has started.
                children.send(.kill, to: number, group: true)
            }
        }
    }

    /// A connection that is being made does not end with its task.
    private func bootstrap(_ limit: Duration) -> ClientBootstrap {
        ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(TimeAmount(limit))
    }

    /// The status that a GET is answered with; 0 if it is answered with something else than HTTP.
    private func status(_ host: String, _ port: Int, _ path: String, _ limit: Duration) async throws -> Int {
        let channel = try await bootstrap(limit).connect(host: host, port: port) { channel in
            channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
        }
        let authority = Provider.authority(host, UInt16(clamping: port))
        let request = "GET \(path) HTTP/1.1\r\nHost: \(authority)\r\nConnection: close\r\nUser-Agent: zoodns\r\n\r\n"
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var head = ByteBuffer()
            for try await var part in inbound {
                head.writeBuffer(&part)
                if let line = head.getString(at: 0, length: Self.statusLength) { return Self.status(line) }
            }
            return 0
        }
    }

    /// `HTTP/1.1 200`: what a response begins with (RFC 9112 §4).
    private static let statusLength = 12

    private static func status(_ line: String) -> Int { line.hasPrefix("HTTP/1.") ? Int(line.suffix(3)) ?? 0 : 0 }
}
