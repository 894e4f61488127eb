import DNSAuthority
import Glibc
import Handoff
import HostResolution
import IPAddressing
import ProviderRegistry
import ZoneCompilation

/// Zones compiled once, from registries as they have been read and from what a resolver says of their hosts.
package struct ZoneSnapshot {
    /// The zones by origin, as far as they have been read, those of addresses' names included.
    package let zones: [DomainName: Zone]
    /// What could not be served.
    package let reports: [ZoneCompiler.Report]
    /// Hosts of which the resolver does not know the addresses of both families.
    package let unresolved: Set<String>
    private let compiler: ZoneCompiler

    /// Compiles what has been put into a compiler.
    init(_ compiler: ZoneCompiler, unresolved: Set<String> = []) {
        var compiler = compiler
        zones = compiler.compile(serial: Self.serial)
        reports = compiler.takeReports()
        self.unresolved = unresolved
        self.compiler = compiler
    }

    /// Compiles what was read by the policies of these origins, once the hosts have been resolved, or at the deadline without those that
    /// are missing. The resolver is one that has not run.
    package static func take(
        _ excerpts: [DomainName: RegistryExcerpt], _ policies: [DomainName: ZonePolicy], _ reverse: ReversePolicy,
        _ resolver: HostResolver, before deadline: ContinuousClock.Instant
    ) async -> ZoneSnapshot {
        var compiler = ZoneCompiler(policies: policies, reverse: reverse, seed: 0)
        for (origin, excerpt) in excerpts { compiler.replace(with: excerpt.registry, for: origin) }
        // Compiling finds the hosts.
        _ = compiler.compile(serial: serial)
        let hosts = compiler.takeHostChange().followed
        var unresolved = Set(hosts.keys)
        let answers = Mailbox<[String: HostAddresses]>()
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
