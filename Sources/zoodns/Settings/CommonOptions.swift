import ArgumentParser
import DNSAuthority
import Glibc
import HostResolution
import IPAddressing
import ZoneCompilation

extension Declared {
    /// The settings of the commands that compile zones.
    static let compiling: [any DeclaredSetting] = [
        listen, ttl, negativeTTL, maxAnswers, nameserverAddress, tags, reverse, hostResolver, hostsFile,
    ]

    static let listen = Setting(
        "listen", "address:port", "Where to serve UDP and TCP, port 0 for any; may be repeated.",
        .list(of: "an address with a port such as 127.0.0.1:5300, [::1]:5300 or [fe80::1%eth0]:5300", text: \.text) {
            SocketEndpoint($0, allowsScope: true).flatMap { $0.address.isUnicast ? $0 : nil }
        }, default: LoopbackAddresses.usual, shownAs: LoopbackAddresses.all.map(\.text).joined(separator: " and "), for: .compiling,
        isReloadable: true)
    static let ttl = Setting(
        "ttl", "seconds", "TTL of answers in seconds.", timeToLive, default: Int(ZonePolicy.standard.ttl), for: .compiling,
        isPerZone: true, isReloadable: true)
    static let negativeTTL = Setting(
        "negative-ttl", "seconds", "TTL of negative answers in seconds.", timeToLive, default: Int(ZonePolicy.standard.negativeTTL),
        for: .compiling, isPerZone: true, isReloadable: true)
    static let maxAnswers = Setting(
        "max-answers", "number", "Most records of an answer, the same ones for all clients, 0 for all: BIND refuses more than 100.",
        .number(0...65535), default: ZonePolicy.standard.mostAnswers, for: .compiling, isPerZone: true, isReloadable: true)
    static let nameserverAddress = Setting(
        "nameserver-address", "ip", "An address of ns.dns.<origin>; may be repeated.",
        .list(of: "an IP address that clients can reach", text: \.text) { IPAddress($0).flatMap { $0.isHost ? $0 : nil } }, default: [],
        shownAs: "the listen addresses", for: .compiling, isPerZone: true, isReloadable: true)
    static let tags = Setting(
        "tags", "attribute", "An attribute whose values have names below _tag.<service>; may be repeated.",
        .list(of: "an attribute's name of 1 to 63 octets", text: \.self) { 1...63 ~= $0.utf8.count ? $0 : nil }, default: [],
        shownAs: "none", for: .compiling, isPerZone: true, isReloadable: true)
    static let reverse = Setting(
        "reverse", "cidr", "Addresses whose names (PTR) lead to their providers; may be repeated.",
        .list(of: "a range of addresses such as 10.0.0.0/8 or 2001:db8::/32", text: \.text, AddressRange.init), default: [],
        shownAs: "none", for: .compiling, isReloadable: true)
    static let hostResolver = Setting(
        "host-resolver", "ip[:port]", "A name server for the providers' host names; may be repeated.",
        .list(of: "an address such as 192.0.2.1 or [2001:db8::1]:53", text: \.text) { text in
            (SocketEndpoint(text, defaultPort: 53) ?? IPAddress(text).map { SocketEndpoint(address: $0, port: 53) }).flatMap {
                $0.port > 0 ? $0 : nil
            }
        }, default: [], shownAs: "the system's", for: .compiling)
    static let hostsFile = Setting(
        "hosts-file", "path|none", "The file of host names that counts before name servers; none for none.",
        SettingForm("a path such as \(HostResolver.systemHostsFile), or none", text: { $0 ?? "none" }) { text -> String?? in
            text.isEmpty ? nil : .some(text == "none" ? nil : text)
        }, default: HostResolver.systemHostsFile, for: .compiling)

    /// RFC 2181 §8: at most 2³¹ - 1.
    private static let timeToLive = SettingForm<Int>.number(0...Int(Int32.max), "seconds")
}

/// Options of every command that compiles zones, as they were written.
struct CommonOptions: ParsableArguments {
    @OptionGroup var registry: RegistryOptions

    @Option(Declared.listen) var listen: [String]
    @Option(Declared.ttl) var ttl: String?
    @Option(Declared.negativeTTL) var negativeTtl: String?
    @Option(Declared.maxAnswers) var maxAnswers: String?
    @Option(Declared.nameserverAddress) var nameserverAddress: [String]
    @Option(Declared.tags) var tags: [String]
    @Option(Declared.reverse) var reverse: [String]
    @Option(Declared.hostResolver) var hostResolver: [String]
    @Option(Declared.hostsFile) var hostsFile: String?
}

/// The loopback addresses at which a server without settings listens.
enum LoopbackAddresses {
    private static let port: UInt16 = 5300

    static let all = [
        SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: port),
        SocketEndpoint(address: .v6(IPv6Address(value: 1)), port: port),
    ]

    /// Those of them that this machine has.
    static let usual = hasIPv6 ? all : Array(all.prefix(1))

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
}
