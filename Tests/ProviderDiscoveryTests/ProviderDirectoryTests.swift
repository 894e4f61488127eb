import Logging
import ProviderDiscovery
import TestSupport
import Testing

/// The library's public interface, with a real ZooKeeper.
@Suite struct ProviderDirectoryTests {
    private func directory(_ zooKeeper: String) throws -> ProviderDirectory {
        try ProviderDirectory(
            zooKeeper: zooKeeper, sessionTimeout: .seconds(4), logger: Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func `what cannot be done is refused before anything is asked of ZooKeeper`() {
        #expect(throws: DirectoryError.badServers("h:0")) { try ProviderDirectory(zooKeeper: "h:0") }
        #expect(throws: DirectoryError.badAuthentication) { try ProviderDirectory(zooKeeper: "h", authentication: "user:password") }
        #expect(throws: DirectoryError.badRoot("a")) { try ProviderDirectory(zooKeeper: "h", root: "a") }
    }

    @Test func `a question waits for the first reading, and ends when the directory does`() async throws {
        let directory = try directory("127.0.0.1:1")
        let asking = Task { await directory.providers(of: "web") }
        let running = Task { await directory.run() }
        #expect(!directory.isCurrent)
        running.cancel()
        await running.value
        #expect(await asking.value == [])
        // After the end there is nothing to wait for.
        #expect(await directory.provider(of: "web") == nil)
        var updates = directory.updates(of: "web").makeAsyncIterator()
        #expect(await updates.next() == nil)
    }

    @Test func `a question that is cancelled has no answer`() async throws {
        let directory = try directory("127.0.0.1:1")
        let asking = Task { await directory.providers(of: "web") }
        asking.cancel()
        #expect(await asking.value == [])
    }

    @Test func `providers are given oldest first, none twice, and again when they are others`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let made = try await zooKeeper.python(
            #"""
            for instance, port, more in (("b", 1, ', "weight": 5'), ("a", 2, ', "priority": 7'), ("twin", 1, "")):
                document = f'{{"host": "10.0.0.1", "port": {port}{more}}}'
                client.create("/providers/web/" + instance, document.encode(), makepath=True)
            """#)
        #expect(made.errors == "")
        let directory = try directory(zooKeeper.address)
        let running = Task { await directory.run() }
        defer { running.cancel() }
        var updates = directory.updates(of: "web").makeAsyncIterator()
        let first = try #require(await updates.next())
        #expect(first.map(\.instance) == ["b", "a"])
        #expect(first.map(\.authority) == ["10.0.0.1:1", "10.0.0.1:2"])
        #expect(first.map(\.weight) == [5, 1])
        #expect(first.map(\.priority) == [0, 7])
        // Reported right after the registry.
        try await waitUntil("it is current") { directory.isCurrent }
        #expect(await directory.provider(of: "web")?.instance == "b", "the lowest priority comes first")
        #expect(await directory.providers(of: "unknown") == [])
        _ = try await zooKeeper.python("client.delete('/providers/web/a')")
        #expect(await updates.next()?.map(\.instance) == ["b"])
        running.cancel()
        await running.value
        #expect(await updates.next() == nil)
    }

    @Test func `without ZooKeeper the last answers stay, and are not current`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        _ = try await zooKeeper.python("register('web', '10.0.0.1', 80, False)")
        let directory = try directory(zooKeeper.address)
        let running = Task { await directory.run() }
        defer { running.cancel() }
        #expect(await directory.providers(of: "web").count == 1)
        zooKeeper.stop()
        try await waitUntil("the outage is noticed") { !directory.isCurrent }
        #expect(await directory.providers(of: "web").count == 1)
        try await zooKeeper.start()
        try await waitUntil("it is current again") { directory.isCurrent }
    }
}
