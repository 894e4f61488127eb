import ArgumentParser
import DNSAuthority
import DNSTransport
import QueryLogging
import ServerStatus
import UnixSignals

/// `zoodns serve`: what happens before the server runs, and how it ends. The parts are connected in `ServerWiring`.
struct ServeCommand: AsyncParsableCommand {
    /// The command's name on the command line.
    static let name = "serve"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "Answer DNS queries from a registry in ZooKeeper.",
        discussion: """
            A duration is seconds or has a unit: 90, 90s, 250ms, 15m, 1h. Each option is also an environment variable, such as \
            ZOODNS_HOLD_DOWN for --hold-down, with commas between repeated values, and a key of the file of --config, where each zone may \
            have settings of its own. An option goes before its variable, a variable before the file.

            SIGTERM (after --lameduck) and SIGINT end it within five seconds, a second one at once. SIGHUP has it read its settings again: zones, \
            addresses, TTLs and the like change at once, what needs a restart is logged, and settings with a problem change nothing. SIGQUIT, \
            SIGUSR1, SIGUSR2 and SIGALRM are logged; others are ignored.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var options: ServeOptions

    /// How long the parts may take to end together.
    private static let longestShutdown: Duration = .milliseconds(4500)

    func run() async throws {
        // Before there are threads with heaps of their own.
        MemoryUse.shareHeaps()
        MemoryUse.giveBackLargePieces()
        let others = await OtherSignals.trap()
        let settings = try ServeSettings(common, options)
        let logger = settings.common.registry.logger
        try raiseDescriptorLimit(settings)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint).map { SignalNumber($0.rawValue) }
        let observer = try observe(settings)
        let forwarding = Forwarding(settings)
        let server = try await listen(settings, observer, forwarding)
        let admin = try await listenForAdmin(settings)
        if let admin { StandardStreams.say("admin \(admin.address.text)") }
        for endpoint in server.endpoints { StandardStreams.say("listening \(endpoint.text) udp tcp") }
        Self.warn(settings, server)
        let wiring = ServerWiring(settings, server, admin, observer, forwarding)
        let reload = SettingsReload(
            settings, wiring,
            read: { [common, options] () throws(CommandFailure) in try ServeSettings(common, options, logger: logger) },
            warn: { Self.warn($0, server) })
        let reporting = Task { await others.report(logger) { await reload.reload() } }
        defer { reporting.cancel() }
        try await Shutdown.run(
            wiring.services, signals, logger, limit: Self.longestShutdown,
            linger: { signal in
                guard settings.lameduck > .zero, signal == .term else { return }
                wiring.beginLameDuck()
                try await Task.sleep(for: settings.lameduck)
            })
    }

    private func listenForAdmin(_ settings: ServeSettings) async throws(CommandFailure) -> AdminServer? {
        guard let address = settings.admin else { return nil }
        do throws(AdminError) {
            return try await AdminServer.listen(address, logger: settings.common.registry.logger)
        } catch {
            throw .refused(error.text)
        }
    }

    private static func warn(_ settings: ServeSettings, _ server: DNSServer) {
        let registry = settings.common.registry
        for endpoint in server.missing {
            registry.logger.warning("address is not there yet: listening all the same", metadata: ["address": "\(endpoint.text)"])
        }
        for (inner, outer) in registry.zones.nested {
            registry.logger.warning(
                "zone lies within another, whose services of that name are out of reach",
                metadata: ["zone": "\(inner.origin.text)", "within": "\(outer.origin.text)"])
        }
    }

    private func raiseDescriptorLimit(_ settings: ServeSettings) throws(CommandFailure) {
        DescriptorLimit.raise()
        do throws(DescriptorError) {
            try DescriptorLimit.check(addresses: settings.common.listen.count, workers: settings.workers)
        } catch {
            throw .refused(error.text)
        }
    }

    private func observe(_ settings: ServeSettings) throws(CommandFailure) -> QueryObserver? {
        var observation = settings.observation
        observation.samples = settings.admin != nil
        guard !observation.isEmpty else { return nil }
        // One more: TCP.
        let threads = settings.common.listen.count * settings.workers + 1
        do throws(QueryLogError) {
            return try QueryObserver(observation, threads: threads, settings.common.registry.logger)
        } catch {
            throw .refused("--query-log \(error.text)")
        }
    }

    private func listen(
        _ settings: ServeSettings, _ observer: QueryObserver?, _ forwarding: Forwarding
    ) async throws(CommandFailure) -> DNSServer {
        let zones = ServedZones(settings.common.registry.zones.map { ServedZone(notReady: $0.origin) })
        do throws(ListenError) {
            return try await DNSServer(
                listen: settings.common.listen, workers: settings.workers, udpLimit: settings.longestUDPResponse, zones: zones,
                policy: settings.policy, tap: observer?.tap, forward: { forwarding.forwarder.take($0) })
        } catch {
            throw .refused(error.text)
        }
    }
}
