import Glibc
import Handoff
import IPAddressing

/// The numeric addresses behind a connect string. The C client gets no names: it would look them up on its I/O thread, again and again.
struct ServerAddresses {
    private let endpoints: [SocketEndpoint]
    private let chroot: ZnodePath?

    /// Looks up all names, if there are any on a thread of Dispatch's pool, which may block. Throws if none of them resolves, there is no
    /// thread, or the task is cancelled. The C function is `getaddrinfo`.
    static func resolve(_ connectString: ConnectString) async throws(SessionObstacle) -> ServerAddresses {
        let servers = connectString.servers
        let isNumeric = servers.allSatisfy { IPAddress($0.host) != nil }
        guard let endpoints = isNumeric ? servers.flatMap(look) : await lookUp(servers) else { throw .noThreads }
        guard !endpoints.isEmpty else { throw .unresolved }
        return ServerAddresses(endpoints: endpoints, chroot: connectString.chroot)
    }

    /// The addresses of all servers, none once the task is cancelled; nil without a thread.
    private static func lookUp(_ servers: [ConnectString.Server]) async -> [SocketEndpoint]? {
        let (answers, answer) = AsyncStream.makeStream(of: [SocketEndpoint].self)
        guard WorkerThread.start({ answer.yield(servers.flatMap(look)) }) else { return nil }
        for await endpoints in answers { return endpoints }
        return []
    }

    /// The addresses in random order as `zookeeper_init2` takes them, the chroot at the end.
    ///
    /// An even number gets one address twice: with 2 or 4 the client skips every other one and retries without pause (ZOOKEEPER-2466).
    var text: String {
        var hosts = endpoints.shuffled()
        if hosts.count.isMultiple(of: 2), let first = hosts.first { hosts.append(first) }
        // The last colon is the port's, so IPv6 needs no brackets, which the client would not take.
        return hosts.map { "\($0.address.text):\($0.port)" }.joined(separator: ",") + (chroot?.text ?? "")
    }

    private static func look(up server: ConnectString.Server) -> [SocketEndpoint] {
        if let address = IPAddress(server.host) { return [SocketEndpoint(address: address, port: server.port)] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(server.host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        return sequence(first: list, next: { $0?.pointee.ai_next }).compactMap { entry in
            entry.flatMap { address(of: $0.pointee) }.map { SocketEndpoint(address: $0, port: server.port) }
        }
    }

    private static func address(of entry: addrinfo) -> IPAddress? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else { return nil }
        // A link-local address with its interface is nothing that the client takes.
        return IPAddress(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}
