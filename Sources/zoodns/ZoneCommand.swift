import ArgumentParser
import DNSAuthority
import Handoff
import Logging
import ProviderDiscovery
import ProviderRegistry
import ZoneCompilation
import ZooKeeperClient

/// `zoodns zone`: reads the registry once and prints what would be served.
struct ZoneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zone", abstract: "Print what would be served as a master file, and on standard error what was refused.",
        discussion: "With several zones their files follow each other: name one with --zone for a file that a name server loads.")

    @OptionGroup var common: CommonOptions

    /// How long to wait for ZooKeeper and for the providers' host names.
    private static let limit: Duration = .seconds(15)

    private enum News: Sendable {
        case unusable(ZnodeReport)
        case read(Registry, zone: Int)
    }

    func run() async throws {
        var reader = SettingsReader()
        let settings = CommonSettings(common, &reader, logLevel: .warning)
        try reader.finish()
        let deadline = ContinuousClock.now + Self.limit
        let registries = try await read(settings.registry, before: deadline)
        var missing: [String] = []
        for (source, registry) in zip(settings.registry.zones, registries) where registry.services.isEmpty {
            if let text = await MissingPath.text(source.layout.root, settings.registry) { missing.append(text) }
        }
        let snapshot = await ZoneSnapshot.take(registries, settings, before: deadline)
        for host in snapshot.unresolved.sorted() { StandardStreams.complain("\(host): cannot be resolved at present") }
        for report in snapshot.reports { StandardStreams.complain(Self.text(report)) }
        for zone in snapshot.zones.compactMap(\.self) { try StandardStreams.print(MasterFile.text(of: zone)) }
        // Served it would be an empty zone; in the place of a full one it is more likely a mistake.
        if !missing.isEmpty { throw CommandFailure.refused(missing.joined(separator: "; ")) }
    }

    /// The registries of all zones in their order, with a report of what was refused.
    private func read(_ settings: RegistrySettings, before deadline: ContinuousClock.Instant) async throws -> [Registry] {
        let client = settings.client
        let news = Mailbox<News>()
        let watchers = settings.zones.enumerated().map { index, source in
            // What was refused is printed in full below.
            ProviderWatcher(
                client: client, layout: source.layout, settings: WatchSettings(),
                logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
            ) { update in
                switch update {
                case .complete(let registry): news.post(.read(registry, zone: index))
                case .unusable(let report): news.post(.unusable(report))
                default: break
                }
            }
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            for watcher in watchers { group.addTask { await watcher.run() } }
            defer { group.cancelAll() }
            var registries: [Int: Registry] = [:]
            while registries.count < settings.zones.count {
                guard ContinuousClock.now < deadline, let items = await news.next(before: deadline) else {
                    throw CommandFailure.noAnswer(settings, within: Self.limit, client.obstacle)
                }
                for item in items {
                    switch item {
                    case .unusable(let report):
                        let parts = [report.path.debugDescription, report.reason] + (report.excerpt.isEmpty ? [] : [report.excerpt])
                        StandardStreams.complain(parts.joined(separator: ": "))
                    case .read(let registry, let zone): registries[zone] = registry
                    }
                }
            }
            return settings.zones.indices.compactMap { registries[$0] }
        }
    }

    private static func text(_ report: ZoneCompiler.Report) -> String {
        switch report {
        case .unreachable(let service, let origin):
            "\(service.text.debugDescription): cannot be a domain name below \(origin.text), or has too many labels"
        case .unnamed(let instance, let owner):
            "\(instance.text.debugDescription): no instance name fits below \(owner.text), left out of SRV"
        case .oversized(let owner, let leftOut): "\(owner.text) is too large: the \(leftOut) youngest providers are left out"
        case .limited(let owner, let records):
            "\(owner.text) would have \(records) records of one type: those beyond --max-answers are left out"
        case .more(let count): "\(count) more services and providers cannot be served"
        }
    }
}
