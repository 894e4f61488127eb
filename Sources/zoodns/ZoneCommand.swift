import ArgumentParser
import DNSAuthority
import Glibc
import Handoff
import HostResolution
import IPAddressing
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
        case unusable(WatchReport)
        case read(Registry, zone: Int)
        case resolved([String: HostAddresses])
    }

    func run() async throws {
        var reader = SettingsReader()
        let settings = CommonSettings(common, &reader, logLevel: .warning)
        try reader.finish()
        let session = Session(
            servers: settings.registry.servers, timeout: settings.registry.sessionTimeout, logger: settings.registry.logger)
        let news = Mailbox<News>()
        let watchers = settings.registry.zones.enumerated().map { index, source in
            // What was refused is printed in full below.
            ProviderWatcher(
                session: session, layout: source.layout, settings: WatchSettings(),
                logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
            ) { update in
                switch update {
                case .complete(let registry): news.post(.read(registry, zone: index))
                case .unusable(let report): news.post(.unusable(report))
                default: break
                }
            }
        }
        let resolver = HostResolver(servers: settings.hostResolvers, logger: settings.registry.logger)
        let zones = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await session.run() }
            for watcher in watchers { group.addTask { await watcher.run() } }
            group.addTask { await resolver.run { news.post(.resolved($0)) } }
            defer { group.cancelAll() }
            return try await compile(settings, news, resolver)
        }
        for zone in zones { try StandardStreams.print(MasterFile.text(of: zone)) }
    }

    /// Compiles what comes in until nothing is missing any more.
    private func compile(_ settings: CommonSettings, _ news: Mailbox<News>, _ resolver: HostResolver) async throws -> [Zone] {
        var compiler = ZoneCompiler(origins: settings.registry.zones.map(\.origin), policy: settings.policy, seed: 0)
        var unread = Set(settings.registry.zones.indices)
        var unresolved: Set<String>?
        let deadline = ContinuousClock.now + Self.limit
        while unread.count + (unresolved ?? [""]).count > 0, ContinuousClock.now < deadline {
            for item in await news.next(before: deadline) ?? [] {
                switch item {
                case .unusable(let report):
                    StandardStreams.complain("\(report.path.debugDescription): \(report.reason): \(report.excerpt)")
                case .read(let registry, let zone):
                    compiler.replace(with: registry, zone: zone)
                    unread.remove(zone)
                case .resolved(let hosts):
                    compiler.resolve(hosts)
                    unresolved?.subtract(hosts.filter { !$0.value.ipv4.isUnknown && !$0.value.ipv6.isUnknown }.keys)
                }
            }
            guard unread.isEmpty, unresolved == nil else { continue }
            // Only now is it known which hosts there are.
            _ = compiler.compile(serial: Self.serial)
            unresolved = compiler.externalHosts
            resolver.follow(compiler.externalHosts)
        }
        guard unread.isEmpty else {
            throw CommandFailure.refused("no answer from zookeeper at \(settings.registry.servers.text) within \(Self.limit)")
        }
        for host in (unresolved ?? []).sorted() { StandardStreams.complain("\(host): cannot be resolved at present") }
        for report in compiler.takeReports() { StandardStreams.complain(Self.text(report)) }
        return compiler.compile(serial: Self.serial).compactMap(\.self)
    }

    private static func serial(_ last: UInt32?) -> UInt32 { last ?? UInt32(truncatingIfNeeded: time(nil)) }

    private static func text(_ report: ZoneCompiler.Report) -> String {
        switch report {
        case .unreachable(let service, let origin): "\(service.text.debugDescription): cannot be a domain name below \(origin.text)"
        case .unnamed(let instance, let owner):
            "\(instance.text.debugDescription): no instance name fits below \(owner.text), left out of SRV"
        }
    }
}
