import DNSAuthority
import Glibc
import IPAddressing
import Logging

/// What look-ups depend on: the machine's files, read again when they have been written to, and the names and addresses of this server.
struct ResolverEnvironment {
    private let servers: [SocketEndpoint]
    private var resolvConf: WatchedFile
    /// Nil: there is no hosts file.
    private var hosts: WatchedFile?
    /// Names that this server itself answers, and where.
    private(set) var own: OwnService
    /// How names are searched for, with the name servers that are not this server itself.
    private(set) var configuration = ResolverConfiguration("")
    /// What the hosts file says.
    private(set) var hostsFile = HostsFile()
    /// When the files are looked at next.
    private(set) var nextLook: ContinuousClock.Instant

    /// How long the files are not looked at again.
    static let pause: Duration = .seconds(1)

    /// Name servers that are asked instead of the system's, none for the system's; the path of the hosts file, nil for none. Nothing is read
    /// before the first `refresh`.
    init(
        servers: [SocketEndpoint], hosts: String?, own: OwnService, resolvConf: String = "/etc/resolv.conf",
        start: ContinuousClock.Instant = .now
    ) {
        nextLook = start
        self.servers = servers
        self.own = own
        self.resolvConf = WatchedFile(resolvConf, mostOctets: ResolverConfiguration.mostOctets)
        self.hosts = hosts.map { WatchedFile($0, mostOctets: HostsFile.mostOctets) }
    }

    /// Has the files looked at again, now that this server itself answers something else.
    mutating func serve(_ own: OwnService) {
        guard own != self.own else { return }
        self.own = own
        resolvConf.forget()
        nextLook = .now
    }

    /// What is different after a look at the files.
    struct Change: Equatable {
        /// Names of which the hosts file says something else.
        var hosts: Set<String> = []
        /// Whether names are searched for in another way.
        var isSearch = false
    }

    /// Looks at the files, unless that was just done, and reads those that have been written to.
    mutating func refresh(at now: ContinuousClock.Instant, _ logger: Logger) -> Change {
        guard nextLook <= now else { return Change() }
        nextLook = now + Self.pause
        return Change(hosts: refreshHosts(logger), isSearch: refreshSearch(logger))
    }

    private mutating func refreshHosts(_ logger: Logger) -> Set<String> {
        guard let octets = hosts?.takeNews(logger) else { return [] }
        let new = HostsFile(octets)
        if new.namesLeftOut > 0 {
            logger.warning("names of the hosts file are left out: there are too many", metadata: ["count": "\(new.namesLeftOut)"])
        }
        defer { hostsFile = new }
        return new.names(differingFrom: hostsFile)
    }

    private mutating func refreshSearch(_ logger: Logger) -> Bool {
        guard let octets = resolvConf.takeNews(logger) else { return false }
        let said = ResolverConfiguration(
            String(decoding: octets, as: UTF8.self), localDomain: Self.variable("LOCALDOMAIN"), options: Self.variable("RES_OPTIONS"),
            hostName: Self.hostName)
        let named = servers.isEmpty ? said.servers : servers
        let others = own.others(of: named)
        let new = said.with(servers: others)
        report(named.filter { !others.contains($0) }, new, logger)
        defer { configuration = new }
        return new != configuration
    }

    /// The names that a host's may mean, without those that no name server is asked for: this server itself answers them, or the machine alone
    /// has them (RFC 6761 §6.3).
    func candidates(for host: String) -> [Candidate] {
        configuration.candidates(for: host).filter { candidate in
            !own.serves(candidate.name) && !Self.localhost.contains { candidate.name.isAtOrBelow($0) }
        }
    }

    private static let localhost = [DomainName(text: "localhost")].compactMap(\.self)

    private func report(_ own: [SocketEndpoint], _ new: ResolverConfiguration, _ logger: Logger) {
        if !own.isEmpty {
            logger.info(
                "this server itself is not asked for hosts", metadata: ["name-servers": "\(own.map(\.text).joined(separator: " "))"])
        }
        if new.servers.isEmpty {
            logger.warning("no other name server is left for hosts: those that are not in the hosts file stay unresolved")
        }
        if new.domainsLeftOut > 0 {
            logger.warning("search domains are left out", metadata: ["count": "\(new.domainsLeftOut)"])
        }
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// The C function is `gethostname`.
    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
