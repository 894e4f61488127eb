import DNSAuthority
import DNSTransport
import Glibc
import Handoff
import HostResolution
import ProviderDiscovery
import ServerStatus
import ServiceLifecycle
import ZoneCompilation
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
    private let admin: AdminServer?
    /// What the admin endpoint shows; nil without one.
    private let board: StatusBoard?

    /// Connects the parts of a server that listens already, also for the admin endpoint if there is one; none of them runs yet.
    init(_ settings: ServeSettings, _ server: DNSServer, _ admin: AdminServer?) {
        let registry = settings.common.registry
        let client = registry.client
        let resolver = settings.common.hostResolver(listening: server.endpoints)
        let prober =
            settings.probesHeld
            ? HeldProber(probesLoopback: !settings.common.own(listening: server.endpoints).isBeyondLoopback) : nil
        let keeper = settings.state.map {
            StateKeeper($0, settings.zones, chroot: registry.servers.chroot?.text ?? "", registry.logger)
        }
        let board = admin.map { _ in StatusBoard(origins: registry.zones.map(\.origin)) }
        if let board { client.observe { [weak client] in board.take($0, obstacle: client?.obstacle) } }
        let publish: @Sendable (ServedZones) -> Void = { zones in
            server.publish(zones)
            board?.take(zones)
        }
        let outlets = ZonePublisher.Outlets(publish: publish) { change in
            prober?.follow(change)
            resolver.follow(change.followed, dropping: change.dropped)
        }
        let publisher = ZonePublisher(
            policies: settings.common.policies, seed: .random(in: 0 ... .max), outlets: outlets,
            now: { UInt32(truncatingIfNeeded: time(nil)) }, logger: registry.logger)
        watchers = ZoneWatchers(client, registry.logger) { update, origin in
            keeper?.take(update, for: origin)
            prober?.take(update, for: origin)
            board?.take(update, for: origin)
            publisher.send(update, for: origin)
        }
        watchers.serve(settings.zones)
        access = RegistryAccess(client, registry, registry.logger)
        (self.server, self.client, self.admin, self.board) = (server, client, admin, board)
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
        services.append(Part("dns server") { try await serve() })
        if let admin, let board { services.append(Part("admin endpoint") { await admin.run(routes(board)) }) }
        return services.map { .init(service: $0, serviceName: $0.name) }
    }

    /// Serves by other settings from now on, as far as that can be done without a restart. Throws if an address cannot be had: nothing has
    /// changed then.
    func apply(_ settings: ServeSettings) async throws(ListenError) {
        try await server.listen(at: settings.common.listen)
        let own = settings.common.own(listening: server.endpoints)
        let origins = settings.zones.map(\.source.origin)
        board?.serve(origins)
        keeper?.serve(settings.zones)
        prober?.serve(origins, probesLoopback: !own.isBeyondLoopback)
        resolver.serve(own)
        access.serve(settings.zones.map(\.source.layout.root))
        // Before the watchers, whose reports of a zone that it does not have would be lost.
        publisher.serve(settings.common.policies)
        watchers.serve(settings.zones)
    }

    /// What the admin endpoint answers.
    private func routes(_ board: StatusBoard) -> [any RouteGroup] { [HealthRoutes(board)] }

    /// The server is about to end.
    func beginLameDuck() { board?.beginLameDuck() }

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

    private func serve() async throws(CommandFailure) {
        do throws(WorkerError) { try await server.run() } catch { throw .refused(error.text) }
    }
}
