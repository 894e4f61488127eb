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
        #expect(MachineAddresses.all.contains(.v4(IPv4Address(value: 0x7F00_0001))))
    }
}
