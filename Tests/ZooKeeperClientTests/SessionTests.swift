import Logging
import Synchronization
import TestSupport
import Testing
import ZooKeeperClient

@Suite struct SessionTests {
    /// A running session and what it has told.
    private final class Observed: Sendable {
        let session: Session
        let events = Mutex<[SessionEvent]>([])
        private let task: Task<Void, Never>

        init(_ servers: ConnectString, timeout: Duration = .seconds(4)) {
            let session = Session(servers: servers, timeout: timeout, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            self.session = session
            task = Task { await session.run() }
        }

        func end() async {
            task.cancel()
            await task.value
        }

        func list(_ path: String) async -> Result<[String], ZooKeeperError> {
            await withCheckedContinuation { continuation in session.list(path, watch: true) { continuation.resume(returning: $0) } }
        }
    }

    @Test func `requests without a connection fail at once, and exactly once`() async throws {
        let observed = Observed(try #require(ConnectString("127.0.0.1:1")))
        for _ in 0..<100 { #expect(await observed.list("/") == .failure(.connectionLoss)) }
        await observed.end()
    }

    @Test func `a session lists, tells of missing znodes, and goes on after a restart`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let observed = Observed(try #require(ConnectString(zooKeeper.address)))
        try await waitUntil("connected") { (try? await observed.list("/").get()) != nil }
        #expect(await observed.list("/nothing") == .failure(.noNode))
        zooKeeper.stop()
        try await waitUntil("disconnected") { await observed.list("/") == .failure(.connectionLoss) }
        try await zooKeeper.start()
        try await waitUntil("connected again") { (try? await observed.list("/").get()) != nil }
        await observed.end()
    }

    @Test func `a chroot and hosts that cannot be resolved are survived`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let observed = Observed(try #require(ConnectString("no.such.host.invalid:2181,\(zooKeeper.address)/zookeeper")))
        try await waitUntil("connected") { (try? await observed.list("/").get())?.contains("quota") == true }
        await observed.end()
    }
}
