import DNSAuthority
import Testing

@testable import ZoneCompilation

@Suite struct FreshnessTests {
    private let start = ContinuousClock.now

    /// What an outage that began at `start` makes of the zones, second by second.
    private func lost(maximumStale: Duration?) -> Freshness {
        var freshness = Freshness(maximumStale: maximumStale)
        freshness.connected(sessionTimeout: .seconds(10))
        freshness.disconnected(since: start)
        return freshness
    }

    @Test(arguments: [(0, ZoneStatus.current), (10, .current), (11, .stale), (60, .stale), (61, .expired), (100_000, .expired)])
    func `answers are stale after the session timeout, and none after the limit`(_ seconds: Int, _ status: ZoneStatus) {
        #expect(lost(maximumStale: .seconds(60)).status(at: start + .seconds(seconds)) == status)
    }

    @Test func `without a limit they stay stale`() {
        let freshness = lost(maximumStale: nil)
        #expect(freshness.status(at: start + .seconds(1_000_000)) == .stale)
        #expect(freshness.nextChange(after: start + .seconds(11)) == nil)
    }

    @Test func `a second report of the same outage does not begin it again`() {
        var freshness = lost(maximumStale: nil)
        freshness.disconnected(since: start + .seconds(9))
        #expect(freshness.status(at: start + .seconds(11)) == .stale)
    }

    @Test func `the status is another at each instant that is named for it`() throws {
        let freshness = lost(maximumStale: .seconds(60))
        let stale = try #require(freshness.nextChange(after: start))
        #expect(freshness.status(at: stale) == .stale)
        let expired = try #require(freshness.nextChange(after: stale))
        #expect(freshness.status(at: expired) == .expired)
        #expect(freshness.nextChange(after: expired) == nil)
    }

    @Test func `a connection makes them current`() {
        var freshness = lost(maximumStale: .seconds(60))
        freshness.connected(sessionTimeout: .seconds(10))
        #expect(freshness.status(at: start + .seconds(1000)) == .current)
    }
}
