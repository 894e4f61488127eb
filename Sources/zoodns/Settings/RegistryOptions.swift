import ArgumentParser
import Explanation
import Logging
import ProviderRegistry
import ZooKeeperClient

extension Declared {
    /// The settings of every command.
    static let registry: [any DeclaredSetting] = [zookeeper, zookeeperAuth, zone, sessionTimeout, logLevel, logFormat, logRate, config]

    static let zookeeper = Setting(
        "zookeeper", "h1:2181,h2:2181/chroot", "ZooKeeper servers, with a chroot if need be.",
        SettingForm("servers such as h1:2181,h2:2181/chroot", text: \.text, ConnectString.init), default: .local, for: .all)
    static let zookeeperAuth = Setting(
        "zookeeper-auth", "file:path",
        "A file that says digest:user:password: who to be for ZooKeeper's access control lists; ZOODNS_ZOOKEEPER_AUTH may be that itself.",
        SettingForm("file:PATH of a file with digest:USER:PASSWORD") { $0.hasPrefix(SettingsReader.secretPrefix) ? $0 : nil }.optional,
        default: nil, shownAs: "anonymous", for: .all, isSecret: true)
    static let zone = Setting(
        "zone", "origin=[format:]path",
        "A zone and the path of its registry, with the format of another than ours; for serve, zone, explain and check it may be repeated.",
        .reasoningList(of: ZoneSource.expected, text: \.text, ZoneSource.init),
        default: [try? ZoneSource("svc.local=\(RegistryLayout.usualRoot)")].compactMap(\.self), for: .all.union([.wait]), isKey: false,
        isReloadable: true)
    static let sessionTimeout = Setting(
        "session-timeout", "duration", "Session timeout to ask ZooKeeper for.", .duration(.milliseconds(100) ... .seconds(3600)),
        default: .usualSessionTimeout, for: .all)
    static let logLevel = Setting(
        "log-level", "level", "trace, debug, info, notice, warning, error or critical.",
        SettingForm("one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "), text: \.rawValue) {
            Logger.Level(rawValue: $0)
        }, default: .info,
        exceptions: [
            .init(commands: [.explain, .zone, .check, .export], value: .warning), .init(commands: [.lookup, .drain], value: .error),
        ], for: .all,
        isReloadable: true)
    static let logFormat = Setting(
        "log-format", "text|json", "Lines for people, or an object of JSON a line.",
        SettingForm("text or json", text: \.rawValue, LogFormat.init(rawValue:)), default: .text, for: .all)
    static let logRate = Setting(
        "log-rate", "number", "Log lines of one kind in a second, 0 for any number; the others are counted.",
        .number(0...1_000_000, "a number of lines a second"), default: 20, for: .all, isReloadable: true)
    static let config = Setting(
        "config", "file", "A file of settings in YAML, with options' names as keys; options and the environment go before it.",
        SettingForm("the path of a file") { $0.isEmpty ? nil : $0 }.optional, default: nil, shownAs: "none",
        for: .all.union([.wait, .status, .top]), isKey: false)
}

/// Options of every command, as they were written.
struct RegistryOptions: ParsableArguments {
    @Option(Declared.zookeeper) var zookeeper: String?
    @Option(Declared.zookeeperAuth) var zookeeperAuth: String?
    @Option(Declared.zone) var zone: [String]
    @Option(Declared.sessionTimeout) var sessionTimeout: String?
    @Option(Declared.logLevel) var logLevel: String?
    @Option(Declared.logFormat) var logFormat: String?
    @Option(Declared.logRate) var logRate: String?
    @Option(Declared.config) var config: String?
}
