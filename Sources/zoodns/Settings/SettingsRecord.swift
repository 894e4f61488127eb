import DNSAuthority

/// The values of settings as they were read, to be compared with those of another reading.
struct SettingsRecord: Sendable {
    /// Of the server, by the settings' names.
    var server: [String: any Hashable & Sendable] = [:]
    /// Of each zone, by its origin and the settings' names.
    var zones: [DomainName: [String: any Hashable & Sendable]] = [:]
}

/// What is different between the settings of a running server and those that it has been given since.
struct SettingsDifference: Equatable, Sendable {
    /// Names of settings of the server that take effect at once.
    var atOnce: [String] = []
    /// Names of settings that take effect after a restart only.
    var needRestart: [String] = []
    /// Origins that are served from now on.
    var added: Set<DomainName> = []
    /// Origins that are served no longer.
    var removed: Set<DomainName> = []
    /// Origins of zones that stay with other settings, or another path.
    var changed: Set<DomainName> = []

    /// Compares the settings of a running server with new ones.
    init(from old: ServeSettings, to new: ServeSettings) {
        // A zone's own settings are compared zone by zone.
        for setting in Declared.all where setting.name != Declared.zone.name && setting.commands.contains(.serve) && !setting.isPerZone {
            guard !Self.isEqual(old.record.server[setting.name], new.record.server[setting.name]) else { continue }
            if setting.isReloadable { atOnce.append(setting.name) } else { needRestart.append(setting.name) }
        }
        let olds = Dictionary(old.zones.map { ($0.source.origin, $0) }) { first, _ in first }
        let news = Dictionary(new.zones.map { ($0.source.origin, $0) }) { first, _ in first }
        added = Set(news.keys).subtracting(olds.keys)
        removed = Set(olds.keys).subtracting(news.keys)
        changed = Set(
            news.filter { origin, zone in
                guard let before = olds[origin] else { return false }
                return before.source != zone.source || !Self.isEqual(old.record.zones[origin], new.record.zones[origin])
            }.keys)
    }

    /// Whether nothing is different.
    var isEmpty: Bool { atOnce.isEmpty && needRestart.isEmpty && added.isEmpty && removed.isEmpty && changed.isEmpty }

    private static func isEqual(_ left: (any Hashable & Sendable)?, _ right: (any Hashable & Sendable)?) -> Bool {
        left.map { AnyHashable($0) } == right.map { AnyHashable($0) }
    }

    private static func isEqual(_ left: [String: any Hashable & Sendable]?, _ right: [String: any Hashable & Sendable]?) -> Bool {
        left?.mapValues { AnyHashable($0) } == right?.mapValues { AnyHashable($0) }
    }
}
