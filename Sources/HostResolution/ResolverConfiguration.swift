import DNSAuthority
import Glibc
import IPAddressing

/// What resolv.conf(5), LOCALDOMAIN and RES_OPTIONS say, read as glibc reads them.
struct ResolverConfiguration: Equatable {
    /// The name servers in the order in which they are asked.
    private(set) var servers: [SocketEndpoint] = []
    /// The domains that names are looked for in.
    private(set) var search: [DomainName] = []
    /// Dots from which on a name is asked for as it is before the search domains.
    private(set) var ndots = 1
    /// How long a name server is waited for at first; twice as long at each further attempt. Shorter than glibc's five seconds: a name
    /// server that is away costs the first look-ups that much.
    private(set) var timeout: Duration = .seconds(2)
    /// How often each name server is asked for a name.
    private(set) var attempts = 2
    /// Whether look-ups begin with different name servers.
    private(set) var rotatesServers = false
    /// Whether name servers are asked over TCP only.
    private(set) var usesTCP = false
    /// Whether names without a dot are asked for in the search domains only.
    private(set) var skipsTopLevel = false
    /// Whether no host has IPv6 addresses.
    private(set) var skipsIPv6 = false
    /// Search domains that are no domain names, or too many.
    private(set) var domainsLeftOut = 0

    /// Most name servers, as in glibc (MAXNS).
    static let mostServers = 3
    /// Most search domains: glibc has no bound, and each costs a question a look-up.
    static let mostDomains = 32
    /// Most octets that are read of resolv.conf.
    static let mostOctets = 64 << 10
    /// Most seconds, attempts and dots that an option can say, as in glibc (RES_MAXRETRANS, RES_MAXRETRY, RES_MAXNDOTS).
    private static let mostSeconds = 30
    private static let mostAttempts = 5
    private static let mostDots = 15

    /// Reads the text of resolv.conf, and what the environment says instead of it. Without search domains of their own, machines look in
    /// their own domain.
    init(_ text: String, localDomain: String? = nil, options: String? = nil, hostName: String = "") {
        var domains: [Substring]?
        for line in text.split(whereSeparator: \.isNewline) {
            if let value = Self.value("nameserver", line) {
                add(server: value)
            } else if let value = Self.value("search", line) {
                domains = Self.words(value)
            } else if let value = Self.value("domain", line) {
                domains = Array(Self.words(value).prefix(1))
            } else if let value = Self.value("options", line) {
                for word in Self.words(value) { take(option: word) }
            }
        }
        if let localDomain { domains = Self.words(localDomain[...]) }
        for word in Self.words((options ?? "")[...]) { take(option: word) }
        let own = hostName.firstIndex(of: ".").map { hostName[hostName.index(after: $0)...] }
        for domain in domains ?? [own].compactMap(\.self) { add(domain: domain) }
        if servers.isEmpty { servers = [SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: 53)] }
    }

    /// This configuration with other name servers.
    func with(servers: [SocketEndpoint]) -> Self {
        var other = self
        other.servers = servers
        return other
    }

    /// What stands behind a keyword at the very start of a line; nil for other lines, or where nothing does.
    private static func value(_ keyword: String, _ line: Substring) -> Substring? {
        guard line.hasPrefix(keyword) else { return nil }
        let rest = line.dropFirst(keyword.count)
        guard let first = rest.first, first == " " || first == "\t" else { return nil }
        let value = rest.drop { $0 == " " || $0 == "\t" }
        return value.isEmpty ? nil : value
    }

    private static func words(_ text: Substring) -> [Substring] { text.split { $0 == " " || $0 == "\t" || $0.isNewline } }

    private mutating func add(server value: Substring) {
        guard servers.count < Self.mostServers else { return }
        let text = String(value.prefix { $0 != " " && $0 != "\t" })
        // glibc takes the short forms of inet_aton, too: 127.1. Addresses with a zone index are left out: c-ares cannot dial them.
        var address = in_addr()
        if let ipv6 = IPv6Address(text) {
            servers.append(SocketEndpoint(address: .v6(ipv6), port: 53))
        } else if inet_aton(text, &address) != 0 {
            servers.append(SocketEndpoint(address: .v4(IPv4Address(value: UInt32(bigEndian: address.s_addr))), port: 53))
        }
    }

    private mutating func add(domain: Substring) {
        let isPlain = domain.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard search.count < Self.mostDomains, isPlain, let name = DomainName(text: domain) else { return domainsLeftOut += 1 }
        search.append(name)
    }

    private mutating func take(option: Substring) {
        let parts = option.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        // As atoi reads it: what is no number is 0.
        let number = parts.count > 1 ? Int(clamping: strtol(String(parts[1]), nil, 10)) : 0
        switch parts[0] {
        case "ndots" where parts.count > 1: ndots = min(max(number, 0), Self.mostDots)
        case "timeout" where parts.count > 1: timeout = .seconds(min(max(number, 1), Self.mostSeconds))
        case "attempts" where parts.count > 1: attempts = min(max(number, 1), Self.mostAttempts)
        case "rotate": rotatesServers = true
        case "use-vc": usesTCP = true
        case "no-tld-query": skipsTopLevel = true
        case "no-aaaa": skipsIPv6 = true
        default: break
        }
    }
}

/// A full name that a host's name may stand for.
struct Candidate: Hashable {
    let name: DomainName
    /// Whether it is the host's name itself, without a search domain.
    let isWhole: Bool
}

extension ResolverConfiguration {
    /// The names that a host's may mean, in the order in which glibc's `res_search` asks for them.
    func candidates(for host: String) -> [Candidate] {
        let dots = host.utf8.count { $0 == UInt8(ascii: ".") }
        guard let whole = DomainName(text: host) else { return [] }
        let searched = search.compactMap { domain in
            // A root in the list stands for the name itself, but later ones are tried all the same.
            whole.appending(domain).map { Candidate(name: $0, isWhole: false) }
        }
        if dots >= ndots { return [Candidate(name: whole, isWhole: true)] + searched }
        let isTried = search.contains(.root) || (dots == 0 && !searched.isEmpty && skipsTopLevel)
        return isTried ? searched : searched + [Candidate(name: whole, isWhole: true)]
    }
}
