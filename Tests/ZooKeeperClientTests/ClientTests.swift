import Logging
import Synchronization
import TestSupport
import Testing
import ZooKeeperClient

@Suite struct ClientTests {
    /// A running client and the events that it has reported.
    private final class Observed: Sendable {
        let client: Client
        let events = Mutex<[SessionEvent]>([])
        private let task: Task<Void, Never>

        init(_ servers: ConnectString, timeout: Duration = .seconds(4), _ credentials: Credentials? = nil) {
            let client = Client(
                servers: servers, timeout: timeout, credentials: credentials,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            self.client = client
            // A watcher asks at once, too: a session without an answer is of no use.
            client.observe { [weak client] in if case .connected = $0 { client?.list("/", watch: true) { _ in } } }
            task = Task { await client.run() }
        }

        func end() async {
            task.cancel()
            await task.value
        }

        func list(_ path: String) async -> Result<[String], ZooKeeperError> {
            await withCheckedContinuation { continuation in client.list(path, watch: true) { continuation.resume(returning: $0) } }
        }
    }

    @Test func `requests without a connection fail at once, and exactly once`() async throws {
        let observed = Observed(try #require(ConnectString("127.0.0.1:1")))
        for _ in 0..<100 { #expect(await observed.list("/") == .failure(.connectionLoss)) }
        await observed.end()
    }

    @Test func `a client lists, reports missing znodes, and goes on after a restart`() async throws {
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

    @Test func `a watch that is taken back sends no event`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let observed = Observed(try #require(ConnectString(zooKeeper.address)))
        let fired = Mutex<[String]>([])
        observed.client.observe { if case .watch(let path) = $0 { fired.withLock { $0.append(path) } } }
        try await waitUntil("connected") { (try? await observed.list("/").get()) != nil }
        for path in ["/left", "/kept"] {
            let stat = await withCheckedContinuation { done in observed.client.exists(path, watch: true) { done.resume(returning: $0) } }
            #expect(try stat.get() == nil)
        }
        func remove(_ path: String) async -> Result<Void, ZooKeeperError> {
            await withCheckedContinuation { done in observed.client.removeWatches(path) { done.resume(returning: $0) } }
        }
        await #expect(throws: Never.self) { try await remove("/left").get() }
        await #expect(throws: ZooKeeperError.self) { try await remove("/left").get() }
        for path in ["/left", "/kept"] {
            await withCheckedContinuation { done in
                observed.client.create(path, [], .persistent, .open) { _ in done.resume() }
            }
        }
        try await waitUntil("the event of the other") { fired.withLock { $0.contains("/kept") } }
        #expect(!fired.withLock { $0.contains("/left") })
        await observed.end()
    }

    @Test func `a server whose name cannot be resolved is passed over, and paths are below the chroot`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let observed = Observed(try #require(ConnectString("no.such.host.invalid:2181,\(zooKeeper.address)/zookeeper")))
        try await waitUntil("connected") { (try? await observed.list("/").get())?.contains("quota") == true }
        await observed.end()
    }

    @Test func `what a znode's list of access gives to anyone is known`() async throws {
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let observed = Observed(try #require(ConnectString(zooKeeper.address)), Credentials("digest:a:b"))
        try await waitUntil("connected") { (try? await observed.list("/").get()) != nil }
        for (path, access, expected) in [
            ("/open", .open, [.read, .write, .create, .delete, .admin]), ("/readable", .readable, .read), ("/own", .creatorOnly, []),
        ] as [(String, ZnodeAccess, ZnodePermissions)] {
            let created = await withCheckedContinuation { continuation in
                observed.client.create(path, [], .persistent, access) { continuation.resume(returning: $0) }
            }
            #expect((try? created.get()) != nil)
            let permissions = await withCheckedContinuation { continuation in
                observed.client.worldPermissions(path) { continuation.resume(returning: $0) }
            }
            #expect(permissions == .success(expected))
        }
        await observed.end()
    }
}

/// With servers that no ZooKeeper is like.
extension ClientTests {
    @Test(arguments: ["number(-1)", "number(-2147483648)", "number(2) + number(1) + b'a' + number(-1)", "b''"])
    func `a list that is none fails, and is not taken for an empty one`(_ list: String) async throws {
        let broken = try await BrokenZooKeeper(answer: "header(xid, 0) + \(list)")
        let observed = Observed(try #require(ConnectString(broken.address)))
        try await waitUntil("an answer") { await observed.list("/a") == .failure(.other(-5)) }
        await observed.end()
    }

    @Test func `data of a negative length fails`() async throws {
        let broken = try await BrokenZooKeeper(answer: "header(xid, 0) + number(-2) + bytes(68)")
        let observed = Observed(try #require(ConnectString(broken.address)))
        try await waitUntil("an answer") {
            await withCheckedContinuation { continuation in
                observed.client.read("/a", limit: 10, watch: false) { continuation.resume(returning: $0) }
            } == .failure(.other(-5))
        }
        await observed.end()
    }

    /// The pauses are at least 50, 100, 200, 400 and 800 ms.
    @Test(arguments: Sickness.all) func `sessions that end at once are asked for more and more slowly`(_ sickness: Sickness) async throws {
        let broken = try await BrokenZooKeeper(
            id: sickness.id, timeout: sickness.timeout, closes: sickness.closes, answer: "header(xid, \(sickness.code))")
        let start = ContinuousClock.now
        let observed = Observed(try #require(ConnectString(broken.address)), Credentials("digest:a:b"))
        // A connection that is closed is made again three or four times before it is given up.
        try await waitUntil("six sessions") { broken.sessions >= (sickness.closes ? 21 : 6) }
        #expect(start.duration(to: .now) > .milliseconds(1550))
        #expect(observed.client.obstacle == sickness.obstacle)
        await observed.end()
    }

    struct Sickness: Sendable, CustomTestStringConvertible {
        var id: Int64 = 7
        var timeout: Int32 = 10_000
        var closes = false
        var code: Int32 = 0
        let obstacle: SessionObstacle

        var testDescription: String { "\(obstacle), \(code)" }

        static let all = [
            Sickness(id: 0, obstacle: .unusable("without an id")), Sickness(timeout: 0, obstacle: .unusable("with a timeout of 0 ms")),
            Sickness(timeout: .max, obstacle: .unusable("with a timeout of 2147483647 ms")),
            // ZSESSIONEXPIRED, ZSESSIONMOVED, ZAUTHFAILED, ZSESSIONCLOSEDREQUIRESASLAUTH
            Sickness(code: -112, obstacle: .ended), Sickness(code: -118, obstacle: .ended),
            Sickness(code: -115, obstacle: .credentialsRefused), Sickness(code: -124, obstacle: .credentialsRefused),
            Sickness(closes: true, obstacle: .flapping),
        ]
    }
}
