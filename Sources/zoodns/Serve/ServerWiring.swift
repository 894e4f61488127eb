import DNSAuthority
import DNSTransport
import FoundationEssentials
import Glibc
import Explanation
import Handoff
import HostResolution
import IPAddressing
import ProviderDiscovery
import QueryLogging
import ServerStatus
import ServiceLifecycle
import ZoneCompilation
import ZoneTransfer
import ZooKeeperClient

/// The parts of the server, and what each hands to the next, in the order of the data flow.
struct ServerWiring {
    private let server: DNSServer
    private let client: Client
    private let access: RegistryAccess
    private let watchers: ZoneWatchers
    private let keeper: StateKeeper?
    private let prober: HeldProber?
    private let resolver: HostResolver
    private let publisher: ZonePublisher
    private let forwarding: Forwarding
    private let answerer: TransferAnswerer
    private let notifier: Notifier
    private let admin: AdminServer?
    /// What is recorded of queries; nil for nothing.
    private let observer: QueryObserver?
    /// What the admin endpoint shows; nil without one.
    private let board: StatusBoard?
    private let status: StatusSources?
    /// What hears of the server as long as it runs; nil for none.
    private let supervisor: Supervisor?
    /// What the admin endpoint's clients follow.
    private let changes = ChangeFeed()

    /// Connects the parts of a server that listens already, also for the admin endpoint if there is one; none of them runs yet.
    init(
        _ settings: ServeSettings, _ server: DNSServer, _ admin: AdminServer?, _ observer: QueryObserver?, _ forwarding: Forwarding,
        _ answerer: TransferAnswerer, _ supervisor: Supervisor? = nil
    ) {
        (self.forwarding, self.answerer) = (forwarding, answerer)
        let registry = settings.common.registry
        let client = registry.client
        let resolver = settings.common.hostResolver(listening: server.endpoints)
        let prober =
            settings.probesHeld
            ? HeldProber(probesLoopback: !settings.common.own(listening: server.endpoints).isBeyondLoopback) : nil
        let keeper = settings.state.map {
            StateKeeper($0, settings.zones, chroot: registry.servers.chroot?.text ?? "", registry.logger)
        }
        let isShown = admin != nil || supervisor != nil
        let board = isShown ? StatusBoard(Self.boarded(settings), obstacle: { [weak client] in client?.obstacle }) : nil
        if let board { client.observe { board.take($0) } }
        let notifier = Notifier(registry.logger)
        notifier.use(settings.transfers.notify)
        let publish: @Sendable (ServedZones) -> Void = { zones in
            server.publish(zones)
            // Behind the server: what others hear of can be transferred.
            notifier.take(zones)
            board?.take(zones)
        }
        var outlets = ZonePublisher.Outlets(publish: publish) { change in
            prober?.follow(change)
            resolver.follow(change.followed, dropping: change.dropped)
        }
        if let board { outlets.settle = { board.settle($0, heard: $1) } }
        let publisher = ZonePublisher(
            policies: settings.common.policies, reverse: settings.common.reverse, versions: settings.transfers.versions,
            catalog: settings.transfers.catalog, seed: .random(in: 0 ... .max), outlets: outlets,
            ticks: SerialSequence.clock(notBefore: settings.state?.written), logger: registry.logger)
        watchers = ZoneWatchers(client, registry.logger) { update, origin in
            keeper?.take(update, for: origin)
            prober?.take(update, for: origin)
            board?.take(update, for: origin)
            publisher.send(update, for: origin)
        }
        watchers.serve(settings.zones)
        access = RegistryAccess(client, registry, registry.logger)
        status = board.map { StatusSources($0, settings, server) }
        self.notifier = notifier
        (self.server, self.client, self.admin, self.board, self.observer) = (server, client, admin, board, observer)
        self.supervisor = supervisor
        (self.resolver, self.prober, self.keeper, self.publisher) = (resolver, prober, keeper, publisher)
    }

