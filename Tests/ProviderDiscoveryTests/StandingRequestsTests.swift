import Testing

@testable import ProviderDiscovery

@Suite struct StandingRequestsTests {
    private let start = ContinuousClock.now
    private let first = WatchRequest.listProviders("first")
    private let second = WatchRequest.listProviders("second")

    private func connected() -> StandingRequests {
        var standing = StandingRequests()
        standing.connected(limit: .seconds(10))
        return standing
    }

    private func overdue(_ standing: inout StandingRequests, at seconds: Double) -> [WatchRequest] {
        standing.takeOverdue(at: start + .seconds(seconds)).map(\.request)
    }

    @Test func `what comes back is found by when it was asked, in whatever order it comes back`() {
        var standing = connected()
        standing.send(first, at: start)
        standing.send(second, at: start + .seconds(9))
        standing.fail(second)
        standing.fail(first)
        standing.hear(at: start + .seconds(9))
        #expect(standing.deadline == start + .seconds(10))
        #expect(overdue(&standing, at: 10) == [first])
        #expect(overdue(&standing, at: 18) == [])
        #expect(overdue(&standing, at: 19) == [second])
    }

    @Test func `after an outage each has a respite from when it is sent again, longer the more there are before it`() {
        var standing = connected()
        let many = (0..<200).map { WatchRequest.listProviders("\($0)") }
        for request in many { standing.send(request, at: start) }
        for request in many { standing.fail(request) }
        standing.connected(limit: .seconds(10))
        // Not sent yet, so that nothing can be missing.
        #expect(overdue(&standing, at: 60) == [])
        for request in many { standing.send(request, at: start + .seconds(61)) }
        #expect(overdue(&standing, at: 62) == [])
        #expect(overdue(&standing, at: 62.5) == Array(many.prefix(100)))
        #expect(overdue(&standing, at: 63) == Array(many.dropFirst(100)))
    }

    @Test func `one that is never answered while others are leaves nothing of them behind`() {
        var standing = connected()
        standing.send(first, at: start)
        for number in 0..<10_000 {
            let now = start + .milliseconds(number)
            standing.send(second, at: now)
            standing.hear(at: now)
            standing.answer(second)
        }
        #expect(standing.size < 1000)
    }

    @Test func `over a third connection there is no respite`() {
        var standing = connected()
        standing.send(first, at: start)
        for seconds in [20.0, 40] {
            standing.fail(first)
            #expect(overdue(&standing, at: seconds - 20) == [])
            standing.connected(limit: .seconds(10))
            standing.send(first, at: start + .seconds(seconds))
        }
        #expect(overdue(&standing, at: 40) == [first])
        #expect(overdue(&standing, at: 41) == [])
    }

    @Test func `what is not answered is found once, and again when it is sent after an answer`() {
        var standing = connected()
        standing.send(first, at: start)
        #expect(overdue(&standing, at: 10) == [first])
        #expect(standing.deadline == nil)
        standing.answer(first)
        standing.send(first, at: start + .seconds(20))
        #expect(overdue(&standing, at: 29) == [])
        #expect(overdue(&standing, at: 30) == [first])
    }
}
