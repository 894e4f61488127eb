import DNSAuthority
import Foundation
import IPAddressing
import Logging
import Testing

@testable import HostResolution

@Suite struct ResolverEnvironmentTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func endpoint(_ text: String) throws -> SocketEndpoint { try #require(SocketEndpoint(text)) }

    private func own(_ endpoints: String...) throws -> OwnService {
        OwnService(origins: [try #require(DomainName(text: "svc.local"))], endpoints: try endpoints.map(endpoint))
    }

    @Test(arguments: [
        ("127.0.0.1:53", "127.0.0.1:53", false), ("127.0.0.1:53", "127.0.0.1:5300", true), ("127.0.0.1:53", "127.0.0.2:53", true),
        ("127.0.0.1:53", "0.0.0.0:53", false), ("127.0.0.1:53", "[::ffff:127.0.0.1]:53", false), ("[::1]:53", "[::]:53", false),
        ("0.0.0.0:53", "127.0.0.53:53", false), ("0.0.0.0:53", "192.0.2.9:53", false), ("0.0.0.0:53", "192.0.2.8:53", true),
        ("0.0.0.0:53", "[::1]:53", true), ("[::]:53", "[::1]:53", false), ("[::]:53", "[2001:db8::9]:53", false),
        ("[::]:53", "127.0.0.1:53", true),
    ])
    func `this server itself is no name server`(_ listening: String, _ server: String, _ isOther: Bool) throws {
        let machine = Set(["192.0.2.9", "2001:db8::9"].compactMap { IPAddress($0) })
        let others = try own(listening).others(of: [endpoint(server)], machine: machine)
        #expect(others.isEmpty == !isOther)
    }

    @Test func `the machine's own addresses are found`() {
        #expect(OwnService.machineAddresses().contains(.v4(IPv4Address(value: 0x7F00_0001))))
    }

    @Test func `files are read again when somebody has written to them, up to a bound`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "zoodns-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (resolvConf, hosts) = (folder.appending(path: "resolv.conf"), folder.appending(path: "hosts"))
        var environment = ResolverEnvironment(servers: [], own: try own("127.0.0.1:53"), resolvConf: resolvConf.path, hosts: hosts.path)
        _ = environment.refresh(logger)
        // Without the file, glibc asks 127.0.0.1: that is this server itself.
        #expect(environment.configuration.servers == [])
        try "nameserver 192.0.2.1\nnameserver 127.0.0.1\n".write(to: resolvConf, atomically: true, encoding: .utf8)
        try "10.0.0.1 box\n".write(to: hosts, atomically: true, encoding: .utf8)
        #expect(environment.refresh(logger) == true)
        #expect(environment.configuration.servers == [try endpoint("192.0.2.1:53")])
        #expect(environment.hostsFile.addresses(of: "box", takesLoopback: true) == Set(["10.0.0.1"].compactMap { IPAddress($0) }))
        #expect(environment.refresh(logger) == false)
        let long = String(repeating: "# comment\n", count: ResolverConfiguration.mostOctets / 10) + "nameserver 192.0.2.2\n"
        try long.write(to: resolvConf, atomically: true, encoding: .utf8)
        #expect(environment.refresh(logger) == true)
        #expect(environment.configuration.servers == [])
    }

    @Test func `the hosts file knows names in both families`() {
        let hosts = HostsFile(
            """
            # nothing
            10.0.0.1 Box box.test # 10.0.0.9 other
            10.0.0.2\tbox
            2001:db8::1 box
            127.0.1.1 me
            224.0.0.1 many
            nonsense box
            """)
        let box = Set(["10.0.0.1", "10.0.0.2", "2001:db8::1"].compactMap { IPAddress($0) })
        #expect(hosts.addresses(of: "box", takesLoopback: false) == box)
        #expect(hosts.addresses(of: "other", takesLoopback: true) == nil)
        #expect(hosts.addresses(of: "me", takesLoopback: true) != nil)
        #expect(hosts.addresses(of: "me", takesLoopback: false) == nil)
        #expect(hosts.addresses(of: "many", takesLoopback: true) == nil)
    }
}
