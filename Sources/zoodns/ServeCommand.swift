import ArgumentParser
import DNSAuthority
import DNSTransport
import Glibc
import Handoff
import HostResolution
import Logging
import ProviderDiscovery
import ProviderRegistry
import UnixSignals
import ZoneCompilation
import ZooKeeperClient

/// `zoodns serve`: the wiring, in the order of the data flow.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Answer DNS queries from a registry in ZooKeeper.",
        discussion: """
            A duration is seconds or has a unit: 90, 90s, 250ms, 15m, 1h. Each option is also an environment variable, such as \
            ZOODNS_HOLD_DOWN for --hold-down, with commas between repeated values; the option wins.

            SIGTERM and SIGINT end it within five seconds, a second one at once; SIGHUP is logged (settings are read at the start only), like \
            SIGQUIT, SIGUSR1, SIGUSR2 and SIGALRM; others are ignored.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var options: ServeOptions

    func run() async throws {
        // Before there are threads with heaps of their own.
        MemoryUse.shareHeaps()
        MemoryUse.giveBackLargePieces()
        let others = await OtherSignals.trap()
        let settings = try ServeSettings(common, options)
        let logger = settings.common.registry.logger
        try raiseDescriptorLimit(settings)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint).map { SignalNumber($0.rawValue) }
        let server = try await listen(settings)
        for endpoint in server.endpoints { StandardStreams.say("listening \(endpoint.text) udp tcp") }

        for endpoint in server.missing {
            logger.warning("address is not there yet: listening all the same", metadata: ["address": "\(endpoint.text)"])
        }
        for (inner, outer) in settings.common.registry.nestedZones {
            logger.warning(
                "zone lies within another, whose services of that name are out of reach",
                metadata: ["zone": "\(inner.origin.text)", "within": "\(outer.origin.text)"])
        }
        let client = settings.common.registry.client
        let own = OwnService(origins: settings.common.registry.zones.map(\.origin), endpoints: server.endpoints)
        let resolver = HostResolver(
            servers: settings.common.hostResolvers, hostsFile: settings.common.hostsFile,
            own: own,
            descriptors: DescriptorLimit.lookups, logger: logger)
        let prober =
            settings.probesHeld
            ? HeldProber(zones: settings.common.registry.zones.count, probesLoopback: !own.isBeyondLoopback) : nil
        let outlets = ZonePublisher.Outlets(publish: server.publish) { change in
            prober?.follow(change)
            resolver.follow(change.followed, dropping: change.dropped)
        }
        let publisher = publisher(settings, logger, outlets)
        let keeper = settings.state.map {
            StateKeeper($0, settings.common.registry.savedSources, maximumStale: settings.maximumStale, logger)
        }
        let watchers = settings.common.registry.zones.enumerated().map { index, source in
            ProviderWatcher(
                client: client, layout: source.layout,
                settings: WatchSettings(
                    reconcile: settings.reconcile, holdDown: settings.holdDown, guardsMassRemoval: settings.guardsMassRemoval,
                    zones: settings.common.registry.zones.count),
                logger: logger
            ) { update in
                keeper?.take(update, zone: index)
                if case .changed(let change) = update { prober?.take(change, zone: index) }
                if let event = ZonePublisher.Event(update, zone: index) { publisher.send(event) }
            }
        }

        let access = RegistryAccess(client, settings.common.registry, logger)

        // Ended from the last to the first: what takes something in ends before what it takes it from.
        var parts = [Part { await client.run() }, Part { await access.run() }]
        for watcher in watchers { parts.append(Part { await watcher.run() }) }
        if let keeper { parts.append(Part { try await keep(keeper, watchers) }) }
        if let prober { parts.append(Part { await prober.run { watchers[$0.zone].takeRefusal($0.provider, of: $0.service) } }) }
        parts.append(
            Part {
                await resolver.run { hosts in
                    prober?.resolve(hosts)
                    publisher.send(.resolved(hosts))
                }
            })
        parts.append(Part { try await publish(publisher) })
        parts.append(Part { try await serve(server) })
        let reporting = Task { await others.report(logger) }
        defer { reporting.cancel() }
        try await Shutdown.run(parts.map { .init(service: $0, serviceName: "part") }, signals, logger, limit: Self.longestShutdown)
    }

    /// How long the parts may take to end together.
    private static let longestShutdown: Duration = .milliseconds(4500)

    private func raiseDescriptorLimit(_ settings: ServeSettings) throws(CommandFailure) {
        DescriptorLimit.raise()
        do throws(DescriptorError) {
            try DescriptorLimit.check(addresses: settings.common.listen.count, workers: settings.workers)
        } catch {
            throw .refused(error.text)
        }
    }

    private func listen(_ settings: ServeSettings) async throws(CommandFailure) -> DNSServer {
        let zones = ServedZones(settings.common.registry.zones.map { ServedZone(notReady: $0.origin) })
        do throws(ListenError) {
            return try await DNSServer(
                listen: settings.common.listen, workers: settings.workers, udpLimit: settings.longestUDPResponse, zones: zones)
        } catch {
            throw .refused(error.text)
        }
    }

    private func serve(_ server: DNSServer) async throws(CommandFailure) {
        do throws(WorkerError) { try await server.run() } catch { throw .refused(error.text) }
    }

    private func publish(_ publisher: ZonePublisher) async throws(CommandFailure) {
        do throws(NoThread) { try await publisher.run() } catch { throw .noThread(for: "the zones") }
    }

    private func keep(_ keeper: StateKeeper, _ watchers: [ProviderWatcher]) async throws(CommandFailure) {
        do throws(NoThread) {
            try await keeper.run { saved, zone in watchers[zone].restore(saved.registry, asOf: saved.asOf) }
        } catch {
            throw .noThread(for: "the state")
        }
    }

    private func publisher(_ settings: ServeSettings, _ logger: Logger, _ outlets: ZonePublisher.Outlets) -> ZonePublisher {
        ZonePublisher(
            origins: settings.common.registry.zones.map(\.origin), policy: settings.common.policy, maximumStale: settings.maximumStale,
            seed: .random(in: 0 ... .max), outlets: outlets, now: { UInt32(truncatingIfNeeded: time(nil)) }, logger: logger)
    }
}

extension ZonePublisher.Event {
    /// What a watcher says, of the zone that it watches; nil for what it only logs.
    init?(_ update: RegistryUpdate, zone: Int) {
        switch update {
        case .unusable: return nil
        case .complete(let registry): self = .read(registry, zone: zone)
        case .changed(let change): self = .changed(change, zone: zone)
        case .connected(let timeout): self = .connected(sessionTimeout: timeout, zone: zone)
        case .disconnected(let instant): self = .disconnected(since: instant, zone: zone)
        }
    }
}
