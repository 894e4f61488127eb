import Synchronization
import Testing

@testable import ZooKeeperClient

@Suite struct SessionRelayTests {
    /// What a relay tells of two connections with a loss between them.
    private func told(resumes: Bool) -> [String] {
        let told = Mutex<[String]>([])
        let (_, relay) = SessionRelay.make(resumes: resumes) { event in
            let text =
                switch event {
                case .connected(_, _, let isNew): isNew ? "new" : "connected"
                case .disconnected: "disconnected"
                case .watchesLost: "watches lost"
                case .watch(let path): path
                }
            told.withLock { $0.append(text) }
        }
        for event in [
            Connection.Event.connected(id: 1, timeout: .seconds(4)), .connecting, .connecting, .connected(id: 1, timeout: .seconds(4)),
        ] {
            relay.take(event)
        }
        return told.withLock { $0 }
    }

    @Test func `a session is new once, and a loss is told once`() {
        #expect(told(resumes: false) == ["new", "disconnected", "connected"])
    }

    @Test func `a session that goes on over another connection has lost its watches, once`() {
        #expect(told(resumes: true) == ["connected", "watches lost", "disconnected", "connected"])
    }
}
