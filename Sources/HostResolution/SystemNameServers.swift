import IPAddressing
import Logging

/// The name servers of resolv.conf, read again when the file has been written to.
package struct SystemNameServers {
    private var file: WatchedFile

    /// Nothing has been read yet.
    package init(resolvConf: String = "/etc/resolv.conf") { file = WatchedFile(resolvConf, mostOctets: ResolverConfiguration.mostOctets) }

    /// The name servers, if the file has been written to since it was read last.
    package mutating func takeNews(_ logger: Logger) -> [SocketEndpoint]? {
        file.takeNews(logger).map { ResolverConfiguration(String(decoding: $0, as: UTF8.self)).servers }
    }
}

extension OwnService {
    /// Those of some servers that are not this server itself.
    package func others(of servers: [SocketEndpoint]) -> [SocketEndpoint] { others(of: servers, machine: MachineAddresses.all) }
}
