import DNSAuthority
import Explanation
import IPAddressing
import ProviderDiscovery
import ZoneCompilation

/// What is decided about one zone: where it comes from, how it is answered, and how its registry is followed.
struct ZoneSettings: Hashable, Sendable {
    let source: ZoneSource
    let policy: ZonePolicy
    /// Defaults in commands that follow no registry.
    var watch: WatchSettings
    /// The servers that hear of new versions; none in commands that serve nothing.
    var notify: [NotifiedServer] = []
}

/// Reads the settings of one zone: its own where the file has them, else those of all zones.
struct ZoneReader {
    private let origin: DomainName
    private(set) var reader: SettingsReader

    init(_ origin: DomainName, _ reader: SettingsReader) { (self.origin, self.reader) = (origin, reader) }

    /// How the zone is answered, without a limit on stale answers; `nameServer` are the addresses of `ns.dns` unless others are set.
    mutating func policy(_ options: CommonOptions, nameServer: [IPAddress]) -> ZonePolicy {
        let addresses = reader.value(Declared.nameserverAddress, options.nameserverAddress, for: origin)
        var policy = ZonePolicy(
            ttl: UInt32(clamping: value(Declared.ttl, options.ttl)),
            negativeTTL: UInt32(clamping: value(Declared.negativeTTL, options.negativeTtl)),
            nameServerAddresses: addresses.isEmpty ? nameServer : addresses, mostAnswers: value(Declared.maxAnswers, options.maxAnswers))
        policy.tags = reader.value(Declared.tags, options.tags, for: origin)
        return policy
    }

    /// The servers that hear of new versions of the zone.
    mutating func notify(_ options: TransferOptions) -> [NotifiedServer] { reader.value(Declared.notify, options.notify, for: origin) }

    /// How long answers may be stale, and how the registry is followed.
    mutating func read(_ options: ServeOptions, into policy: inout ZonePolicy, _ watch: inout WatchSettings) {
        let stale = value(Declared.maxStale, options.maxStale)
        policy.maximumStale = stale == .zero ? nil : stale
        watch.reconcile = value(Declared.reconcile, options.reconcile)
        watch.holdDown = value(Declared.holdDown, options.holdDown)
        watch.guardsMassRemoval = value(Declared.massRemovalGuard, options.massRemovalGuard)
    }

    private mutating func value<Value>(_ setting: Setting<Value>, _ option: String?) -> Value {
        reader.value(setting, option.map { [$0] } ?? [], for: origin)
    }
}
