import DNSAuthority
import DNSTransport
import Glibc
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
    let hostResolvers: [SocketEndpoint]
    /// The path of the hosts file; nil for none.
    let hostsFile: String?

    private static let defaultPort: UInt16 = 5300

    /// Reads the settings, those of `serve` alone if there are any; problems are left with the reader.
    init(_ options: CommonOptions, serve: ServeOptions? = nil, _ reader: inout SettingsReader, logLevel fallback: Logger.Level) {
        registry = RegistrySettings(options.registry, &reader, logLevel: fallback)
        listen = reader.values(
            "listen", options.listen, default: Self.defaultListen,
            expected: "an address with a port such as 127.0.0.1:5300, [::1]:5300 or [fe80::1%eth0]:5300"
        ) { SocketEndpoint($0, allowsScope: true).flatMap { $0.address.isUnicast ? $0 : nil } }
        for (wildcard, endpoint) in Self.overlaps(listen) {
            reader.complain("--listen \(endpoint.text): --listen \(wildcard.text) takes that address too, give one of the two")
        }
        hostResolvers = reader.values(
            "host-resolver", options.hostResolver, default: [], expected: "an address such as 192.0.2.1 or [2001:db8::1]:53"
        ) { text in
            (SocketEndpoint(text, defaultPort: 53) ?? IPAddress(text).map { SocketEndpoint(address: $0, port: 53) }).flatMap {
                $0.port > 0 ? $0 : nil
            }
        }
        hostsFile = reader.value(
            "hosts-file", options.hostsFile, default: HostResolver.systemHostsFile, expected: "a path such as /etc/hosts, or none"
        ) { text in text.isEmpty ? nil : .some(text == "none" ? nil : text) }
        let isTTL = "seconds from 0 to 2147483647"
        var policy = ZonePolicy(
            ttl: reader.value("ttl", options.ttl, default: 5, expected: isTTL, Self.ttl),
            negativeTTL: reader.value("negative-ttl", options.negativeTtl, default: 1, expected: isTTL, Self.ttl),
            nameServerAddresses: reader.values(
                "nameserver-address", options.nameserverAddress, default: Self.nameServerAddresses(listen),
                expected: "an IP address that clients can reach"
            ) { IPAddress($0).flatMap { $0.isHost ? $0 : nil } },
            mostAnswers: reader.value("max-answers", options.maxAnswers, default: 100, expected: "a number from 0 to 65535") {
                UInt16($0).map { Int($0) }
            })
        var watch = WatchSettings(zones: registry.zones.count)
        if let serve { Self.read(serve, &reader, into: &policy, &watch) }
        zones = registry.zones.map { [policy, watch] in ZoneSettings(source: $0, policy: policy, watch: watch) }
    }

    /// The policy of each zone, by its origin.
    var policies: [DomainName: ZonePolicy] { Dictionary(zones.map { ($0.source.origin, $0.policy) }) { first, _ in first } }

    private static func read(
        _ options: ServeOptions, _ reader: inout SettingsReader, into policy: inout ZonePolicy, _ watch: inout WatchSettings
    ) {
        let stale = reader.value(
            "max-stale", options.maxStale, default: .seconds(3600), expected: "a duration such as 90s, 15m or 1h, or 0"
        ) { Duration(text: $0) }
        policy.maximumStale = stale == .zero ? nil : stale
        watch.reconcile = reader.value(
            "reconcile", options.reconcile, default: .seconds(60), expected: "a duration from 100ms on, such as 60s"
        ) { Duration(text: $0).flatMap { $0 >= .milliseconds(100) ? $0 : nil } }
        watch.holdDown = reader.value(
            "hold-down", options.holdDown, default: .seconds(120), expected: "a duration such as 120s, or 0"
        ) { Duration(text: $0) }
        watch.guardsMassRemoval = reader.value("mass-removal-guard", options.massRemovalGuard, default: true, expected: "on or off") {
            ["on": true, "off": false][$0]
        }
    }

    /// A resolver of the providers' hosts that asks no name server which is this server itself, at these addresses.
    func hostResolver(listening: [SocketEndpoint]) -> HostResolver {
        HostResolver(
            servers: hostResolvers, hostsFile: hostsFile, own: own(listening: listening), descriptors: DescriptorLimit.lookups,
            logger: registry.logger)
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

    /// RFC 2181 §8: at most 2³¹ - 1.
    private static func ttl(_ text: String) -> UInt32? { UInt32(text).flatMap { $0 <= UInt32(Int32.max) ? $0 : nil } }

    private static var defaultListen: [SocketEndpoint] {
        let ipv4 = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: defaultPort)
        return hasIPv6 ? [ipv4, SocketEndpoint(address: .v6(IPv6Address(value: 1)), port: defaultPort)] : [ipv4]
    }

    /// Whether ::1 can be bound to here.
    private static var hasIPv6: Bool {
        let descriptor = socket(AF_INET6, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var loopback = sockaddr_in6()
        loopback.sin6_family = sa_family_t(AF_INET6)
        loopback.sin6_addr = in6addr_loopback
        return withUnsafePointer(to: loopback) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
            }
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
