import DNSAuthority
import Explanation
import Logging
import ProviderRegistry
import ZooKeeperClient

/// The settings of every command that reads or changes a registry, checked.
struct RegistrySettings {
    let servers: ConnectString
    let credentials: Credentials?
    let sessionTimeout: Duration
    let zones: [ZoneSource]
    let logLevel: Logger.Level
    let logFormat: LogFormat
    /// Lines of one kind in a second, 0 for any number.
    let logRate: Int
    /// Writes to standard error without waiting for its reader, and keeps to a rate for each kind of line.
    let logger: Logger

    /// Reads the settings, the file of settings first; problems are left with the reader. `logger` is the one of the running program, if
    /// settings are read again.
    init(_ options: RegistryOptions, _ reader: inout SettingsReader, for command: CommandName, logger: Logger? = nil) {
        reader.open(options.config)
        servers = reader.value(Declared.zookeeper, options.zookeeper)
        credentials = reader.secret(
            Declared.zookeeperAuth, options.zookeeperAuth, expected: "digest:USER:PASSWORD", Credentials.init)
        sessionTimeout = reader.value(Declared.sessionTimeout, options.sessionTimeout)
        zones = reader.value(Declared.zone, options.zone)
        logLevel = reader.value(Declared.logLevel, options.logLevel, in: command)
        logRate = reader.value(Declared.logRate, options.logRate)
        logFormat = reader.value(Declared.logFormat, options.logFormat)
        self.logger = logger ?? Self.logger(logLevel, logFormat, logRate)
        if credentials != nil { ProcessMemory.hideFromOthers() }
        if Set(zones.map(\.origin)).count < zones.count { reader.complain("--zone: two zones have the same origin") }
    }

    /// A client that does not run yet.
    var client: Client { Client(servers: servers, timeout: sessionTimeout, credentials: credentials, logger: logger) }

    private static func logger(_ level: Logger.Level, _ format: LogFormat, _ linesPerSecond: Int) -> Logger {
        LogStream.standardError.format = format
        LogStream.standardError.start()
        let limit = LimitedLogHandler.Limit(LogRate(linesPerSecond: linesPerSecond), level: level)
        var logger = Logger(label: "zoodns") { label in
            let handler = LimitedLogHandler(format.handler(label, .standardError), limit)
            LogStream.standardError.beforeDraining(handler.reportAll)
            return handler
        }
        // The limit's level counts, which can change.
        logger.logLevel = .trace
        return logger
    }
}

extension RegistrySettings {
    /// Reads the registries of all zones once, through a client that does not run yet. `limit` is how long that may take in all, for the message.
    func read(
        _ scope: RegistryReader.Scope, _ client: Client, before deadline: ContinuousClock.Instant, within limit: Duration
    ) async throws -> [DomainName: RegistryExcerpt] {
        do {
            if let excerpts = try await RegistryReader.read(scope, zones, client, before: deadline) { return excerpts }
        } catch let failure as UnlistableRegistry {
            throw CommandFailure.refused("\(failure.root.debugDescription) cannot be listed: \(failure.error.text)")
        }
        let reason = client.obstacle.map { ": \($0.text)" } ?? ""
        throw CommandFailure.refused("no answer from zookeeper at \(servers.text) within \(limit)\(reason)")
    }

    /// Of the paths that lead to a registry, the chroot's among them, the first that does not exist; nil if all exist, or there is no answer.
    func firstMissing(_ root: String) async -> String? {
        try? await WholeTree(servers, timeout: sessionTimeout, credentials: credentials).firstMissing(to: root).get()
    }

    /// A sentence that names the first path that does not exist of those that lead to a registry; nil as for `firstMissing`.
    func missing(_ root: String) async -> String? {
        await firstMissing(root).map { "\($0.debugDescription) does not exist in zookeeper at \(servers.withoutChroot.text)" }
    }
}

extension ZoneSource {
    /// The origin, the format and the path as `init(_:)` reads them, the origin without its final dot.
    var text: String { "\(origin.text.dropLast())=\(layout.text)" }

    /// What the text of a zone has to be, for people.
    static let expected = "a domain name and a path such as svc.local=/providers"

    /// Reads `svc.local=/providers`, or with a format `apps.local=curator:/services`. Throws if the origin is no domain name or leaves no room for
    /// `hostmaster` in front of it, or the rest names no format and path.
    init(_ text: String) throws(SettingReason) {
        guard let equals = text.firstIndex(of: "=") else { throw SettingReason(text: "expected " + Self.expected) }
        let name = text[..<equals]
        guard name.utf8.allSatisfy(Self.isPlain), let origin = DomainName(text: String(name)), origin != .root,
            origin.prepending(Array("hostmaster".utf8)) != nil
        else { throw SettingReason(text: "expected " + Self.expected) }
        do throws(RegistryFormat.Problem) {
            self.init(origin: origin, layout: try RegistryLayout(text: String(text[text.index(after: equals)...])))
        } catch {
            throw SettingReason(text: error.text)
        }
    }

    private static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
