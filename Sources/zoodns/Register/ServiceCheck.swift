import Glibc
import NIOCore
import NIOPosix
import ProviderRegistry

/// A test of whether a provider can serve.
enum ServiceCheck: Hashable {
    /// A port takes a connection: the provider's own, or the one that is named.
    case tcp(CheckedPort?)
    /// A GET of a URL is answered with 2xx or 3xx (RFC 9110 §15); the certificate of an https one is not looked at.
    case http(HTTPCheck)
    /// A shell command exits with 0.
    case exec(String)
    /// The provider counts as one that can serve.
    case none

    /// Reads `tcp`, `tcp://host:port`, `http://host:port/path`, `https://host:port/path`, `exec:command` or `none`; nil for anything else.
    init?(_ text: String) {
        switch text {
        case "tcp": self = .tcp(nil)
        case "none": self = .none
        case let text where text.hasPrefix("exec:"):
            let command = String(text.dropFirst("exec:".count))
            guard !command.isEmpty, !command.utf8.contains(0) else { return nil }
            self = .exec(command)
        case let text where text.hasPrefix("tcp://"):
            guard let port = CheckedPort(text.dropFirst("tcp://".count), defaultPort: nil) else { return nil }
            self = .tcp(port)
        default:
            guard let check = HTTPCheck(text) else { return nil }
            self = .http(check)
        }
    }

    /// The check's target, for a log; `own` is where the provider serves.
    func target(_ own: CheckedPort) -> String {
        switch self {
        case .tcp(let port): "tcp \((port ?? own).text)"
        case .http(let check): "http \(check.port.text)"
        case .exec: "command"
        case .none: "none"
        }
    }

    /// Whether the check passes within a time; `own` is where the provider serves.
    func passes(_ own: CheckedPort, within limit: Duration, _ children: ChildProcesses) async -> Bool {
        let result = try? await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { try await isPassed(own, limit, children) }
            group.addTask {
                try await Task.sleep(for: limit)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        return result ?? false
    }

    private func isPassed(_ own: CheckedPort, _ limit: Duration, _ children: ChildProcesses) async throws -> Bool {
        switch self {
        case .none: return true
        case .tcp(let port):
            let port = port ?? own
            // A connection that is being made does not end with its task.
            let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(TimeAmount(limit))
            try await bootstrap.connect(host: port.host, port: Int(port.port)).get().close()
            return true
        case .http(let check): return 200..<400 ~= Int(try await check.status(within: limit).code)
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
}

/// A host and a port that a check connects to.
struct CheckedPort: Hashable {
    /// A host name or address, IPv6 without brackets.
    let host: String
    /// 1 to 65535.
    let port: UInt16

    /// A host and a port.
    init(host: String, port: UInt16) { (self.host, self.port) = (host, port) }

    /// Reads `host:port`, or `host` where there is a default port; nil for anything else.
    init?(_ text: Substring, defaultPort: UInt16?) {
        var host = text
        var port = defaultPort
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            guard let number = UInt16(host[host.index(after: colon)...]), number > 0 else { return nil }
            port = number
            host = host[..<colon]
        }
        guard let port, let known = ProviderHost(String(host)) else { return nil }
        // An IPv6 address has brackets here, and nothing else has.
        guard host.hasPrefix("[") == known.text.contains(":") else { return nil }
        self.init(host: known.text, port: port)
    }

    /// `host:port`, an IPv6 address in brackets.
    var text: String { Provider.authority(host, port) }
}
