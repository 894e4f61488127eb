import DNSAuthority
import IPAddressing
import Testing

@testable import HostResolution

@Suite struct ResolutionScheduleTests {
    private let start = ContinuousClock.now
    private let address = IPAddress.v4(IPv4Address(value: 1))
    private let none = Outcome.none(ttl: 10, isCertain: true)

    /// Hosts that are all looked up in the turn of one service.
    private static func turns(_ hosts: Set<String>, of service: DomainName = .root) -> [String: DomainName] {
        Dictionary(uniqueKeysWithValues: hosts.map { ($0, service) })
    }

    private func following(_ hosts: String...) -> ResolutionSchedule {
        var schedule = ResolutionSchedule(start: start)
        _ = schedule.follow(adding: Self.turns(Set(hosts)), dropping: [], at: start)
        return schedule
    }

    private func begun() -> ResolutionSchedule {
        var schedule = following("a.test")
        #expect(schedule.begin(at: start).begun == ["a.test"])
        return schedule
    }

    private func finish(
        _ schedule: inout ResolutionSchedule, _ outcome: Outcome, of host: String = "a.test", at now: ContinuousClock.Instant
    ) {
        _ = schedule.learn(host, .ipv4, outcome, at: now)
        _ = schedule.learn(host, .ipv6, outcome == .failed ? .failed : none, at: now)
        _ = schedule.end(host, at: now)
    }

    @Test(arguments: [(0, 1), (1, 1), (9, 9), (86_400, 10)])
    func `hosts are looked up again by the least TTL, clamped`(_ ttl: Int, _ seconds: Int) {
        var schedule = begun()
        #expect(schedule.learn("a.test", .ipv4, .addresses([address], ttl: ttl), at: start)?.ipv4 == .known([IPv4Address(value: 1)]))
        #expect(schedule.learn("a.test", .ipv6, none, at: start)?.ipv6 == .known([]))
        #expect(schedule.end("a.test", at: start) == nil)
        #expect(schedule.begin(at: start + .seconds(seconds) - .milliseconds(1)).begun == [])
        #expect(schedule.nextDeadline == start + .seconds(seconds))
        #expect(schedule.begin(at: start + .seconds(seconds)).begun == ["a.test"])
    }

    @Test func `a family that fails while the other is known is taken for none until it is known`() {
        var schedule = begun()
        #expect(schedule.learn("a.test", .ipv4, .addresses([address], ttl: 1), at: start)?.ipv6 == .unknown)
        #expect(schedule.end("a.test", at: start)?.ipv6 == .known([]))
        #expect(schedule.begin(at: start + .seconds(1)).begun == ["a.test"])
        let six = IPAddress.v6(IPv6Address(value: 1))
        #expect(schedule.learn("a.test", .ipv6, .addresses([six], ttl: 1), at: start)?.ipv6 == .known([IPv6Address(value: 1)]))
    }

    @Test func `a family that fails while the other is known is asked for again soon, less and less often`() {
        var schedule = begun()
        var now = start
        for pause in [1, 2, 4, 8, 10, 10] {
            _ = schedule.learn("a.test", .ipv4, .addresses([address], ttl: 10), at: now)
            _ = schedule.end("a.test", at: now)
            #expect(schedule.isKnownInPart("a.test"))
            now += .seconds(pause)
            #expect(schedule.begin(at: now - .milliseconds(1)).begun == [])
            #expect(schedule.begin(at: now).begun == ["a.test"])
        }
        finish(&schedule, .addresses([address], ttl: 10), at: now)
        #expect(!schedule.isKnownInPart("a.test"))
    }

