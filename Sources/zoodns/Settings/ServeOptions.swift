import ArgumentParser
import DNSAuthority
import ProviderDiscovery
import ZoneCompilation

extension Declared {
    /// The settings of the server.
    static let serving: [any DeclaredSetting] = [
        maxStale, reconcile, holdDown, massRemovalGuard, probeHeld, state, workers, maxUDPSize,
    ]

    static let maxStale = Setting(
        "max-stale", "duration", "How long to answer without ZooKeeper, 0 for no limit.", .duration(.zero...),
        default: ZonePolicy.standard.maximumStale ?? .zero, for: .serving, isPerZone: true, isReloadable: true)
    static let reconcile = Setting(
        "reconcile", "duration", "How often to compare all names with those in ZooKeeper.", .duration(.milliseconds(100)...),
        default: WatchSettings().reconcile, for: .serving, isPerZone: true, isReloadable: true)
    static let holdDown = Setting(
        "hold-down", "duration",
        "How long to keep providers that vanish after an outage, twice that where a service has no other; 0 for not at all.",
        .duration(.zero...), default: WatchSettings().holdDown, for: .serving, isPerZone: true, isReloadable: true)
    static let massRemovalGuard = Setting(
        "mass-removal-guard", "on|off", "Whether to keep providers, too, when more than half of ten or more vanish within ten seconds.",
        .onOff, default: WatchSettings().guardsMassRemoval, for: .serving, isPerZone: true, isReloadable: true)
    static let probeHeld = Setting(
        "probe-held", "on|off",
        "Whether to let held providers go, a service's last one excepted, once their hosts or a firewall refuse a TCP connection; off for "
            + "services over UDP.", .onOff, default: true, for: .serving)
    static let state = Setting(
        "state", "file", "Where to keep the last registry for a start without ZooKeeper: served then, marked stale, for --max-stale.",
        SettingForm<StateFile>("the path of a file", text: \.path) { $0.isEmpty || $0.hasSuffix("/") ? nil : StateFile(path: $0) }.optional,
        default: nil, shownAs: "nowhere", for: .serving)
    static let workers = Setting(
        "workers", "number", "UDP threads for each listen address.", .number(1...mostWorkers),
        default: min(Processors.usable, mostWorkers), shownAs: "one for each processor that it may use", for: .serving)
    static let maxUDPSize = Setting(
        "max-udp-size", "octets",
        "Most octets of an answer over UDP, as far as the client takes them: 1232 pass every network; more for those that cannot use TCP.",
        .number(UDPPayloadSize.withoutEDNS...UDPPayloadSize.longest, "octets"), default: UDPPayloadSize.unfragmented, for: .serving)

    private static let mostWorkers = 256
}

/// Options of `serve` and `check` alone, as they were written.
struct ServeOptions: ParsableArguments {
    @Option(Declared.maxStale) var maxStale: String?
    @Option(Declared.reconcile) var reconcile: String?
    @Option(Declared.holdDown) var holdDown: String?
    @Option(Declared.massRemovalGuard) var massRemovalGuard: String?
    @Option(Declared.probeHeld) var probeHeld: String?
    @Option(Declared.state) var state: String?
    @Option(Declared.workers) var workers: String?
    @Option(Declared.maxUDPSize) var maxUdpSize: String?
}
