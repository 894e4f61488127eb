import ArgumentParser
import DNSAuthority
import QueryLogging
import QueryTap
import ServerStatus

/// Options of `serve` alone, as they were written.
struct ServeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How long to answer without ZooKeeper, 0 for no limit. (default: 1h)", valueName: "duration"))
    var maxStale: String?

    @Option(help: ArgumentHelp("How often to compare all names with those in ZooKeeper. (default: 60s)", valueName: "duration"))
    var reconcile: String?

    @Option(
        help: ArgumentHelp(
            "How long to keep providers that vanish after an outage, twice that where a service has no other; 0 for not at all. (default: 120s)",
            valueName: "duration"))
    var holdDown: String?

    @Option(
        help: ArgumentHelp(
            "Whether to keep providers, too, when more than half of ten or more vanish within ten seconds. (default: on)",
            valueName: "on|off"))
    var massRemovalGuard: String?

    @Option(
        help: ArgumentHelp(
            "Whether to let held providers go, a service's last one excepted, once their hosts or a firewall refuse a TCP connection; off for services over UDP. (default: on)",
            valueName: "on|off"))
    var probeHeld: String?

    @Option(
        help: ArgumentHelp(
            "Where to keep the last registry for a start without ZooKeeper: served then, marked stale, for --max-stale. (default: nowhere)",
            valueName: "file"))
    var state: String?

    @Option(
        help: ArgumentHelp("UDP threads for each listen address. (default: one for each processor that it may use)", valueName: "number"))
    var workers: String?

    @Option(
        help: ArgumentHelp(
            "Most octets of an answer over UDP, as far as the client takes them: 1232 pass every network; more for those that cannot use TCP. (default: 1232)",
            valueName: "octets"))
    var maxUdpSize: String?

    @Option(
        help: ArgumentHelp(
            "Where to log queries, an object of JSON a line; - for standard output. (default: nowhere)", valueName: "file|-"))
    var queryLog: String?

    @Option(
        help: ArgumentHelp(
            "Log one query in so many, 0 for none until the admin endpoint says otherwise. (default: 1)", valueName: "number"))
    var queryLogSample: String?

    @Option(
        help: ArgumentHelp(
            "Which queries are logged: all; denial: names that do not exist, or not with that type; error: all other errors. (default: all)",
            valueName: "all|denial|error"))
    var queryLogClass: String?

    @Option(
        help: ArgumentHelp(
            "The unix socket of a dnstap receiver that queries and responses are sent to. (default: none)", valueName: "unix:path"))
    var dnstap: String?

    @Option(help: ArgumentHelp("What dnstap messages call this server. (default: the host's name)", valueName: "text"))
    var dnstapIdentity: String?

    @Option(
        help: ArgumentHelp(
            "Where to show what the server does, over HTTP: an address, or the path of a unix socket. (default: nowhere)",
            valueName: "address:port|path"))
    var admin: String?

    @Option(
        help: ArgumentHelp(
            "How long to serve on after SIGTERM, not ready any more, before the end. (default: 0)", valueName: "duration"))
    var lameduck: String?
}

/// The settings of `serve`, checked.
struct ServeSettings {
    let common: CommonSettings
    let probesHeld: Bool
    /// The file that keeps the registry; nil for none.
    let state: StateFile?
    /// UDP threads for each address.
    let workers: Int
    /// Octets.
    let longestUDPResponse: Int
    /// What is recorded of queries.
    let observation: QueryObservation
    /// Where the admin endpoint listens; nil for nowhere.
    let admin: AdminAddress?
    /// How long to serve on after SIGTERM.
    let lameduck: Duration

    /// Throws with all problems in one line.
    init(_ commonOptions: CommonOptions, _ options: ServeOptions, _ reader: SettingsReader = SettingsReader()) throws(CommandFailure) {
        var reader = reader
        common = CommonSettings(commonOptions, serve: options, &reader, logLevel: .info)
        probesHeld = reader.value("probe-held", options.probeHeld, default: true, expected: "on or off") { ["on": true, "off": false][$0] }
        state = reader.value("state", options.state, default: nil, expected: "the path of a file") {
            $0.isEmpty || $0.hasSuffix("/") ? nil : .some(StateFile(path: $0))
        }
        workers = reader.value("workers", options.workers, default: Self.processors, expected: "a number from 1 to 256") {
            Int($0).flatMap { 1...256 ~= $0 ? $0 : nil }
        }
        longestUDPResponse = reader.value(
            "max-udp-size", options.maxUdpSize, default: UDPPayloadSize.unfragmented,
            expected: "octets from 512 to \(UDPPayloadSize.longest)"
        ) { Int($0).flatMap { UDPPayloadSize.withoutEDNS...UDPPayloadSize.longest ~= $0 ? $0 : nil } }
        observation = Self.observation(options, &reader)
        admin = reader.value(
            "admin", options.admin, default: nil,
            expected: "an address with a port such as 127.0.0.1:9153, or a path such as /run/zoodns.sock"
        ) { AdminAddress($0).map(Optional.some) }
        lameduck = reader.value("lameduck", options.lameduck, default: .zero, expected: "a duration such as 5s, or 0") {
            Duration(text: $0)
        }
        try reader.finish()
    }

    /// The zones to serve.
    var zones: [ZoneSettings] { common.zones }

    private static func observation(_ options: ServeOptions, _ reader: inout SettingsReader) -> QueryObservation {
        var observation = QueryObservation()
        observation.log = reader.value("query-log", options.queryLog, default: nil, expected: "the path of a file, or -") {
            $0 == "-" ? .some(.standardOutput) : $0.isEmpty || $0.hasSuffix("/") ? nil : .some(.file($0))
        }
        let every = reader.value("query-log-sample", options.queryLogSample, default: 1, expected: "a number from 0 to 1000000000") {
            UInt32($0).flatMap { $0 <= 1_000_000_000 ? $0 : nil }
        }
        let responses = reader.value(
            "query-log-class", options.queryLogClass, default: ResponseClass.all, expected: "all, denial or error"
        ) { text in ResponseClass.allCases.first { "\($0)" == text } }
        observation.selection = QueryLogSelection(isOn: every > 0, every: every, responseClass: responses)
        observation.dnstap = reader.value(
            "dnstap", options.dnstap, default: nil,
            expected: "unix: and the path of a socket, at most \(QueryObservation.longestPath) octets"
        ) { text in
            let path = text.hasPrefix("unix:") ? String(text.dropFirst(5)) : text
            return 1...QueryObservation.longestPath ~= path.utf8.count && path.contains("/") && !path.hasSuffix("/") ? .some(path) : nil
        }
        observation.identity = reader.value(
            "dnstap-identity", options.dnstapIdentity, default: Machine.name, expected: "a text of 1 to 255 octets"
        ) { 1...255 ~= $0.utf8.count ? $0 : nil }
        observation.version = "zoodns \(Version.text)"
        return observation
    }

    private static var processors: Int { min(Processors.usable, 256) }
}
