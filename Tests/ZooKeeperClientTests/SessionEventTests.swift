import Testing

@testable import ZooKeeperClient

@Suite struct SessionEventTests {
    @Test(arguments: [60, 4000, 3_600_000] as [Int32]) func `timeouts that the C client can work with are taken`(_ timeout: Int32) throws {
        #expect(try GrantedSession(id: -1, timeout: timeout).timeout == .milliseconds(timeout))
    }

    @Test(arguments: [.min, -1, 0, 1, 59, 3_600_001, .max] as [Int32])
    func `timeouts with which the C client would try without a pause or count wrongly are not`(_ timeout: Int32) {
        #expect(throws: SessionObstacle.self) { try GrantedSession(id: 1, timeout: timeout) }
    }

    @Test func `no id is no session`() {
        #expect(throws: SessionObstacle.unusable("without an id")) { try GrantedSession(id: 0, timeout: 4000) }
    }
}
