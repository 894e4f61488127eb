import IPAddressing
import Logging

/// The name servers of resolv.conf that are not this server itself, read again when the file has been written to.
package struct SystemNameServers {
    private var file: WatchedFile
    private var own: OwnService

    /// Nothing has been read yet.
    package init(own: OwnService, resolvConf: String = "/etc/resolv.conf") {
        self.own = own
        file = WatchedFile(resolvConf, mostOctets: ResolverConfiguration.mostOctets)
    }

    /// Has the file read again, now that this server itself answers something else.
    package mutating func serve(_ own: OwnService) {
        self.own = own
        file.forget()
    }

    /// The name servers, if the file has been written to since it was read last.
    package mutating func takeNews(_ logger: Logger) -> [SocketEndpoint]? {
        guard let octets = file.takeNews(logger) else { return nil }
        let named = ResolverConfiguration(String(decoding: octets, as: UTF8.self)).servers
        return own.others(of: named)
    }
}

extension OwnService {
    /// Those of some servers that are not this server itself.
    package func others(of servers: [SocketEndpoint]) -> [SocketEndpoint] { others(of: servers, machine: MachineAddresses.all) }
}
