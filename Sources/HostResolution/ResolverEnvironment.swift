import Glibc
import IPAddressing
import Logging

/// What look-ups depend on: the machine's files, read again when somebody has written to them, and who this server itself is.
struct ResolverEnvironment {
    private let servers: [SocketEndpoint]
    private var resolvConf: WatchedFile
    private var hosts: WatchedFile
    /// Names that this server itself answers, and where.
    let own: OwnService
    /// How names are searched for, with the name servers that are not this server itself.
    private(set) var configuration = ResolverConfiguration("")
    /// What the hosts file says.
    private(set) var hostsFile = HostsFile("")

    /// Name servers that are asked instead of the system's; none for the system's.
    init(
        servers: [SocketEndpoint], own: OwnService, resolvConf: String = "/etc/resolv.conf", hosts: String = "/etc/hosts"
    ) {
        self.servers = servers
        self.own = own
        self.resolvConf = WatchedFile(resolvConf, mostOctets: ResolverConfiguration.mostOctets)
        self.hosts = WatchedFile(hosts, mostOctets: HostsFile.mostOctets)
    }

    /// Reads what has changed. Whether names are searched for in another way now.
    mutating func refresh(_ logger: Logger) -> Bool {
        if let text = hosts.takeNews() { hostsFile = HostsFile(text) }
        guard let text = resolvConf.takeNews() else { return false }
        let said = ResolverConfiguration(
            text, localDomain: Self.variable("LOCALDOMAIN"), options: Self.variable("RES_OPTIONS"), hostName: Self.hostName)
        let named = servers.isEmpty ? said.servers : servers
        let others = own.others(of: named, machine: OwnService.machineAddresses())
        let new = said.with(servers: others)
        report(named.filter { !others.contains($0) }, new, logger)
        defer { configuration = new }
        return new != configuration
    }

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
