import DNSAuthority
import DNSTransport
import Glibc
import IPAddressing
import TestSupport
import Testing

/// Sockets that a supervisor has bound, at descriptors one behind the other as it hands them over.
private final class HandedSockets {
    private(set) var endpoint = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: 0)
    let first: Int32
    private var count: Int32 = 0

    /// Begins at a descriptor that no other test uses.
    init(first: Int32) { self.first = first }

    deinit { for descriptor in first..<(first + count) { close(descriptor) } }

    var environment: [String: String] { ["LISTEN_FDS": String(count), "LISTEN_PID": String(getpid())] }

    func add(_ descriptor: Int32) {
        dup2(descriptor, first + count)
        close(descriptor)
        count += 1
    }

    /// Binds a socket at the port of those before.
    func bindSocket(isStream: Bool, listens: Bool = true) {
        let descriptor = socket(AF_INET, Int32((isStream ? SOCK_STREAM : SOCK_DGRAM).rawValue), 0)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, 4)
        if isStream { setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = endpoint.port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, length)
                getsockname(descriptor, $0, &length)
            }
        }
        endpoint.port = UInt16(bigEndian: address.sin_port)
        if isStream, listens { listen(descriptor, 8) }
        add(descriptor)
    }
}

@Suite(.serialized) struct InheritedSocketsTests {
    private func problems(_ sockets: HandedSockets, _ more: [String: String] = [:]) -> [String] {
        do throws(InheritedSockets.Failure) {
            _ = try InheritedSockets(sockets.environment.merging(more) { $1 }, first: sockets.first)
            return []
        } catch { return error.problems }
    }

    @Test func `sockets for another process are left alone`() throws {
        let sockets = HandedSockets(first: 700)
        sockets.bindSocket(isStream: true)
        #expect(try InheritedSockets(["LISTEN_FDS": "1", "LISTEN_PID": "1"], first: 700).endpoints == [])
        #expect(try InheritedSockets(["LISTEN_FDS": "1"], first: 700).endpoints == [])
        #expect(try InheritedSockets(["LISTEN_PID": String(getpid())], first: 700).endpoints == [])
        #expect(problems(sockets).count == 1)
    }

    @Test(arguments: ["x", "-1", "5000", "99999999999999999999", ""])
    func `a number of sockets that makes no sense is said`(
        _ count: String
    ) {
        #expect(problems(HandedSockets(first: 700), ["LISTEN_FDS": count]).first?.hasPrefix("LISTEN_FDS ") == true)
    }

    @Test func `each address needs UDP and TCP, and all problems are named at once`() {
        let sockets = HandedSockets(first: 700)
        let alone = HandedSockets(first: 720)
        alone.bindSocket(isStream: false)
        #expect(problems(alone) == ["inherited sockets at \(alone.endpoint.text): TCP is missing (ListenStream=)"])
        sockets.bindSocket(isStream: true)
        #expect(problems(sockets) == ["inherited sockets at \(sockets.endpoint.text): UDP is missing (ListenDatagram=)"])
        sockets.bindSocket(isStream: false)
        #expect(problems(sockets) == [])
        #expect(problems(sockets, ["LISTEN_FDNAMES": "a"]) == ["LISTEN_FDNAMES has 1 names for 2 descriptors of LISTEN_FDS"])
        sockets.add(open("/dev/null", O_RDONLY))
        sockets.bindSocket(isStream: true, listens: false)
        sockets.add(socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
        #expect(
            problems(sockets, ["LISTEN_FDNAMES": "a:b:odd:idle:unix"]) == [
                "inherited descriptor 702 (odd): is no socket",
                "inherited descriptor 703 (idle): is a connection, or does not listen: Accept=no is needed",
                "inherited descriptor 704 (unix): is bound to no address of IPv4 or IPv6",
            ])
        #expect(problems(sockets, ["LISTEN_FDS": "7"]).contains("inherited descriptor 706: is not open"))
    }

    @Test func `a socket for all addresses of both families is refused`() throws {
        let sockets = HandedSockets(first: 700)
        let descriptor = socket(AF_INET6, Int32(SOCK_DGRAM.rawValue), 0)
        try #require(descriptor >= 0)
        var off: Int32 = 0
        setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, 4)
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
        sockets.add(descriptor)
        #expect(problems(sockets) == ["inherited descriptor 700: takes IPv4 too: BindIPv6Only=ipv6-only is needed"])
    }

    @Test(arguments: [1, 3])
    func `what arrives between two servers on the same sockets is answered by the second`(_ datagrams: Int)
        async throws
    {
        let handed = HandedSockets(first: 700)
        handed.bindSocket(isStream: true)
        for _ in 0..<datagrams { handed.bindSocket(isStream: false) }
        let sockets = try InheritedSockets(handed.environment, first: handed.first)
        #expect(sockets.endpoints == [handed.endpoint])
        #expect(sockets.mostDatagrams == datagrams)
        for _ in 0..<2 {
            // Nothing runs: these wait in the sockets.
            let waiting = try (0..<16).map { try ClientSocket(handed.endpoint, isStream: $0 % 4 == 0) }
            for client in waiting { try client.send(QueryOctets.query("svc.local", "SOA")) }
            let server = try await DNSServer(
                listen: [handed.endpoint], workers: 2, udpLimit: 1232, zones: TestRegistry().zones, inherited: sockets)
            let task = Task { try await server.run() }
            #expect(await server.begin())
            for client in waiting { #expect(try PacketText(client.receive()).code == "NOERROR") }
            #expect(await server.goRound())
            task.cancel()
            try await task.value
        }
    }

    @Test func `a server whose threads do not run shows no sign of life`() async throws {
        let handed = HandedSockets(first: 700)
        handed.bindSocket(isStream: true)
        handed.bindSocket(isStream: false)
        let server = try await DNSServer(
            listen: [handed.endpoint], workers: 1, udpLimit: 1232, zones: TestRegistry().zones,
            inherited: try InheritedSockets(handed.environment, first: handed.first))
        let sign = Task { await server.goRound() }
        let running = Task { try await server.run() }
        #expect(await sign.value)
        running.cancel()
        try await running.value
        let hung = try await DNSServer(
            listen: [SocketEndpoint(address: handed.endpoint.address, port: 0)], workers: 1, udpLimit: 1232, zones: TestRegistry().zones)
        let none = Task { await hung.goRound() }
        try await Task.sleep(for: .seconds(1.5))
        none.cancel()
        #expect(await !none.value)
    }
}
