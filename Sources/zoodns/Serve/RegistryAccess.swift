import Handoff
import Logging
import ZooKeeperClient

/// Warns of registries that anonymous clients of ZooKeeper may change, for these could send everyone anywhere, of registries that do not
/// exist, and of a ZooKeeper that does not answer after the start.
///
/// Looks after each connection, and from time to time, since access may be granted or the path made later. Each warning comes once.
struct RegistryAccess {
    private let client: Client
    private let settings: RegistrySettings
    private let logger: Logger
    private let mailbox = Mailbox<News>()

    /// Time between looks at the same connection.
    private static let interval: Duration = .seconds(600)

    /// How long ZooKeeper may take after the start before its silence is worth a warning.
    private static let patience: Duration = .seconds(5)

    /// How long after a connection the first look comes.
    private static let delay: Duration = .seconds(2)

    private enum News: Sendable {
        case connected
        case permissions(ZnodePermissions, path: String)
        case missing(String)
        case paths([String])
    }

    /// Looks at the registries at these paths through a client that does not run yet.
    init(_ client: Client, _ settings: RegistrySettings, _ logger: Logger) {
        self.client = client
        self.settings = settings
        self.logger = logger
        client.observe { [mailbox] in if case .connected = $0 { mailbox.post(.connected) } }
    }

    /// Looks at the registries at these paths from now on, and at no others; from any thread.
    func serve(_ paths: [String]) { mailbox.post(.paths(paths)) }

    /// Looks until the task is cancelled.
    func run() async {
        var paths = settings.zones.map(\.layout.root)
        var reported: [String: ZnodePermissions] = [:]
        var missing: Set<String> = []
        var next = ContinuousClock.now + Self.interval
        var silence: ContinuousClock.Instant? = .now + Self.patience
        while let news = await mailbox.next(before: min(next, silence ?? next)) {
            for item in news {
                switch item {
                case .connected:
                    silence = nil
                    // The registry itself is asked for first.
                    next = min(next, .now + Self.delay)
                case .permissions(let permissions, let path):
                    missing.remove(path)
                    report(permissions.subtracting(.read), path, &reported)
                case .paths(let new):
                    paths = new
                    next = min(next, .now + Self.delay)
                case .missing(let path): if missing.insert(path).inserted, !(await reportMissing(path)) { missing.remove(path) }
                }
            }
            if let instant = silence, instant <= .now {
                silence = nil
                reportSilence()
            }
            guard next <= .now else { continue }
            next = .now + Self.interval
            for path in paths { ask(path) }
        }
    }

    /// The session itself logs an obstacle once that is known, which may take half a minute.
    private func reportSilence() {
        guard client.obstacle == nil else { return }
        logger.warning(
            "no answer from zookeeper yet", metadata: ["servers": "\(settings.servers.text)", "after": "\(Self.patience)"])
    }

    /// A path whose list may not be read is nothing to warn of.
    private func ask(_ path: String) {
        client.worldPermissions(path) { [mailbox] in
            switch $0 {
            case .success(let permissions): mailbox.post(.permissions(permissions, path: path))
            case .failure(.noNode): mailbox.post(.missing(path))
            case .failure: break
            }
        }
    }

    /// Warns of a path that is missing; false if it, or what leads to it, has come meanwhile or cannot be asked for.
    private func reportMissing(_ path: String) async -> Bool {
        guard let first = await settings.firstMissing(path) else { return false }
        logger.warning(
            "the registry does not exist: until it is made there are no services", metadata: ["path": "\(path)", "missing": "\(first)"])
        return true
    }

    private func report(_ permissions: ZnodePermissions, _ path: String, _ reported: inout [String: ZnodePermissions]) {
        guard reported[path, default: []] != permissions else { return }
        reported[path] = permissions
        guard !permissions.isEmpty else { return }
        logger.warning(
            "anyone may change the registry: see ZooKeeper's access control lists",
            metadata: ["path": "\(path)", "permissions": "\(permissions.text)"])
    }
}
