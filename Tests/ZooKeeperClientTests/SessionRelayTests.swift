import Synchronization
import Testing

@testable import ZooKeeperClient

@Suite struct SessionRelayTests {
    /// A relay for a connection with a timeout of four seconds, a clock that stands still, and what it tells.
    private final class Scene: Sendable {
        let told = Mutex<[String]>([])
        let clock = Mutex(ContinuousClock.now)
        let session: GrantedSession

        init() throws { session = try GrantedSession(id: 1, timeout: 4000) }

        func relay(resumes: Bool = false) -> (AsyncStream<SessionRelay.Sign>, SessionRelay) {
            SessionRelay.make(resumes: resumes, timeout: .seconds(4), now: { self.clock.withLock { $0 } }) { event in
                let text =
                    switch event {
                    case .connected(_, _, let isNew): isNew ? "new" : "connected"
                    case .disconnected: "disconnected"
                    case .watchesLost: "watches lost"
                    case .watch(let path): path
                    }
                self.told.withLock { $0.append(text) }
            }
        }

        func wait(_ duration: Duration) { clock.withLock { $0 += duration } }

        /// What is told of two connections with a loss between them.
        func tellOfTwo(resumes: Bool) -> [String] {
            let (_, relay) = relay(resumes: resumes)
            for event in [SessionHandle.Event.connected(session), .connecting, .connecting, .connected(session)] { relay.take(event) }
            return told.withLock { $0 }
        }
    }

    @Test func `a session is new once, and a loss is reported once`() throws {
        #expect(try Scene().tellOfTwo(resumes: false) == ["new", "disconnected", "connected"])
    }

    @Test func `a session that goes on with another handle has lost its watches, once`() throws {
        #expect(try Scene().tellOfTwo(resumes: true) == ["connected", "watches lost", "disconnected", "connected"])
    }

    @Test(arguments: [[true], [true, false]]) func `a storm of states is told of three times`(_ states: [Bool]) async throws {
        let scene = try Scene()
        let (signs, relay) = scene.relay()
        for _ in 0..<1000 { for isConnected in states { relay.take(isConnected ? .connected(scene.session) : .connecting) } }
        #expect(scene.told.withLock { $0 } == ["new", "disconnected", "connected", "disconnected", "connected", "disconnected"])
        _ = relay.end()
        var count = 0
        var last: SessionRelay.Sign?
        for await sign in signs { (count, last) = (count + 1, sign) }
        #expect(count == 7)
        guard case .over(.obstacle(.flapping)) = last else { return #expect(Bool(false), "\(String(describing: last))") }
    }

    @Test func `nothing is told behind the end`() throws {
        let scene = try Scene()
        let (_, relay) = scene.relay()
        relay.take(.connected(scene.session))
        relay.take(.ended(.credentialsRefused))
        for event in [SessionHandle.Event.connected(scene.session), .watch("/a"), .connecting, .ended(.ended)] { relay.take(event) }
        #expect(scene.told.withLock { $0 } == ["new", "disconnected"])
    }

    @Test(arguments: [
        // Whether there was an answer, how long it lasted, what that is.
        (true, Duration.seconds(4), true), (true, .seconds(3), false), (false, .seconds(100), false),
    ])
    func `a life is long with an answer and as long as the timeout`(_ isAnswered: Bool, _ length: Duration, _ expected: Bool) throws {
        let scene = try Scene()
        let (_, relay) = scene.relay()
        relay.take(.connected(scene.session))
        if isAnswered { relay.take(.answered) }
        scene.wait(length)
        relay.take(.connecting)
        // Time without a connection is no life.
        scene.wait(.seconds(100))
        #expect(relay.end().isLong == expected)
    }
}
