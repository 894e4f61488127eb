import DNSAuthority
import Foundation
import HostResolution
import IPAddressing
import Logging
import Synchronization
import TestSupport
import Testing

@Suite struct HostResolverTests {
    /// What a resolver has reported.
    private final class Reports: Sendable {
        private let hosts = Mutex<[String: HostAddresses]>([:])

        subscript(_ host: String) -> HostAddresses? { hosts.withLock { $0[host] } }

        func forget() { hosts.withLock { $0 = [:] } }

        func note(_ news: [String: HostAddresses]) { hosts.withLock { $0.merge(news) { $1 } } }
    }

    /// Hosts that are all looked up in the turn of one service.
    private func turns(_ hosts: Set<String>, of service: DomainName = .root) -> [String: DomainName] {
        Dictionary(uniqueKeysWithValues: hosts.map { ($0, service) })
    }

    /// Runs `body` while a resolver follows hosts.
    private func following(
        _ hosts: Set<String>, of server: SocketEndpoint, hostsFile: String? = nil, own: OwnService = OwnService(origins: [], endpoints: []),
        _ body: (Reports, HostResolver) async throws -> Void
    ) async throws {
        let resolver = HostResolver(
            servers: [server], hostsFile: hostsFile, own: own, descriptors: 1024,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let reports = Reports()
        let task = Task { await resolver.run(reports.note) }
        resolver.follow(turns(hosts))
        defer { task.cancel() }
        try await body(reports, resolver)
        task.cancel()
        await task.value
    }

    @Test func `a real name server's addresses are learnt, and that a host has none`() async throws {
        let server = try await RunningNSD(
            origin: "hosts.test",
            """
            hosts.test. 5 IN SOA ns.hosts.test. me.hosts.test. 1 1 1 1 1
            hosts.test. 5 IN NS ns.hosts.test.
            both.hosts.test. 5 IN A 10.0.0.2
            both.hosts.test. 5 IN A 10.0.0.1
            both.hosts.test. 5 IN AAAA 2001:db8::1
            alias.hosts.test. 5 IN CNAME both.hosts.test.
            text.hosts.test. 5 IN TXT "no address"

            """)
        let hosts = ["both", "alias", "text", "nothing"].map { "\($0).hosts.test" }
        try await following(Set(hosts), of: server.endpoint) { reports, _ in
            let isKnown = { (host: String) in reports[host].map { !$0.ipv4.isUnknown && !$0.ipv6.isUnknown } ?? false }
            try await waitUntil("all hosts are known") { hosts.allSatisfy(isKnown) }
            let both = HostAddresses(
                ipv4: .known([IPv4Address(value: 0x0A00_0001), IPv4Address(value: 0x0A00_0002)]),
                ipv6: .known(["2001:db8::1"].compactMap { IPv6Address($0) }))
            let none = HostAddresses(ipv4: .known([]), ipv6: .known([]))
            #expect(hosts.map { reports[$0] } == [both, both, none, none])
        }
    }

    @Test func `localhost is known without a name server`() async throws {
        let unused = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: try ClientSocket.freePort())
        try await following(["localhost", "a.test"], of: unused) { reports, _ in
            try await waitUntil("localhost is known") { reports["localhost"]?.ipv6 == .known([IPv6Address(value: 1)]) }
            #expect(reports["localhost"]?.ipv4 == .known([IPv4Address(value: 0x7F00_0001)]))
            #expect(reports["a.test"] ?? HostAddresses() == HostAddresses())
        }
    }

