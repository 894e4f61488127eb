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
    /// Writes to standard error without waiting for its reader, and keeps to a rate for each kind of line.
    let logger: Logger

    /// Reads the settings; problems are left with the reader.
    init(_ options: RegistryOptions, _ reader: inout SettingsReader, logLevel fallback: Logger.Level) {
        servers = reader.value(
            "zookeeper", options.zookeeper, default: .local, expected: "servers such as h1:2181,h2:2181/chroot",
            ConnectString.init)
        credentials = reader.secret("zookeeper-auth", options.zookeeperAuth, expected: "digest:USER:PASSWORD", Credentials.init)
        sessionTimeout = reader.value(
            "session-timeout", options.sessionTimeout, default: .seconds(10), expected: "a duration from 100ms to 1h, such as 10s"
        ) { Duration(text: $0).flatMap { .milliseconds(100) ... .seconds(3600) ~= $0 ? $0 : nil } }
        zones = reader.values(
            "zone", options.zone, default: Self.defaultZones, expected: "a domain name and a path such as svc.local=/providers",
            ZoneSource.init)
        let level = reader.value(
            "log-level", options.logLevel, default: fallback,
            expected: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        ) { Logger.Level(rawValue: $0) }
        let linesPerSecond = reader.value(
            "log-rate", options.logRate, default: 20, expected: "a number of lines a second from 0 to 1000000, 0 for no limit"
        ) { Int($0).flatMap { 0...1_000_000 ~= $0 ? $0 : nil } }
        let format = reader.value("log-format", options.logFormat, default: .text, expected: "text or json", LogFormat.init(rawValue:))
        logger = Self.logger(level, format, linesPerSecond)
        if credentials != nil { ProcessMemory.hideFromOthers() }
        if Set(zones.map(\.origin)).count < zones.count { reader.complain("--zone: two zones have the same origin") }
    }

    private static let defaultZones = [ZoneSource("svc.local=/providers")].compactMap(\.self)

    /// Zones whose origins lie below another's, each with that: services of the outer one that have such a name are out of reach.
    var nestedZones: [(inner: ZoneSource, outer: ZoneSource)] {
        zones.compactMap { inner in
            zones.first { $0 != inner && inner.origin.isAtOrBelow($0.origin) }.map { (inner, $0) }
        }
    }

    /// A client that does not run yet.
    var client: Client { Client(servers: servers, timeout: sessionTimeout, credentials: credentials, logger: logger) }

    private static func logger(_ level: Logger.Level, _ format: LogFormat, _ linesPerSecond: Int) -> Logger {
        LogStream.standardError.format = format
        LogStream.standardError.start()
        let limit = LimitedLogHandler.Limit(LogRate(linesPerSecond: linesPerSecond))
        var logger = Logger(label: "zoodns") { label in
            let handler = LimitedLogHandler(format.handler(label, .standardError), limit)
            LogStream.standardError.beforeDraining(handler.reportAll)
            return handler
        }
        logger.logLevel = level
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
    /// Reads `svc.local=/providers`; nil if the origin is no domain name or leaves no room for `hostmaster` in front of it, or the path is none.
    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let name = text[..<equals]
        guard name.utf8.allSatisfy(Self.isPlain), let origin = DomainName(text: String(name)), origin != .root,
            origin.prepending(Array("hostmaster".utf8)) != nil,
            let path = ZnodePath(String(text[text.index(after: equals)...]))
        else { return nil }
        self.init(origin: origin, layout: RegistryLayout(root: path.text))
    }

    private static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}
