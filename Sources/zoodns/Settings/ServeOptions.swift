import ArgumentParser
import DNSAuthority
import ProviderDiscovery
import QueryLogging
import QueryTap
import ServerStatus
import ZoneCompilation

extension Declared {
    /// The settings of the server.
    static let serving: [any DeclaredSetting] = [
        maxStale, reconcile, holdDown, massRemovalGuard, probeHeld, state, workers, maxUDPSize, queryLog, queryLogSample,
        queryLogClass, dnstap, dnstapIdentity, admin, lameduck, user, forward, forwardLimit, forwardLocal,
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

    static let queryLog = Setting(
        "query-log", "file|-", "Where to log queries, an object of JSON a line; - for standard output.",
        SettingForm<QueryLogPlace>("the path of a file, or -", text: \.text) {
            $0 == "-" ? .standardOutput : $0.isEmpty || $0.hasSuffix("/") ? nil : .file($0)
        }.optional, default: nil, shownAs: "nowhere",
        for: .serving)
    static let queryLogSample = Setting(
        "query-log-sample", "number", "Log one query in so many, 0 for none until the admin endpoint says otherwise.",
        .number(0...1_000_000_000), default: 1, for: .serving)
    static let queryLogClass = Setting(
        "query-log-class", "all|denial|error",
        "Which queries are logged: all; denial: names that do not exist, or not with that type; error: all other errors.",
        SettingForm("all, denial or error") { text in ResponseClass.allCases.first { "\($0)" == text } }, default: .all, for: .serving)
    static let dnstap = Setting(
        "dnstap", "unix:path", "The unix socket of a dnstap receiver that queries and responses are sent to.",
        SettingForm<String>("unix: and the path of a socket, at most \(QueryObservation.longestPath) octets") { text in
            let path = text.hasPrefix("unix:") ? String(text.dropFirst(5)) : text
            return 1...QueryObservation.longestPath ~= path.utf8.count && path.contains("/") && !path.hasSuffix("/") ? path : nil
        }.optional, default: nil, shownAs: "none", for: .serving)
    static let dnstapIdentity = Setting(
        "dnstap-identity", "text", "What dnstap messages call this server.",
        SettingForm("a text of 1 to 255 octets") { 1...255 ~= $0.utf8.count ? $0 : nil }, default: Machine.name, shownAs: "the host's name",
        for: .serving)
    static let admin = Setting(
        "admin", "address:port|path", "Where the server shows what it does, over HTTP: an address, or the path of a unix socket.",
        SettingForm<AdminAddress>("an address with a port such as 127.0.0.1:9153, or a path such as /run/zoodns.sock", text: \.text) {
            AdminAddress($0)
        }.optional, default: nil, shownAs: "nowhere",
        exceptions: [.init(commands: [.status, .top], value: AdminAddress("127.0.0.1:9153"))], for: .serving.union([.status, .top]))
    static let lameduck = Setting(
        "lameduck", "duration", "How long to serve on after SIGTERM, not ready any more, before the end.", .duration(.zero...),
        default: .zero, for: .serving)
    static let user = Setting(
        "user", "name", "The user to serve as, with the right to bind ports below 1024 and no other; needs root to begin with.",
        SettingForm<String>("the name of a user") { $0.isEmpty ? nil : $0 }.optional, default: nil, shownAs: "the one who starts it",
        for: .serving)

    static let forward = Setting(
        "forward", "ip[:port]|system",
        "A server for all names outside the zones, or system for those of /etc/resolv.conf; may be repeated.",
        .list(of: "an address such as 192.0.2.1 or [2001:db8::1]:53, or system", text: \.text) { ForwardingTarget($0) }, default: [],
        shownAs: "none", for: .serving, isReloadable: true)
    static let forwardLimit = Setting(
        "forward-limit", "number", "Most queries that wait for other servers at once; a client has as many as there are places left.",
        .number(16...1_000_000), default: 4096, for: .serving)
    static let forwardLocal = Setting(
        "forward-local", "on|off", "Whether to forward names below local. too; off: they do not exist, as they are multicast DNS's.",
        .onOff, default: false, for: .serving, isReloadable: true)

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
    @Option(Declared.queryLog) var queryLog: String?
    @Option(Declared.queryLogSample) var queryLogSample: String?
    @Option(Declared.queryLogClass) var queryLogClass: String?
    @Option(Declared.dnstap) var dnstap: String?
    @Option(Declared.dnstapIdentity) var dnstapIdentity: String?
    @Option(Declared.admin) var admin: String?
    @Option(Declared.lameduck) var lameduck: String?
    @Option(Declared.forward) var forward: [String]
    @Option(Declared.forwardLimit) var forwardLimit: String?
    @Option(Declared.forwardLocal) var forwardLocal: String?
    @Option(Declared.user) var user: String?
    @OptionGroup var guards: GuardOptions
    @OptionGroup var transfers: TransferOptions
}
