import DNSAuthority
import DNSTransport
import Explanation
import HostResolution
import IPAddressing
import Logging
import ProviderDiscovery
import ZoneCompilation

/// The settings of every command that compiles zones, checked.
struct CommonSettings {
    let registry: RegistrySettings
    let listen: [SocketEndpoint]
    let zones: [ZoneSettings]
    /// Which addresses have names, and how these are answered: as what is set for all zones says.
    let reverse: ReversePolicy
    let hostResolvers: [SocketEndpoint]
    /// The path of the hosts file; nil for none.
    let hostsFile: String?

    /// Reads the settings, those of `serve` too if there are any; problems are left with the reader. Addresses of inherited sockets take the place
    /// of the default ones, and stand beside others.
    init(
        _ options: CommonOptions, serve: ServeOptions? = nil, _ reader: inout SettingsReader, for command: CommandName,
        logger: Logger? = nil, inherited: [SocketEndpoint] = []
    ) {
        registry = RegistrySettings(options.registry, &reader, for: command, logger: logger)
        var listen = reader.value(Declared.listen, options.listen)
        if !inherited.isEmpty {
            if listen == Declared.listen.fallback { listen = [] }
            listen += inherited.filter { !listen.contains($0) }
        }
        for (wildcard, endpoint) in Self.overlaps(listen) {
            reader.complain("--listen \(endpoint.text): --listen \(wildcard.text) takes that address too, give one of the two")
        }
        self.listen = listen
        hostResolvers = reader.value(Declared.hostResolver, options.hostResolver)
        hostsFile = reader.value(Declared.hostsFile, options.hostsFile)
        let own = Self.nameServerAddresses(listen)
        let sources = registry.zones
        let isTransferred = serve.map { !reader.value(Declared.allowTransfer, $0.transfers.allowTransfer).isEmpty } ?? false
        let authority: AuthorityPolicy = isTransferred ? .transferred : AuthorityPolicy()
        zones = sources.map { source in
            var zone = ZoneReader(source.origin, reader)
            defer { reader = zone.reader }
            var policy = zone.policy(options, nameServer: own)
            policy.authority = authority
            var watch = WatchSettings(zones: sources.count)
            if let serve { zone.read(serve, into: &policy, &watch) }
            return ZoneSettings(source: source, policy: policy, watch: watch, notify: serve.map { zone.notify($0.transfers) } ?? [])
        }
        reverse = Self.reverse(options, nameServer: own, authority, sources, &reader)
    }

    private static func reverse(
        _ options: CommonOptions, nameServer: [IPAddress], _ authority: AuthorityPolicy, _ zones: [ZoneSource],
        _ reader: inout SettingsReader
    ) -> ReversePolicy {
        let ranges = reader.value(Declared.reverse, options.reverse)
        guard let first = zones.first, !ranges.isEmpty else { return .none }
        guard ranges.count <= ReversePrefix.most else {
            reader.complain("--reverse: expected at most \(ReversePrefix.most) ranges")
            return .none
        }
        // No zone has settings of the root's.
        var zone = ZoneReader(.root, reader)
        var policy = zone.policy(options, nameServer: nameServer)
        policy.authority = authority
        let reverse = ReversePolicy(ranges, policy: policy, zone: first.origin)
        reader = zone.reader
        if reverse.prefixes.count > ReversePrefix.most {
            reader.complain(
                "--reverse: expected ranges that make at most \(ReversePrefix.most) zones, not \(reverse.prefixes.count): "
                    + "a zone ends with an octet of IPv4, a hexadecimal digit of IPv6")
        }
        for origin in reverse.prefixes.map(\.origin) where zones.contains(where: { $0.origin == origin }) {
            reader.complain("--reverse: its zone \(origin.text) is one of --zone too, give one of the two")
        }
        return reverse
    }

    /// The policy of each zone, by its origin.
    var policies: [DomainName: ZonePolicy] { Dictionary(zones.map { ($0.source.origin, $0.policy) }) { first, _ in first } }

    /// A resolver of the providers' hosts that asks no name server which is this server itself, at these addresses.
    func hostResolver(listening: [SocketEndpoint]) -> HostResolver {
        HostResolver(
            servers: hostResolvers, hostsFile: hostsFile, own: own(listening: listening), descriptors: DescriptorLimit.lookups,
            logger: registry.logger)
    }

    /// The zones of registries that were read, compiled as a server with these settings would do it.
    func snapshot(of excerpts: [DomainName: RegistryExcerpt], before deadline: ContinuousClock.Instant) async -> ZoneSnapshot {
        await ZoneSnapshot.take(excerpts, policies, reverse, hostResolver(listening: listen), before: deadline)
    }

    /// What a server at these addresses answers itself.
    func own(listening: [SocketEndpoint]) -> OwnService { OwnService(origins: registry.zones.map(\.origin), endpoints: listening) }

    /// Addresses that another one, which stands for all of the machine's, takes at the same port.
    private static func overlaps(_ listen: [SocketEndpoint]) -> [(wildcard: SocketEndpoint, endpoint: SocketEndpoint)] {
        let wildcards = listen.filter { $0.address.isUnspecified && $0.port != 0 }
        return wildcards.flatMap { wildcard in
            listen.filter { $0 != wildcard && $0.port == wildcard.port && $0.address.isOfFamily(of: wildcard.address) }
                .map { (wildcard, $0) }
        }
    }

    /// Wildcards are no addresses to give away: those of the machine that they stand for are.
    private static func nameServerAddresses(_ listen: [SocketEndpoint]) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for listened in listen.map(\.address) {
            let own = listened.isUnspecified ? MachineAddresses.reachable(ofFamilyOf: listened) : [listened]
            for address in own where !addresses.contains(address) { addresses.append(address) }
        }
        return addresses
    }
}
