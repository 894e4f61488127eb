import Testing

@testable import ZooKeeperClient

@Suite struct BackoffTests {
    @Test func `pauses double up to the longest, each between half and all of its length`() {
        var backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
        for longest in [100, 200, 400, 800, 1600, 3200, 5000, 5000] {
            let pause = backoff.next()
            #expect((.milliseconds(longest / 2) ... .milliseconds(longest)).contains(pause))
        }
    }
}
