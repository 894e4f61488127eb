import IPAddressing

/// The servers of an ensemble in ZooKeeper's own form: `h1:2181,h2:2181/chroot`, IPv6 addresses in brackets, port 2181 where none is given.
package struct ConnectString: Hashable, Sendable {
    /// One server, by name or address.
    package struct Server: Hashable, Sendable {
        /// A host name or an address literal without brackets.
        package let host: String
        /// Its client port.
        package let port: UInt16
    }

    /// The servers, at least one.
    package let servers: [Server]
    /// The path that all others lie below; nil without a chroot.
    package let chroot: ZnodePath?

    /// What a server listens to unless the string says otherwise.
    static let defaultPort: UInt16 = 2181

    /// A server on this machine at its usual port.
    package static let local = ConnectString(servers: [Server(host: "127.0.0.1", port: defaultPort)], chroot: nil)

    private init(servers: [Server], chroot: ZnodePath?) {
        self.servers = servers
        self.chroot = chroot
    }

    /// The same servers without a chroot.
    package var withoutChroot: ConnectString { ConnectString(servers: servers, chroot: nil) }

    /// Reads a connect string; nil if it is none.
    package init?(_ text: String) {
        let slash = text.firstIndex(of: "/") ?? text.endIndex
        let path = String(text[slash...])
        let names = text[..<slash].split(separator: ",", omittingEmptySubsequences: false)
        let servers = names.map { Server($0.trimmed) }
        guard servers.allSatisfy({ $0 != nil }) else { return nil }
        if path.isEmpty || path == "/" {
            chroot = nil
        } else {
            guard let root = ZnodePath(path) else { return nil }
            chroot = root
        }
        self.servers = servers.compactMap(\.self)
    }
}

extension ConnectString.Server {
    /// `host`, `host:port`, `[ipv6]` or `[ipv6]:port`; nil for anything else.
    init?(_ text: Substring) {
        if let endpoint = SocketEndpoint(String(text), defaultPort: ConnectString.defaultPort) {
            guard endpoint.port > 0 else { return nil }
            self.init(host: endpoint.address.text, port: endpoint.port)
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let host = parts.first, Self.isHostName(host) else { return nil }
        guard parts.count == 2 else {
            self.init(host: String(host), port: ConnectString.defaultPort)
            return
        }
        guard parts[1].utf8.allSatisfy({ 48...57 ~= $0 }), let port = UInt16(parts[1]), port > 0 else { return nil }
        self.init(host: String(host), port: port)
    }

    /// Letters, digits, dots, `-` and `_`: what a name server can be asked for; digits and dots alone are a mistyped address.
    private static func isHostName(_ text: Substring) -> Bool {
        guard 1...253 ~= text.utf8.count, !text.utf8.allSatisfy({ 48...57 ~= $0 || $0 == UInt8(ascii: ".") }) else { return false }
        return text.utf8.allSatisfy { octet in
            switch octet {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
    }
}

extension Substring {
    /// Without the spaces at either end.
    fileprivate var trimmed: Substring {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}

extension ConnectString {
    /// The string in full.
    package var text: String {
        servers.map { $0.host.contains(":") ? "[\($0.host)]:\($0.port)" : "\($0.host):\($0.port)" }.joined(separator: ",")
            + (chroot?.text ?? "")
    }
}
