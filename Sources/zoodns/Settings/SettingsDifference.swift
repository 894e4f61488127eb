import DNSAuthority

/// What is different between the settings of a running server and those that it has been given since.
struct SettingsDifference: Equatable, Sendable {
    /// Names of settings of the server that take effect at once.
    private(set) var atOnce: [String] = []
    /// Names of settings that take effect after a restart only.
    private(set) var needRestart: [String] = []
    /// Origins that are served from now on.
    let added: Set<DomainName>
    /// Origins that are served no longer.
    let removed: Set<DomainName>
    /// Origins of zones that stay with other settings, or another path.
    let changed: Set<DomainName>

    /// Compares the settings of a running server with new ones.
    init(from old: ServeSettings, to new: ServeSettings) {
        let olds = Dictionary(old.zones.map { ($0.source.origin, $0) }) { first, _ in first }
        let news = Dictionary(new.zones.map { ($0.source.origin, $0) }) { first, _ in first }
        added = Set(news.keys).subtracting(olds.keys)
        removed = Set(olds.keys).subtracting(news.keys)
        changed = Set(
            news.filter { origin, zone in
                guard var before = olds[origin] else { return false }
                // How many zones share the session is no setting of a zone.
                before.watch.zones = zone.watch.zones
                return before != zone
            }.keys)
        // What zones can have for themselves has been compared zone by zone.
        for setting in Declared.all where setting.commands.contains(.serve) && setting.name != Declared.zone.name && !setting.isPerZone {
            let (before, now) = (old.values[setting.name].map { AnyHashable($0) }, new.values[setting.name].map { AnyHashable($0) })
            guard before != now else { continue }
            if setting.isReloadable { atOnce.append(setting.name) } else { needRestart.append(setting.name) }
        }
    }

    /// Whether nothing is different.
    var isEmpty: Bool { atOnce.isEmpty && needRestart.isEmpty && added.isEmpty && removed.isEmpty && changed.isEmpty }
}
