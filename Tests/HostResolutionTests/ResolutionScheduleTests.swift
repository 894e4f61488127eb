import IPAddressing
import Testing

@testable import HostResolution

@Suite struct ResolutionScheduleTests {
    private let start = ContinuousClock.now
    private let v4 = ResolutionSchedule.Lookup(host: "a.test", family: .ipv4)
    private let address = IPAddress.v4(IPv4Address(value: 1))

    private func begun() -> ResolutionSchedule {
        var schedule = ResolutionSchedule(start: start)
        schedule.follow(["a.test"])
        #expect(Set(schedule.begin(at: start)) == [v4, .init(host: "a.test", family: .ipv6)])
        return schedule
    }

    @Test(arguments: [(0, 1), (1, 1), (60, 60), (86_400, 300)])
    func `addresses are refreshed by their TTL, clamped`(_ ttl: Int, _ seconds: Int) {
        var schedule = begun()
        #expect(schedule.finish(v4, .addresses([address], ttl: ttl), at: start)?.ipv4 == .known([IPv4Address(value: 1)]))
        #expect(schedule.begin(at: start + .seconds(seconds) - .milliseconds(1)) == [])
        #expect(schedule.begin(at: start + .seconds(seconds)) == [v4])
    }

    @Test func `the last good addresses stay while a refresh fails`() {
        var schedule = begun()
        _ = schedule.finish(v4, .addresses([address], ttl: 1), at: start)
        _ = schedule.begin(at: start + .seconds(1))
        #expect(schedule.finish(v4, .failed, at: start + .seconds(1)) == nil)
    }

    @Test func `a host that has no addresses is known to have none`() {
        var schedule = begun()
        #expect(schedule.finish(v4, .none, at: start)?.ipv4 == .known([]))
    }

    @Test func `failures are repeated after longer and longer pauses, up to a minute`() {
        var schedule = begun()
        var now = start
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            #expect(schedule.finish(v4, .failed, at: now) == nil)
            now += .seconds(pause)
            #expect(schedule.begin(at: now - .milliseconds(1)) == [])
            #expect(schedule.begin(at: now) == [v4])
        }
    }

    @Test func `no more than a window's worth is under way`() {
        var schedule = ResolutionSchedule(start: start)
        schedule.follow(Set((0..<100).map { "h\($0).test" }))
        let first = schedule.begin(at: start)
        #expect(first.count == ResolutionSchedule.window)
        _ = schedule.finish(first[0], .none, at: start)
        #expect(schedule.begin(at: start).count == 1)
    }

    @Test func `a host that is followed anew is looked up once at a time`() {
        var schedule = begun()
        _ = schedule.finish(v4, .addresses([address], ttl: 10), at: start)
        schedule.follow([])
        schedule.follow(["a.test"])
        #expect(schedule.begin(at: start) == [v4])
        _ = schedule.finish(v4, .addresses([address], ttl: 20), at: start)
        #expect(schedule.begin(at: start + .seconds(19)) == [])
    }

    @Test func `a host that nobody names any more is forgotten`() {
        var schedule = begun()
        schedule.follow([])
        #expect(schedule.finish(v4, .addresses([address], ttl: 1), at: start) == nil)
        #expect(schedule.nextDeadline == nil)
    }
}
