import Testing

@testable import ZooKeeperClient

@Suite struct ConnectionHealthTests {
    private let start = ContinuousClock.now

    @Test(arguments: [(Duration.seconds(4), Duration.seconds(30)), (.seconds(20), .seconds(60))])
    func `patience is three session timeouts, and half a minute at least`(_ timeout: Duration, _ patience: Duration) {
        #expect(ConnectionHealth(timeout: timeout, now: start).deadline == start + patience)
    }

    @Test func `patience begins with the attempt to connect, however long that was waited for`() {
        var health = ConnectionHealth(timeout: .seconds(10), now: start)
        health.begin(at: start + .seconds(100))
        #expect(health.deadline == start + .seconds(130))
        health.connected(at: start + .seconds(101))
        health.begin(at: start + .seconds(102))
        #expect(health.deadline == nil)
    }

    @Test func `a connection ends the wait, its loss begins another`() {
        var health = ConnectionHealth(timeout: .seconds(10), now: start)
        health.connected(at: start)
        #expect(health.deadline == nil)
        let verdict = health.disconnected(at: start + .seconds(100))
        #expect(verdict == .wait)
        #expect(health.deadline == start + .seconds(130))
    }

    @Test(arguments: [
        // From the beginning of the connection to the first loss, from each loss to the next.
        (Duration.seconds(1), Duration.seconds(2), ConnectionHealth.Verdict.startOver),
        (.seconds(6), .seconds(2), .dropWatches),
        (.seconds(6), .seconds(3), .wait),
    ])
    func `three losses within five seconds are too many: for the watches, if the connection held before`(
        _ held: Duration, _ distance: Duration, _ expected: ConnectionHealth.Verdict
    ) {
        var health = ConnectionHealth(timeout: .seconds(10), now: start)
        var verdict = ConnectionHealth.Verdict.wait
        health.connected(at: start)
        for number in 0..<3 {
            verdict = health.disconnected(at: start + held + distance * number)
            health.connected(at: start + held + distance * number)
        }
        #expect(verdict == expected)
    }
}
