import DNSAuthority
import DNSTransport
import Logging
import QueryLogging
import QueryTap
import ServerStatus
import ZoneTransfer

/// The settings of `serve`, checked.
struct ServeSettings: Sendable {
    let common: CommonSettings
    /// Whether held providers are probed.
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
    /// What keeps the server and its clients from harm.
    let guards: QueryGuards
    /// Whom the server runs as; nil for the user who starts it.
    let user: String?
    /// Where names outside the zones are asked for.
    let forwarding: ForwardingSettings
    /// What other servers get of the zones.
    let transfers: TransferSettings
    /// All values by the settings' names.
    let values: [String: any Hashable & Sendable]

    /// Throws with all problems. `logger` is the one of the running program, if settings are read again; `inherited` are sockets that the
    /// supervisor has bound.
    init(
        _ commonOptions: CommonOptions, _ options: ServeOptions, _ reader: SettingsReader = SettingsReader(),
        for command: CommandName = .serve, logger: Logger? = nil, inherited: InheritedSockets = InheritedSockets()
    ) throws(CommandFailure) {
        var reader = reader
        common = CommonSettings(
            commonOptions, serve: options, &reader, for: command, logger: logger, inherited: inherited.endpoints)
        probesHeld = reader.value(Declared.probeHeld, options.probeHeld)
        state = reader.value(Declared.state, options.state)
        // An inherited socket without a worker would keep its part of the queries to itself.
        workers = max(reader.value(Declared.workers, options.workers), inherited.mostDatagrams)
        longestUDPResponse = reader.value(Declared.maxUDPSize, options.maxUdpSize)
        observation = QueryObservation(options, &reader)
        admin = reader.value(Declared.admin, options.admin)
        lameduck = reader.value(Declared.lameduck, options.lameduck)
        user = reader.value(Declared.user, options.user)
        guards = QueryGuards(options.guards, &reader)
        forwarding = ForwardingSettings(options, &reader)
        transfers = TransferSettings(options.transfers, common.zones, reverse: common.reverse.prefixes.map(\.origin), &reader)
        values = reader.values
        try reader.finish()
    }

    /// The zones to serve.
    var zones: [ZoneSettings] { common.zones }

    /// What the server does beyond what its zones say. The answerer is for transfers and signed queries.
    func policy(_ answerer: TransferAnswerer) -> QueryPolicy {
        // Without clients and keys it is as if there were neither.
        QueryPolicy(
            isForwarding: !forwarding.targets.isEmpty, forwardsLocal: forwarding.forwardsLocal, guards: guards,
            answerLong: transfers.policy == TransferPolicy() ? nil : answerer.answer)
    }
}

extension QueryObservation {
    /// What is recorded of queries.
    fileprivate init(_ options: ServeOptions, _ reader: inout SettingsReader) {
        self.init()
        log = reader.value(Declared.queryLog, options.queryLog)
        let every = reader.value(Declared.queryLogSample, options.queryLogSample)
        let responses = reader.value(Declared.queryLogClass, options.queryLogClass)
        selection = QueryLogSelection(isOn: every > 0, every: UInt32(clamping: every), responseClass: responses)
        dnstap = reader.value(Declared.dnstap, options.dnstap)
        identity = reader.value(Declared.dnstapIdentity, options.dnstapIdentity)
        version = "zoodns \(Version.text)"
    }
}
