import Testing

@testable import ZooKeeperClient

@Suite struct ConnectionHealthTests {
    private let start = ContinuousClock.now

    @Test(arguments: [(Duration.seconds(4), Duration.seconds(30)), (.seconds(20), .seconds(60))])
    func `patience is three session timeouts, and half a minute at least`(_ timeout: Duration, _ patience: Duration) {
        #expect(ConnectionHealth(timeout: timeout, now: start).deadline == start + patience)
    }

    @Test func `a connection ends the wait, its loss begins another`() {
        var health = ConnectionHealth(timeout: .seconds(10), now: start)
        health.connected()
        #expect(health.deadline == nil)
        let isTooOften = health.disconnected(at: start + .seconds(100))
        #expect(!isTooOften)
        #expect(health.deadline == start + .seconds(130))
    }

    @Test(arguments: [(Duration.seconds(2), true), (.seconds(3), false)])
    func `three losses within five seconds are too many`(_ distance: Duration, _ expected: Bool) {
        var health = ConnectionHealth(timeout: .seconds(10), now: start)
        var isTooOften = false
        for number in 0..<3 {
            health.connected()
            isTooOften = health.disconnected(at: start + distance * number)
        }
        #expect(isTooOften == expected)
    }
}