    /// The parts as services, which end from the last to the first: what takes something in ends before what gives it.
    var services: [ServiceGroupConfiguration.ServiceConfiguration] {
        var services = [Part("zookeeper client") { await client.run() }, Part("registry access") { await access.run() }]
        services.append(Part("watchers") { await watchers.run() })
        if let keeper { services.append(Part("state") { try await keep(keeper) }) }
        if let prober {
            services.append(Part("prober") { await prober.run { watchers[$0.origin]?.takeRefusal($0.provider, of: $0.service) } })
        }
        services.append(Part("host resolver") { await resolve() })
        services.append(Part("publisher") { try await publish() })
        services.append(Part("forwarder") { try await forward() })
        services.append(Part("notifier") { try await notify() })
        if let observer { services.append(Part("query observer") { try await observe(observer) }) }
        services.append(Part("dns server") { try await serve() })
        if let admin, let board {
            services.append(Part("change feed") { await changes.run(board) })
            services.append(Part("admin endpoint") { await admin.run(routes(board)) })
        }
        if let supervisor, let board {
            let supervision = Supervision(supervisor: supervisor, server: server, publisher: publisher, board: board)
            services.append(Part("supervision") { await supervision.run() })
        }
        return services.map { .init(service: $0, serviceName: $0.name) }
    }

    private static func boarded(_ settings: ServeSettings) -> [StatusBoard.Shown] {
        settings.zones.map { .init(origin: $0.source.origin, layout: $0.source.layout, holdDown: $0.watch.holdDown) }
    }

    /// Serves by other settings from now on, as far as that can be done without a restart. Throws if an address cannot be had: nothing has
    /// changed then.
    func apply(_ settings: ServeSettings) async throws(ListenError) {
        try await server.listen(at: settings.common.listen)
        let own = settings.common.own(listening: server.endpoints)
        board?.serve(Self.boarded(settings))
        keeper?.serve(settings.zones)
        prober?.serve(settings.zones.map(\.source), probesLoopback: !own.isBeyondLoopback)
        resolver.serve(own)
        forwarding.serve(settings, own)
        answerer.follow(settings.transfers.policy)
        server.serve(settings.policy(answerer))
        notifier.use(settings.transfers.notify)
        access.serve(settings.zones.map(\.source.layout.root))
        // Before the watchers, whose reports of a zone that it does not have would be lost.
        publisher.serve(
            settings.common.policies, reverse: settings.common.reverse, versions: settings.transfers.versions,
            catalog: settings.transfers.catalog)
        watchers.serve(settings.zones)
    }

    /// What the admin endpoint answers.
    private func routes(_ board: StatusBoard) -> [any RouteGroup] {
        let (server, resolver) = (server, resolver)
        var metrics = MetricsSources(
            version: Version.text, traffic: { server.traffic }, hostLookups: { resolver.lookups },
            logLinesLeftOut: { LogLosses.lines.load(ordering: .relaxed) })
        metrics.further = [
            (.transfers, { [answerer] in answerer.underWay }), (.notifySent, { [notifier] in notifier.sent }),
            (.notifyFailures, { [notifier] in notifier.failures }),
        ]
        if let observer {
            metrics.further.append((.queryLogDropped, { observer.droppedLines }))
            metrics.further.append((.dnstapDropped, { observer.droppedMessages }))
        }
        metrics.forwarding = { [forwarder = forwarding.forwarder] in forwarder.traffic }
        let zones = ZoneRoutes(board, served: { server.zones }, explain: explain)
        let sources = ServedServices(board, served: { server.zones }) { [board] text in
            ExplainedName.read(text, Self.sources(board)).map { ($0.origin, $0.name) }
        }
        let services = ServiceRoutes(sources, LongPolling(board))
        return [HealthRoutes(board), MetricsRoutes(board, metrics), zones, services, EventRoutes(changes, services)]
            + (observer.map { [QueryRoutes($0)] } ?? []) + (status.map { [PageRoutes($0, changes, explain: explain)] } ?? [])
    }

    /// How a name, an address's name, or a service in each zone, is answered now; nil if it is in no zone.
    private func explain(_ text: String) -> String? {
        if let answer = ReverseAnswer(text, in: server.zones.all) { return answer.text }
        let answers = ExplainedName.read(text, board.map(Self.sources) ?? []).compactMap { explain($0.name.text, in: $0.origin)?.text }
        return answers.isEmpty ? nil : answers.joined(separator: "\n")
    }

