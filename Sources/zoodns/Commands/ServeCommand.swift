import ArgumentParser
import DNSAuthority
import DNSTransport
import FoundationEssentials
import QueryLogging
import ServerStatus
import UnixSignals
import ZoneTransfer

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
        let inherited = try inheritSockets()
        let settings = try ServeSettings(common, options, inherited: inherited)
        let logger = settings.common.registry.logger
        if let user = settings.user { try ServingUser.become(user) }
        inherited.claim()
        let supervisor = Supervisor(ProcessInfo.processInfo.environment)
        try raiseDescriptorLimit(settings)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint).map { SignalNumber($0.rawValue) }
        let observer = try observe(settings)
        let forwarding = Forwarding(settings)
        let answerer = TransferAnswerer(settings.transfers.policy, logger: logger)
        let server = try await listen(settings, observer, inherited, forwarding, settings.policy(answerer))
        let admin = try await listenForAdmin(settings)
        if let admin { StandardStreams.say("admin \(admin.address.text)") }
        for endpoint in server.endpoints { StandardStreams.say("listening \(endpoint.text) udp tcp") }
        Self.warn(settings, server)
        let wiring = ServerWiring(settings, server, admin, observer, forwarding, answerer, supervisor)
        let reload = SettingsReload(
            settings, wiring,
            read: { [common, options] () throws(CommandFailure) in
                try ServeSettings(common, options, logger: logger, inherited: inherited)
            },
            warn: { Self.warn($0, server) })
        let reporting = Task { await others.report(logger) { await reload.reload() } }
        defer { reporting.cancel() }
        try await Shutdown.run(
            wiring.services, signals, logger, limit: Self.longestShutdown,
            linger: { signal in
                let pause = signal == .term ? settings.lameduck : .zero
                await supervisor?.tell(.stopping(within: pause + Self.longestShutdown * 2))
                guard pause > .zero else { return }
                wiring.beginLameDuck()
                try await Task.sleep(for: pause)
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

    private func inheritSockets() throws(CommandFailure) -> InheritedSockets {
        do throws(InheritedSockets.Failure) {
            return try InheritedSockets(ProcessInfo.processInfo.environment)
        } catch {
            throw .usage(error.problems)
        }
    }

    private static func warn(_ settings: ServeSettings, _ server: DNSServer) {
        let registry = settings.common.registry
        if server.isShortOfBuffer {
            registry.logger.notice("the kernel queues few packets: bursts of queries are lost unless net.core.rmem_max is 4194304")
        }
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
        _ settings: ServeSettings, _ observer: QueryObserver?, _ inherited: InheritedSockets, _ forwarding: Forwarding,
        _ policy: QueryPolicy
    ) async throws(CommandFailure) -> DNSServer {
        let further = settings.common.reverse.prefixes.map(\.origin) + [settings.transfers.catalog].compactMap(\.self)
        let origins = settings.common.registry.zones.map(\.origin) + further
        let zones = ServedZones(origins.map(ServedZone.init(notReady:)))
        do throws(ListenError) {
            return try await DNSServer(
                listen: settings.common.listen, workers: settings.workers, udpLimit: settings.longestUDPResponse, zones: zones,
                policy: policy, tap: observer?.tap, forward: { forwarding.forwarder.take($0) }, inherited: inherited)
        } catch {
            throw .refused(error.text)
        }
    }
}