    /// The caller has forgotten what was known of a host that no provider named any more.
    @Test func `a host that is left out for a moment is reported again`() async throws {
        let unused = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: try ClientSocket.freePort())
        try await following(["localhost"], of: unused) { reports, resolver in
            for _ in 0..<20 {
                try await waitUntil("localhost is known") { reports["localhost"]?.ipv6.isUnknown == false }
                reports.forget()
                resolver.follow([:], dropping: ["localhost"])
                resolver.follow(turns(["localhost"]))
            }
            try await waitUntil("localhost is known") { reports["localhost"]?.ipv6.isUnknown == false }
        }
    }

    private static func address(_ value: Int) -> [UInt8] { [10, 0, UInt8(value >> 8 & 255), UInt8(value & 255)] }

    /// Answers A questions for names that begin with `good`; none of the others.
    private func nameServer() throws -> FakeNameServer {
        try FakeNameServer { asked in
            guard asked.name.hasPrefix("good") else { return .silence }
            return .records(asked.type == 1 ? [Self.address(1)] : [], ttl: 1)
        }
    }

    @Test(arguments: [300, 1000]) func `silent hosts hold up no other`(_ count: Int) async throws {
        let server = try nameServer()
        defer { server.stop() }
        let silent = Set((0..<count).map { "h\($0).silent.test" })
        let clock = ContinuousClock()
        try await following(silent.union(["good.test"]), of: server.endpoint) { reports, resolver in
            let first = try await clock.measure {
                try await waitUntil("the good host is known") { reports["good.test"]?.ipv4.addresses.count == 1 }
            }
            #expect(first < .seconds(6))
            try await waitUntil("the silent ones have been asked for") {
                Set(server.asked.map(\.name)).count > count
            }
            resolver.follow(turns(["good2.test"]))
            let second = try await clock.measure {
                try await waitUntil("the new host is known") { reports["good2.test"]?.ipv4.addresses.count == 1 }
            }
            #expect(second < .seconds(2))
        }
    }

    @Test func `a service with thousands of hosts holds up no other's`() async throws {
        let server = try nameServer()
        defer { server.stop() }
        let service = try #require(DomainName(text: "few"))
        try await following(Set((0..<20_000).map { "good\($0).test" }), of: server.endpoint) { reports, resolver in
            try await waitUntil("some are known", within: .seconds(20)) { Set(server.asked.map(\.name)).count > 2000 }
            let before = server.asked.count
            resolver.follow(turns(["good.test"], of: service))
            try await waitUntil("the new host is known", within: .seconds(20)) { reports["good.test"]?.ipv4.addresses.count == 1 }
            let place = try #require(server.asked.firstIndex { $0.name == "good.test." })
            #expect(place - before < 2000, "it waited for others of another service")
        }
    }

    @Test func `each question comes from a port of its own`() async throws {
        let server = try nameServer()
        defer { server.stop() }
        try await following(Set((0..<100).map { "good\($0).test" }), of: server.endpoint) { _, _ in
            try await waitUntil("all are asked for") { server.asked.count >= 400 }
        }
        let ports = server.asked.map(\.port)
        #expect(Set(ports).count > ports.count * 9 / 10)
        #expect(ports.reduce(into: [:]) { $0[$1, default: 0] += 1 }.values.max() ?? 0 < 5)
    }

    @Test func `a name server that hangs over TCP holds up no other look-up`() async throws {
        let server = try FakeNameServer { asked in
            asked.name.hasPrefix("good") ? .records(asked.type == 1 ? [Self.address(1)] : []) : .truncated
        }
        defer { server.stop() }
        let hanging = Set((0..<100).map { "h\($0).test" })
        try await following(hanging, of: server.endpoint) { reports, resolver in
            try await waitUntil("they hang") { Set(server.asked.map(\.name)).count >= 100 }
            resolver.follow(turns(["good.test"]))
            try await waitUntil("the good host is known", within: .seconds(2)) { reports["good.test"]?.ipv4.addresses.count == 1 }
        }
    }

    // MARK: Hosts file

    private func withHostsFile(_ text: String, _ body: (URL) async throws -> Void) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "zoodns-hosts-\(UUID().uuidString)")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try await body(file)
    }

    private let here = IPv4Address(value: 0x7F00_0001)

    @Test func `no name server is asked for names of the hosts file in either family, and a change of it counts at once`() async throws {
        let server = try nameServer()
        defer { server.stop() }
        let lines = (0..<10_000).map { "10.1.\($0 / 250).\($0 % 250) good\($0).test\n" }.joined()
        try await withHostsFile(lines) { file in
            let hosts = Set((0..<2000).map { "good\($0).test" })
            try await following(hosts, of: server.endpoint, hostsFile: file.path) { reports, _ in
                try await waitUntil("all are known") {
                    hosts.allSatisfy { reports[$0].map { $0.ipv4.addresses.count == 1 && $0.ipv6 == .known([]) } == true }
                }
                let address = IPv4Address(value: 0x0A09_0909)
                // At once: a file that is read half written has no lines for some.
                try Data((lines + "10.9.9.9 good7.test\n").utf8).write(to: file, options: .atomic)
                try await waitUntil("the change is known", within: .seconds(5)) {
                    reports["good7.test"]?.ipv4.addresses.contains(address) == true
                }
                #expect(server.asked.isEmpty)
                // What does not stand there any more is asked for.
                try Data("10.1.0.1 good1.test\n".utf8).write(to: file)
                try await waitUntil("what is gone is known", within: .seconds(5)) {
                    reports["good7.test"]?.ipv4 == .known([IPv4Address(value: 0x0A00_0001)])
                }
                #expect(!server.asked.contains { $0.name == "good1.test." })
            }
        }
    }

    @Test(arguments: [("127.0.0.1", true), ("192.0.2.1", false), ("0.0.0.0", false)])
    func `loopback addresses of names do not leave a host that listens beyond loopback`(_ listening: String, _ isAlone: Bool) async throws {
        let server = try nameServer()
        defer { server.stop() }
        let own = OwnService(origins: [], endpoints: [try #require(SocketEndpoint("\(listening):53"))])
        try await withHostsFile("127.0.1.1 good.test\n") { file in
            try await following(["good.test", "localhost"], of: server.endpoint, hostsFile: file.path, own: own) { reports, _ in
                let expected = IPv4Address(value: isAlone ? 0x7F00_0101 : 0x0A00_0001)
                try await waitUntil("the host is known") { reports["good.test"]?.ipv4 == .known([expected]) }
                try await waitUntil("localhost is known") { reports["localhost"]?.ipv4 == .known([here]) }
                #expect(server.asked.isEmpty == isAlone)
            }
            // Without the file, name servers know.
            try await following(["good.test"], of: server.endpoint, own: own) { reports, _ in
                try await waitUntil("the host is known") { reports["good.test"]?.ipv4 == .known([IPv4Address(value: 0x0A00_0001)]) }
            }
        }
    }

    @Test func `localhost and what lies below never go to a name server`() async throws {
        let server = try nameServer()
        defer { server.stop() }
        let hosts = Set(["localhost", "a.localhost", "good.a.localhost"])
        try await following(hosts.union(["good.test"]), of: server.endpoint) { reports, _ in
            try await waitUntil("all are known") { hosts.allSatisfy { reports[$0]?.ipv4 == .known([here]) } }
            try await waitUntil("the other is known") { reports["good.test"]?.ipv4.addresses.count == 1 }
        }
        #expect(Set(server.asked.map(\.name)) == ["good.test."])
    }

    @Test(arguments: [1, 28]) func `a family that fails while the other is known is none`(_ failing: Int) async throws {
        let server = try FakeNameServer { asked in
            asked.type == failing ? .records([], code: 2) : .records([asked.type == 1 ? Self.address(1) : [UInt8](repeating: 1, count: 16)])
        }
        defer { server.stop() }
        try await following(["h.test"], of: server.endpoint) { reports, _ in
            try await waitUntil("both families are known") {
                reports["h.test"].map { ($0.ipv4 == .known([])) == (failing == 1) && ($0.ipv6 == .known([])) == (failing == 28) } == true
            }
        }
    }

    /// As glibc: the hosts file is for what is asked for.
    @Test func `what an alias leads to is not looked up in the hosts file`() async throws {
        let server = try FakeNameServer { asked in
            guard asked.type == 1 else { return .records([]) }
            return .alias("target.test", Self.address(1))
        }
        defer { server.stop() }
        try await withHostsFile("10.9.9.9 target.test\n") { file in
            try await following(["alias.test"], of: server.endpoint, hostsFile: file.path) { reports, _ in
                try await waitUntil("the host is known") { reports["alias.test"]?.ipv4 == .known([IPv4Address(value: 0x0A00_0001)]) }
            }
        }
    }

    @Test func `nothing is learnt from this server itself, or of names that it serves`() async throws {
        let server = try nameServer()
        defer { server.stop() }
        let origin = try #require(DomainName(text: "good.test"))
        let itself = OwnService(origins: [], endpoints: [server.endpoint])
        try await following(["good.test", "localhost"], of: server.endpoint, own: itself) { reports, _ in
            try await waitUntil("localhost is known") { reports["localhost"] != nil }
        }
        try await following(["good.good.test", "localhost"], of: server.endpoint, own: OwnService(origins: [origin], endpoints: [])) {
            reports, _ in
            try await waitUntil("localhost is known") { reports["localhost"] != nil }
            #expect(reports["good.good.test"] ?? HostAddresses() == HostAddresses())
        }
        #expect(!server.asked.contains { $0.name.hasSuffix("good.test.") })
    }
}