    /// The zones that are served now, with their registries.
    private static func sources(_ board: StatusBoard) -> [ZoneSource] {
        board.facts.zones.compactMap { zone in board.layout(of: zone.origin).map { ZoneSource(origin: zone.origin, layout: $0) } }
    }

    /// How a name is answered now.
    private func explain(_ name: String, in origin: DomainName) -> (any ShownAnswer)? {
        if let answer = ReverseAnswer(name, in: server.zones.all.filter { $0.origin == origin }) { return answer }
        guard let board, let layout = board.layout(of: origin), let registry = board.registry(of: origin),
            let served = server.zones.all.first(where: { $0.origin == origin })
        else { return nil }
        return ServedAnswer(name, ZoneSource(origin: origin, layout: layout), registry, served, rejected: board.rejected(of: origin))
    }

    /// Where the server listens.
    var endpoints: [SocketEndpoint] { server.endpoints }

    /// The settings have been read again.
    func noteReload(isSuccessful: Bool) { board?.noteReload(isSuccessful: isSuccessful) }

    /// The server is about to end.
    func beginLameDuck() { board?.beginLameDuck() }

    /// Has the supervisor, if there is one, hear that the settings are read again, or that this is over.
    func noteReloading(_ isOver: Bool) async { await supervisor?.tell(isOver ? .ready : .reloadingNow) }

    private func resolve() async {
        await resolver.run { hosts in
            prober?.resolve(hosts)
            publisher.resolve(hosts)
        }
    }

    private func keep(_ keeper: StateKeeper) async throws(CommandFailure) {
        do throws(NoThread) {
            try await keeper.run { saved, origin in watchers[origin]?.restore(saved.registry, asOf: saved.asOf) }
        } catch {
            throw .noThread(for: "the state")
        }
    }

    private func publish() async throws(CommandFailure) {
        do throws(NoThread) { try await publisher.run() } catch { throw .noThread(for: "the zones") }
    }

    private func forward() async throws(CommandFailure) {
        do throws(NoThread) { try await forwarding.run() } catch { throw .noThread(for: "forwarding") }
    }

    private func notify() async throws(CommandFailure) {
        do throws(NoThread) { try await notifier.run() } catch { throw .noThread(for: "notifications") }
    }

    private func observe(_ observer: QueryObserver) async throws(CommandFailure) {
        do throws(NoThread) { try await observer.run() } catch { throw .noThread(for: "the query log") }
    }

    private func serve() async throws(CommandFailure) {
        do throws(WorkerError) { try await server.run() } catch { throw .refused(error.text) }
    }
}

extension StatusSources {
    /// What a server shows that listens at these addresses.
    fileprivate init(_ board: StatusBoard, _ settings: ServeSettings, _ server: DNSServer) {
        let registry = settings.common.registry
        self.init(
            board, version: "zoodns \(Version.text)",
            host: ProcessInfo.processInfo.hostName, listening: { server.endpoints.map(\.text) }, servers: registry.servers.text,
            traffic: { StatusReport.Traffic(server.traffic) })
    }
}

extension ServedAnswer: ShownAnswer {}
extension ReverseAnswer: ShownAnswer {}

extension StatusReport.Traffic {
    /// What the page shows of all that was counted.
    fileprivate init(_ traffic: Traffic) {
        let zones = traffic.zones.values
        let responses = ResponseCode.allCases.map { code in (code.text, zones.reduce(0) { $0 + $1.responses[code.index] }) }
        self.init(
            queries: responses.reduce(0) { $0 + $1.1 }, responses: Dictionary(responses.filter { $0.1 > 0 }) { $0 + $1 },
            truncated: zones.reduce(0) { $0 + $1.truncated },
            malformed: zones.reduce(0) { $0 + $1.responses[ResponseCode.formatError.index] },
            dropped: traffic.silent.values.reduce(0, +), connections: traffic.connections.open)
    }
}
