import HostResolution
import IPAddressing
import Logging
import Synchronization
import TestSupport
import Testing

@Suite struct HostResolverTests {
    /// What a resolver has told.
    private final class Told: Sendable {
        private let hosts = Mutex<[String: HostAddresses]>([:])

        subscript(_ host: String) -> HostAddresses? { hosts.withLock { $0[host] } }

        func forget() { hosts.withLock { $0 = [:] } }

        func note(_ news: [String: HostAddresses]) { hosts.withLock { $0.merge(news) { $1 } } }
    }

    /// Runs `body` while a resolver follows hosts.
    private func following(_ hosts: Set<String>, of server: SocketEndpoint, _ body: (Told, HostResolver) async throws -> Void) async throws
    {
        let resolver = HostResolver(servers: [server], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let told = Told()
        let task = Task { await resolver.run(told.note) }
        resolver.follow(hosts)
        defer { task.cancel() }
        try await body(told, resolver)
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
        try await following(Set(hosts), of: server.endpoint) { told, _ in
            let isKnown = { (host: String) in told[host].map { !$0.ipv4.isUnknown && !$0.ipv6.isUnknown } ?? false }
            try await waitUntil("all hosts are known") { hosts.allSatisfy(isKnown) }
            let both = HostAddresses(
                ipv4: .known([IPv4Address(value: 0x0A00_0001), IPv4Address(value: 0x0A00_0002)]),
                ipv6: .known(["2001:db8::1"].compactMap { IPv6Address($0) }))
            let none = HostAddresses(ipv4: .known([]), ipv6: .known([]))
            #expect(hosts.map { told[$0] } == [both, both, none, none])
        }
    }

    @Test func `localhost is known without a name server`() async throws {
        let nobody = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: try ClientSocket.freePort())
        try await following(["localhost", "a.test"], of: nobody) { told, _ in
            try await waitUntil("localhost is known") { told["localhost"]?.ipv6 == .known([IPv6Address(value: 1)]) }
            #expect(told["localhost"]?.ipv4 == .known([IPv4Address(value: 0x7F00_0001)]))
            #expect(told["a.test"] == nil)
        }
    }

    /// Whoever asked has forgotten what was known of a host that nobody named any more.
    @Test func `a host that is left out for a moment is told of again`() async throws {
        let nobody = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: try ClientSocket.freePort())
        try await following(["localhost"], of: nobody) { told, resolver in
            for _ in 0..<20 {
                try await waitUntil("localhost is known") { told["localhost"]?.ipv6.isUnknown == false }
                told.forget()
                resolver.follow([])
                resolver.follow(["localhost"])
            }
            try await waitUntil("localhost is known") { told["localhost"]?.ipv6.isUnknown == false }
        }
    }
}
