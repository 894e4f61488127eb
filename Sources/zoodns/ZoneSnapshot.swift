import DNSAuthority
import DNSTransport
import Glibc
import Handoff
import HostResolution
import IPAddressing
import ProviderRegistry
import ZoneCompilation

/// Zones compiled once, from registries as they have been read and what a resolver says of their hosts.
struct ZoneSnapshot {
    /// The zones in the order of their origins; nil for one that has not been read.
    let zones: [Zone?]
    /// What could not be served.
    let reports: [ZoneCompiler.Report]
    /// Hosts that the resolver knows nothing, or not all, of.
    let unresolved: Set<String>
    private let compiler: ZoneCompiler

    /// Compiles what has been put into a compiler.
    init(_ compiler: ZoneCompiler, unresolved: Set<String> = []) {
        var compiler = compiler
        zones = compiler.compile(serial: Self.serial)
        reports = compiler.takeReports()
        self.unresolved = unresolved
        self.compiler = compiler
    }

    /// Compiles registries, one for each zone, once their hosts have been resolved, or at an instant without those that are missing.
    static func take(
        _ registries: [Registry], _ settings: CommonSettings, before deadline: ContinuousClock.Instant
    ) async -> ZoneSnapshot {
        var compiler = ZoneCompiler(origins: settings.registry.zones.map(\.origin), policy: settings.policy, seed: 0)
        for (index, registry) in registries.enumerated() { compiler.replace(with: registry, zone: index) }
        // Only compiling tells which hosts there are.
        _ = compiler.compile(serial: serial)
        let hosts = compiler.takeHostChange().followed
        var unresolved = Set(hosts.keys)
        let answers = Mailbox<[String: HostAddresses]>()
        let resolver = HostResolver(
            servers: settings.hostResolvers, hostsFile: settings.hostsFile,
            own: OwnService(origins: settings.registry.zones.map(\.origin), endpoints: settings.listen),
            descriptors: DescriptorLimit.lookups, logger: settings.registry.logger)
        resolver.follow(hosts)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await resolver.run { answers.post($0) } }
            defer { group.cancelAll() }
            while !unresolved.isEmpty, ContinuousClock.now < deadline, let news = await answers.next(before: deadline) {
                for hosts in news {
                    compiler.resolve(hosts)
                    unresolved.subtract(hosts.filter { !$0.value.ipv4.isUnknown && !$0.value.ipv6.isUnknown }.keys)
                }
            }
        }
        return ZoneSnapshot(compiler, unresolved: unresolved)
    }

    /// All addresses of hosts, as the answers have them.
    func addresses(of hosts: some Sequence<ProviderHost>) -> [ProviderHost: HostAddresses] { compiler.addresses(of: hosts) }

    private static func serial(_ last: UInt32?) -> UInt32 { last ?? UInt32(truncatingIfNeeded: time(nil)) }
}