    @Test func `the last good addresses stay while a refresh fails or is uncertain, for a day`() {
        var schedule = begun()
        finish(&schedule, .addresses([address], ttl: 1), at: start)
        _ = schedule.begin(at: start + .seconds(1))
        #expect(schedule.learn("a.test", .ipv4, .none(ttl: 1, isCertain: false), at: start + .seconds(1)) == nil)
        #expect(schedule.end("a.test", at: start + .seconds(1)) == nil)
        let day = start + HostState.oldest
        #expect(schedule.begin(at: day).begun == ["a.test"])
        #expect(schedule.end("a.test", at: day)?.ipv4 == .unknown)
    }

    @Test func `without addresses, an uncertain answer is one`() {
        var schedule = begun()
        #expect(schedule.learn("a.test", .ipv4, .none(ttl: 1, isCertain: false), at: start)?.ipv4 == .known([]))
    }

    @Test func `failures are repeated after longer and longer pauses, up to a minute`() {
        var schedule = begun()
        var now = start
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            #expect(schedule.end("a.test", at: now) == nil)
            now += .seconds(pause)
            #expect(schedule.begin(at: now - .milliseconds(1)).begun == [])
            #expect(schedule.begin(at: now).begun == ["a.test"])
        }
    }

    @Test func `other name servers are tried at once`() {
        var schedule = begun()
        for _ in 0..<5 { _ = schedule.end("a.test", at: start) }
        schedule.retryFailed()
        #expect(schedule.begin(at: start).begun == ["a.test"])
    }

    @Test func `a host has so many addresses at most, the lowest`() {
        var schedule = begun()
        let many = (1...300).reversed().map { IPAddress.v4(IPv4Address(value: $0)) }
        let known = schedule.learn("a.test", .ipv4, .addresses(many, ttl: 1), at: start)
        #expect(known?.ipv4 == .known((1...UInt32(HostAddresses.mostOfOneFamily)).map { IPv4Address(value: $0) }))
    }

    // MARK: Places

    /// Hosts `0` to `count` that are silent, and one that is not, from the start or later; after which time it is looked up.
    private func wait(for count: Int, from begin: Duration, limit: Duration) -> Duration? {
        var schedule = ResolutionSchedule(start: start)
        let silent = Set((0..<count).map(String.init))
        _ = schedule.follow(adding: Self.turns(begin == .zero ? silent.union(["good"]) : silent), dropping: [], at: start)
        var ends: [String: ContinuousClock.Instant] = [:]
        var now = start
        while now <= start + begin + limit {
            if begin > .zero, now == start + begin { _ = schedule.follow(adding: Self.turns(["good"]), dropping: [], at: now) }
            for (host, end) in ends where end <= now {
                _ = schedule.end(host, at: now)
                ends[host] = nil
            }
            let orders = schedule.begin(at: now)
            for host in orders.cancelled { ends[host] = nil }
            if orders.begun.contains("good") { return start.duration(to: now) - begin }
            for host in orders.begun { ends[host] = now + .seconds(6) }
            #expect(ends.count <= LookupLimits.mostUnderWay)
            now += .milliseconds(10)
        }
        return nil
    }

    @Test(arguments: [300, 1000]) func `silent hosts hold up no other`(_ count: Int) throws {
        #expect(try #require(wait(for: count, from: .zero, limit: .seconds(60))) < .seconds(2))
        for begin in [3, 10, 35, 77] {
            #expect(try #require(wait(for: count, from: .seconds(begin), limit: .seconds(60))) <= .milliseconds(200), "\(begin)")
        }
    }

    @Test func `silent hosts do not hold up those that are due again`() {
        var schedule = following("good")
        _ = schedule.begin(at: start)
        finish(&schedule, .addresses([address], ttl: 1), of: "good", at: start)
        _ = schedule.follow(adding: Self.turns(Set((0..<5000).map(String.init))), dropping: [], at: start)
        var now = start
        while now < start + .milliseconds(1300) {
            if schedule.begin(at: now).begun.contains("good") { return }
            now += .milliseconds(10)
        }
        Issue.record("not looked up again")
    }

    @Test func `the oldest that has given up its place ends for a new one, and has failed then`() {
        var schedule = ResolutionSchedule(start: start, limits: LookupLimits(descriptors: 32))
        _ = schedule.follow(adding: Self.turns(Set((0..<20).map(String.init))), dropping: [], at: start)
        let first = schedule.begin(at: start)
        #expect(first.begun.count == 2)
        #expect(schedule.begin(at: start).begun == [])
        #expect(schedule.nextDeadline == start + LookupKind.prompt.patience)
        for round in 1...3 {
            let orders = schedule.begin(at: start + LookupKind.prompt.patience * round)
            #expect(orders.begun.count == 2 && orders.cancelled == [])
        }
        let last = schedule.begin(at: start + LookupKind.prompt.patience * 4)
        #expect(last.begun.count == 2 && last.cancelled == first.begun)
        #expect(schedule.learn(first.begun[0], .ipv4, none, at: start) == nil)
    }

    @Test(arguments: [(1, 4), (128, 32), (1024, 256), (Int.max, 256)])
    func `so many look-ups are under way as descriptors allow`(_ descriptors: Int, _ underWay: Int) {
        let limits = LookupLimits(descriptors: descriptors)
        #expect(limits.underWay == underWay)
        #expect(limits.prompt > 0 && limits.failed > 0 && limits.prompt + limits.failed < underWay)
    }

    @Test func `no more than a thousand begin a second`() {
        var schedule = ResolutionSchedule(start: start)
        _ = schedule.follow(adding: Self.turns(Set((0..<3000).map(String.init))), dropping: [], at: start)
        var count = 0
        for millisecond in 0..<1000 {
            let now = start + .milliseconds(millisecond)
            for host in schedule.begin(at: now).begun {
                count += 1
                finish(&schedule, none, of: host, at: now)
            }
        }
        #expect(count > 900 && count <= 1201)
    }

    // MARK: Turns

    private func name(_ text: String) throws -> DomainName { try #require(DomainName(text: text)) }

    @Test func `a service with thousands of hosts holds up no other's, new or due`() throws {
        let (many, few) = (Set((0..<20_000).map(String.init)), try name("few"))
        var schedule = ResolutionSchedule(start: start)
        _ = schedule.follow(adding: Self.turns(["old"], of: few), dropping: [], at: start)
        var begun: [String: [Duration]] = [:]
        func run(_ from: Duration, until end: Duration) {
            var now = from
            while now < end {
                for host in schedule.begin(at: start + now).begun {
                    finish(&schedule, .addresses([address], ttl: host == "old" ? 3 : 1), of: host, at: start + now)
                    begun[host, default: []].append(now)
                }
                now += .milliseconds(10)
            }
        }
        run(.zero, until: .milliseconds(10))
        _ = schedule.follow(adding: Self.turns(many, of: try name("many")), dropping: [], at: start)
        run(.milliseconds(10), until: .seconds(30))
        _ = schedule.follow(adding: Self.turns(["new"], of: few), dropping: [], at: start + .seconds(30))
        run(.seconds(30), until: .seconds(31))
        let old = try #require(begun["old"])
        #expect(zip(old, old.dropFirst()).allSatisfy { $1 - $0 <= .seconds(4) } && old.count >= 8)
        #expect(try #require(begun["new"]?.first) - .seconds(30) <= .milliseconds(100))
    }

    @Test func `a service with thousands of hosts that fail holds up no other's that failed`() throws {
        let (many, one) = (Set((0..<5000).map(String.init)), "one")
        var schedule = ResolutionSchedule(start: start)
        _ = schedule.follow(adding: Self.turns(many, of: try name("many")), dropping: [], at: start)
        var ends: [String: ContinuousClock.Instant] = [:]
        var begun: [Duration] = []
        for step in 0..<4000 {
            let now = start + .milliseconds(step * 10)
            if step == 3000 { _ = schedule.follow(adding: Self.turns([one], of: try name("few")), dropping: [], at: now) }
            for (host, end) in ends where end <= now {
                _ = schedule.end(host, at: now)
                ends[host] = nil
            }
            let orders = schedule.begin(at: now)
            for host in orders.cancelled { ends[host] = nil }
            for host in orders.begun { ends[host] = now + .milliseconds(host == one ? 10 : 3000) }
            if orders.begun.contains(one) { begun.append(start.duration(to: now)) }
        }
        // New, then after one second, two and four.
        #expect(begun.count >= 3)
        #expect(zip(begun, begun.dropFirst()).allSatisfy { $1 - $0 <= .seconds(5) })
    }

    @Test func `a host that waits changes turns, and is looked up once`() throws {
        let many = Set((0..<5000).map(String.init)).union(["shared"])
        var schedule = ResolutionSchedule(start: start)
        _ = schedule.follow(adding: Self.turns(many, of: try name("many")), dropping: [], at: start)
        let orders = schedule.follow(adding: Self.turns(["shared"], of: try name("few")), dropping: [], at: start)
        #expect(orders.changed == [:])
        var begun: [String] = []
        for step in 0..<1000 {
            let now = start + .milliseconds(step * 10)
            let hosts = schedule.begin(at: now).begun
            for host in hosts { finish(&schedule, .addresses([address], ttl: 300), of: host, at: now) }
            if step == 0 { #expect(hosts.contains("shared")) }
            begun += hosts
        }
        #expect(begun.count == many.count && Set(begun) == many)
    }

    /// 40 % of a core, and 200 look-ups a second, at one in ten seconds for each host.
    @Test func `hosts that no name server is asked for cost next to nothing while nothing changes`() {
        let hosts = Set((0..<2000).map(String.init))
        var schedule = ResolutionSchedule(start: start)
        _ = schedule.follow(adding: Self.turns(hosts), dropping: [], at: start)
        var count = 0
        for second in 0..<3600 {
            let now = start + .seconds(second)
            while case let begun = schedule.begin(at: now).begun, !begun.isEmpty {
                count += begun.count
                for host in begun {
                    _ = schedule.learn(host, .ipv4, .addresses([address], ttl: Lifetime.local), at: now)
                    _ = schedule.learn(host, .ipv6, .none(ttl: Lifetime.local, isCertain: true), at: now)
                    _ = schedule.end(host, at: now)
                }
            }
        }
        #expect(count >= hosts.count && count <= hosts.count * 12)
    }

    @Test func `hosts of which the hosts file says something else are looked up at once, whatever their state`() throws {
        var schedule = following("resting", "asked", "lost")
        for host in schedule.begin(at: start).begun {
            if host == "resting" { finish(&schedule, .addresses([address], ttl: 300), of: host, at: start) }
            if host == "lost" { finish(&schedule, .failed, of: host, at: start) }
        }
        // It waits, among many that fail.
        let failing = Set((0..<100).map(String.init))
        _ = schedule.follow(adding: Self.turns(failing), dropping: [], at: start)
        for step in 0..<10 {
            let now = start + .milliseconds(100 * step)
            for host in schedule.begin(at: now).begun { finish(&schedule, .failed, of: host, at: now) }
        }
        let now = start + .seconds(2)
        #expect(schedule.lookUpAgain(["resting", "asked", "lost", "nothing"]) == ["asked"])
        let begun = schedule.begin(at: now).begun
        #expect(Set(begun.prefix(3)) == ["resting", "asked", "lost"])
        #expect(schedule.learn("asked", .ipv4, .addresses([address], ttl: 1), at: now)?.ipv4.addresses.count == 1)
        for host in begun { finish(&schedule, .addresses([address], ttl: 300), of: host, at: now) }
        let later = schedule.begin(at: now + .seconds(9)).begun
        #expect(!later.contains("resting") && !later.contains("asked"))
    }

    // MARK: Following

    @Test func `a host that was dropped for a moment is looked up and reported again`() {
        var schedule = begun()
        finish(&schedule, .addresses([address], ttl: 100), at: start)
        #expect(schedule.follow(adding: Self.turns(["a.test"]), dropping: ["a.test"], at: start).cancelled == [])
        #expect(schedule.begin(at: start).begun == ["a.test"])
        #expect(schedule.learn("a.test", .ipv4, .addresses([address], ttl: 20), at: start) != nil)
    }

    @Test func `what is known of a dropped host is forgotten: it returns unknown while its name server is silent`() {
        var schedule = begun()
        finish(&schedule, .addresses([address], ttl: 1), at: start)
        _ = schedule.begin(at: start + .seconds(1))
        _ = schedule.end("a.test", at: start + .seconds(1))
        #expect(schedule.follow(adding: [:], dropping: ["a.test"], at: start).cancelled == [])
        _ = schedule.follow(adding: Self.turns(["a.test"]), dropping: [], at: start + .seconds(1))
        #expect(schedule.begin(at: start + .seconds(1)).begun == ["a.test"])
        #expect(schedule.learn("a.test", .ipv6, none, at: start + .seconds(1))?.ipv4 == .unknown)
    }

    @Test func `a dropped host's look-up is cancelled`() {
        var schedule = begun()
        #expect(schedule.follow(adding: [:], dropping: ["a.test"], at: start).cancelled == ["a.test"])
        #expect(schedule.learn("a.test", .ipv4, .addresses([address], ttl: 1), at: start) == nil)
        #expect(schedule.nextDeadline == nil)
    }

    @Test func `silent hosts that come and go are no new ones each time`() {
        var schedule = following()
        let silent = Set((0..<200).map(String.init))
        var now = start
        for _ in 0..<100 {
            _ = schedule.follow(adding: Self.turns(silent), dropping: silent, at: now)
            for host in schedule.begin(at: now).begun { _ = schedule.end(host, at: now) }
            now += .milliseconds(50)
        }
        _ = schedule.follow(adding: Self.turns(silent.union(["good"])), dropping: silent, at: now)
        #expect(schedule.begin(at: now).begun.first == "good")
    }

    @Test func `hosts that come and go leave nothing behind`() {
        var schedule = following()
        for round in 0..<200 {
            let now = start + .milliseconds(round)
            let hosts = Set((0..<100).map { "\(round)-\($0)" })
            _ = schedule.follow(adding: Self.turns(hosts), dropping: [], at: now)
            for host in schedule.begin(at: now).begun { finish(&schedule, .addresses([address], ttl: 300), of: host, at: now) }
            _ = schedule.follow(adding: [:], dropping: hosts, at: now)
        }
        #expect(schedule.entryCount < 3000)
    }

    @Test func `an address that comes from this server itself now is not known any more`() {
        var schedule = begun()
        finish(&schedule, .addresses([address], ttl: 1), at: start)
        #expect(schedule.begin(at: start + .seconds(1)).begun == ["a.test"])
        #expect(schedule.learn("a.test", .ipv4, .own, at: start + .seconds(1))?.ipv4 == .unknown)
    }

    /// After an outage of the name servers every host is one that failed.
    @Test func `hosts that failed have most places while no others wait`() {
        let hosts = Set((0..<500).map { "h\($0).test" })
        var schedule = ResolutionSchedule(start: start)
        _ = schedule.follow(adding: Self.turns(hosts), dropping: [], at: start)
        var now = start
        var failed = 0
        while failed < hosts.count {
            for host in schedule.begin(at: now).begun {
                finish(&schedule, .failed, of: host, at: now)
                failed += 1
            }
            now += .milliseconds(10)
        }
        now += .seconds(1)
        let limits = LookupLimits(descriptors: .max)
        #expect(schedule.begin(at: now).begun.count == limits.failedAlone)
        _ = schedule.follow(adding: Self.turns(["new.test"]), dropping: [], at: now)
        #expect(schedule.begin(at: now + .milliseconds(10)).begun == ["new.test"])
    }
}
