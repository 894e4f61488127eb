import ProviderRegistry
import Testing

@testable import ProviderDiscovery

@Suite struct ChangePaceTests {
    private let long = ServiceName("long")
    private let short = ServiceName("short")
    private let start = ContinuousClock.now

    private func count(_ name: ServiceName) -> Int { name == ServiceName("long") ? 50_000 : 1000 }

    @Test func `the first change of a long service is taken in at once, and those of half a second after it together`() {
        var pace = ChangePace()
        #expect(pace.take([long], at: start, count: count) == [long])
        #expect(pace.deadline == nil)
        #expect(pace.take([long], at: start + .milliseconds(1), count: count) == [])
        #expect(pace.take([long], at: start + .milliseconds(499), count: count) == [])
        #expect(pace.deadline == start + .milliseconds(500))
        #expect(pace.take([], at: start + .milliseconds(500), count: count) == [long])
        #expect(pace.deadline == nil)
        #expect(pace.take([long], at: start + .milliseconds(1001), count: count) == [long])
    }

    @Test func `other services do not wait for a long one, nor for themselves`() {
        var pace = ChangePace()
        _ = pace.take([long], at: start, count: count)
        for _ in 0..<3 { #expect(pace.take([long, short], at: start, count: count) == [short]) }
    }

    @Test func `services that are just short enough have a rate together, and shorter ones wait for none`() {
        var pace = ChangePace()
        let many = Set((0..<1000).map { ServiceName("s\($0)") })
        func count(_ name: ServiceName) -> Int { name == short ? ChangePace.shortService : ChangePace.longService - 1 }
        var providers = 0
        for tick in 0..<100 {
            let due = pace.take(many.union([short]), at: start + .milliseconds(100) * tick, count: count)
            #expect(due.contains(short))
            providers += due.subtracting([short]).count * count(long)
        }
        // In ten seconds, with the second before them.
        #expect(ChangePace.providersPerSecond * 10...ChangePace.providersPerSecond * 11 + count(long) ~= providers, "\(providers)")
    }

    @Test func `all that waits is released together when it must be`() {
        var pace = ChangePace()
        _ = pace.take([long], at: start, count: count)
        _ = pace.take([long], at: start, count: count)
        #expect(pace.take([short], releasesAll: true, at: start, count: count) == [long, short])
        #expect(pace.deadline == nil)
    }
}
