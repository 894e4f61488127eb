import ArgumentParser
import DNSAuthority
import Explanation
import Glibc
import Handoff
import ServerStatus
import Synchronization
import ZoneCompilation

/// `zoodns export`: files for programs that take neither SRV nor HTTP.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write where services are to be reached into files for other programs.",
        discussion: """
            With --envoy-eds a file for each service, such as web.svc.local.json, for Envoy's path_config_source. A file is replaced by \
            rename, and only if it says something else; the file of a service that is gone says that there are no endpoints. Reads ZooKeeper \
            itself, once or with --watch until it is ended; a zone that is not known changes no file.
            """)

    @Option(name: .customLong("envoy-eds"), help: ArgumentHelp("The folder for Envoy's files.", valueName: "folder")) var folder: String
    @Flag(help: "Write again each time they change.") var watch = false
    @OptionGroup var common: CommonOptions

    /// How long to wait for ZooKeeper and for the providers' host names.
    private static let limit: Duration = .seconds(15)

    func run() async throws {
        var reader = SettingsReader()
        let settings = CommonSettings(common, &reader, for: .export)
        try reader.finish()
        var files = EndpointFiles(folder: folder)
        try files.check()
        guard watch else { return try await once(settings, &files) }
        try await RegistryFollowing(settings).run { try files.write($0, isWhole: $1) }
    }

    private func once(_ settings: CommonSettings, _ files: inout EndpointFiles) async throws {
        let deadline = ContinuousClock.now + Self.limit
        let excerpts = try await settings.registry.read(.all, settings.registry.client, before: deadline, within: Self.limit)
        for source in settings.registry.zones where excerpts[source.origin]?.hasRoot == false {
            // Empty files would send all requests nowhere; it is more likely a mistake.
            if let text = await settings.registry.missing(source.layout.root) { throw CommandFailure.refused(text) }
        }
        let snapshot = await settings.snapshot(of: excerpts, before: deadline)
        let zones = excerpts.compactMap { origin, excerpt in
            snapshot.zones[origin].map { ServedServices.PushedZone(ServedZone($0, .current), excerpt.registry) }
        }
        try files.write(ServedServices({ zones }, read: { _ in [] }), isWhole: true)
    }
}

/// Follows the registries as a server does, and answers no queries.
private struct RegistryFollowing {
    private let settings: CommonSettings
    private let board: StatusBoard

    /// How long hosts may take to be resolved at the start.
    private static let patience: Duration = .seconds(5)
    /// Time between two looks at what has changed.
    private static let pause: Duration = .milliseconds(100)

    init(_ settings: CommonSettings) {
        self.settings = settings
        board = StatusBoard(settings.zones.map { .init(origin: $0.source.origin, layout: $0.source.layout, holdDown: $0.watch.holdDown) })
    }

    /// Hands over the services when they have changed, and says whether hosts have had their time to be resolved, until the task is cancelled.
    func run(_ deliver: (ServedServices, _ isWhole: Bool) throws -> Void) async throws {
        let (client, news) = (settings.registry.client, Mailbox<Void>())
        let served = Mutex(ServedZones())
        let resolver = settings.hostResolver(listening: settings.listen)
        let outlets = ZonePublisher.Outlets(
            publish: { [board] zones in
                served.withLock { $0 = zones }
                board.take(zones)
                news.post(())
            }, follow: { resolver.follow($0.followed, dropping: $0.dropped) })
        let publisher = ZonePublisher(
            policies: settings.policies, seed: .random(in: 0 ... .max), outlets: outlets, ticks: SerialSequence.clock(notBefore: nil),
            logger: settings.registry.logger)
        let watchers = ZoneWatchers(client, settings.registry.logger) { [board] update, origin in
            board.take(update, for: origin)
            publisher.send(update, for: origin)
        }
        watchers.serve(settings.zones)
        let services = ServedServices(board, served: { served.withLock { $0 } }, read: { _ in [] })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            group.addTask { await watchers.run() }
            group.addTask { await resolver.run { publisher.resolve($0) } }
            group.addTask { try await publisher.run() }
            defer { group.cancelAll() }
            let settled = ContinuousClock.now + Self.patience
            while await news.next(before: settled > .now ? settled : nil) != nil {
                try deliver(services, settled <= .now)
                try await Task.sleep(for: Self.pause)
            }
        }
    }
}
