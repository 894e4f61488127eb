import DNSAuthority
import DNSTransport
import Glibc
import Handoff
import HostResolution
import ProviderDiscovery
import QueryLogging
import ServiceLifecycle
import ZoneCompilation
import ZooKeeperClient

/// The parts of the server, and what each hands to the next, in the order of the data flow.
struct ServerWiring {
    private let server: DNSServer
    private let client: Client
    private let access: RegistryAccess
    private let watchers: [DomainName: ProviderWatcher]
    private let keeper: StateKeeper?
    private let prober: HeldProber?
    private let resolver: HostResolver
    private let publisher: ZonePublisher
    private let observer: QueryObserver?

    /// Connects the parts of a server that listens already; none of them runs yet.
    init(_ settings: ServeSettings, _ server: DNSServer, _ observer: QueryObserver?) {
        let registry = settings.common.registry
        let client = registry.client
        let resolver = settings.common.hostResolver(listening: server.endpoints)
        let prober =
            settings.probesHeld
            ? HeldProber(probesLoopback: !settings.common.own(listening: server.endpoints).isBeyondLoopback) : nil
        let keeper = settings.state.map {
            StateKeeper($0, registry.savedSources, maximumStale: settings.maximumStale, registry.logger)
        }
        let outlets = ZonePublisher.Outlets(publish: server.publish) { change in
            prober?.follow(change)
            resolver.follow(change.followed, dropping: change.dropped)
        }
        let publisher = ZonePublisher(
            origins: registry.zones.map(\.origin), policy: settings.common.policy, maximumStale: settings.maximumStale,
            seed: .random(in: 0 ... .max), outlets: outlets, now: { UInt32(truncatingIfNeeded: time(nil)) }, logger: registry.logger)
        let watchers = registry.zones.map { source in
            let watcher = ProviderWatcher(client: client, layout: source.layout, settings: settings.watch, logger: registry.logger) {
                update in
                keeper?.take(update, for: source.origin)
                prober?.take(update, for: source.origin)
                publisher.send(update, for: source.origin)
            }
            return (source.origin, watcher)
        }
        self.watchers = Dictionary(watchers) { first, _ in first }
        access = RegistryAccess(client, registry, registry.logger)
        (self.server, self.client, self.observer) = (server, client, observer)
        (self.resolver, self.prober, self.keeper, self.publisher) = (resolver, prober, keeper, publisher)
    }

    /// The parts as services, which end from the last to the first: what takes something in ends before what gives it.
    var services: [ServiceGroupConfiguration.ServiceConfiguration] {
        var services = [Part("zookeeper client") { await client.run() }, Part("registry access") { await access.run() }]
        for (origin, watcher) in watchers { services.append(Part("watcher of \(origin.text)") { await watcher.run() }) }
        if let keeper { services.append(Part("state") { try await keep(keeper) }) }
        if let prober {
            services.append(Part("prober") { await prober.run { watchers[$0.origin]?.takeRefusal($0.provider, of: $0.service) } })
        }
        services.append(Part("host resolver") { await resolve() })
        services.append(Part("publisher") { try await publish() })
        if let observer { services.append(Part("query observer") { try await observe(observer) }) }
        services.append(Part("dns server") { try await serve() })
        return services.map { .init(service: $0, serviceName: $0.name) }
    }

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

    private func observe(_ observer: QueryObserver) async throws(CommandFailure) {
        do throws(NoThread) { try await observer.run() } catch { throw .noThread(for: "the query log") }
    }

    private func serve() async throws(CommandFailure) {
        do throws(WorkerError) { try await server.run() } catch { throw .refused(error.text) }
    }
}
