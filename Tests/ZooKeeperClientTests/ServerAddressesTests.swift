import Testing

@testable import ZooKeeperClient

@Suite struct ServerAddressesTests {
    /// With an even number the C client would skip every other one (ZOOKEEPER-2466).
    @Test(arguments: ["10.0.0.1", "10.0.0.1,10.0.0.2", "10.0.0.1,10.0.0.2,10.0.0.3", "10.0.0.1,[::1]:2182,10.0.0.3,10.0.0.4"])
    func `the C client is given every address, an odd number of them`(_ text: String) async throws {
        let addresses = try await ServerAddresses.resolve(try #require(ConnectString(text))).text.split(separator: ",")
        #expect(!addresses.count.isMultiple(of: 2))
        #expect(Set(addresses).count == text.split(separator: ",").count)
    }

    @Test func `IPv6 has no brackets, and the chroot stands at the end`() async throws {
        #expect(try await ServerAddresses.resolve(try #require(ConnectString("[::1]:2182/a/b"))).text == "::1:2182/a/b")
    }

    @Test func `names that do not resolve are no addresses`() async throws {
        await #expect(throws: SessionObstacle.unresolved) {
            try await ServerAddresses.resolve(try #require(ConnectString("no.such.host.invalid:2181")))
        }
    }
}
