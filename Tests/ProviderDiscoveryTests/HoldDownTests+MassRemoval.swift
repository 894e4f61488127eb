import ProviderRegistry
import Testing

@testable import ProviderDiscovery

extension HoldDownTests {
    /// What is found of a mass removal after a change of the service.
    func removal(
        _ holdDown: inout HoldDown, from old: Service?, to new: Service?, at now: ContinuousClock.Instant
    ) -> HoldDown.MassRemoval? {
        holdDown.take(name, from: old, to: new, at: now)
        return holdDown.findMassRemoval(at: now)
    }

    /// Ten providers, all in one service.
    var ten: [String] { ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] }

    func service(_ hosts: some Sequence<String>) -> Service {
        hosts.reduce(into: Service()) { $0.registrations.merge(service($1).registrations) { $1 } }
    }

    /// A guard that has read ten providers of one service.
    func quiet(guardsMassRemoval: Bool = true) -> HoldDown {
        var holdDown = HoldDown(duration: .seconds(120), guardsMassRemoval: guardsMassRemoval)
        holdDown.take(.connected(timeout: .seconds(9), isNew: true), at: start)
        holdDown.begin(with: Registry(services: [name: service(ten)]), at: start)
        return holdDown
    }

    @Test func `more than half of ten providers vanish one after another and all of them are held`() {
        var holdDown = quiet()
        for count in 1...5 {
            let old = service(ten.dropFirst(count - 1))
            #expect(removal(&holdDown, from: old, to: service(ten.dropFirst(count)), at: start + .seconds(count)) == nil)
        }
        #expect(held(holdDown.served(name, service(ten.dropFirst(5)))) == [])
        let found = removal(&holdDown, from: service(ten.dropFirst(5)), to: service(ten.dropFirst(6)), at: start + .seconds(9))
        #expect(found == HoldDown.MassRemoval(missing: 6, total: 10))
        #expect(held(holdDown.served(name, service(ten.dropFirst(6)))) == Array(ten.prefix(6)))
        #expect(holdDown.expire(at: start + .seconds(129), Registry(services: [name: service(ten.dropFirst(6))])) == [name])
        #expect(held(holdDown.served(name, service(ten.dropFirst(6)))) == [])
    }

    @Test func `what its registrants take back is held in no window, and counts for none`() {
        var holdDown = quiet()
        for count in 1...9 {
            let (old, new) = (service(ten.dropFirst(count - 1)), service(ten.dropFirst(count)))
            holdDown.take(name, from: old, to: new, withdrawn: [InstanceName(ten[count - 1])], at: start)
            let found = holdDown.findMassRemoval(at: start)
            #expect(found == nil)
            #expect(holdDown.served(name, new) == new)
        }
        var outage = guarded(outage: .seconds(5))
        outage.take(name, from: service("a", "b", "c"), to: service("c"), withdrawn: ["a"], at: start)
        #expect(held(outage.served(name, service("c"))) == ["b"])
    }

    @Test func `one that stood in for another and is taken back brings that one back no more`() {
        var holdDown = guarded(outage: .seconds(5))
        #expect(held(serve(&holdDown, name, from: service("a"), to: nil, at: start)) == ["a"])
        #expect(held(serve(&holdDown, name, from: nil, to: service("b"), at: start)) == [])
        holdDown.take(name, from: service("b"), to: nil, withdrawn: ["b"], at: start)
        #expect(holdDown.served(name, nil) == nil)
    }

    @Test func `a held provider that its host refuses goes at once, and no other`() throws {
        var holdDown = guarded(outage: .seconds(5))
        #expect(held(serve(&holdDown, name, from: service("a", "b"), to: nil, at: start)) == ["a", "b"])
        let offer = try #require(service("a").registrations["a"]?.provider.offer)
        let results = [holdDown.letGo(offer, of: name), holdDown.letGo(offer, of: name)]
        #expect(results == [true, false])
        #expect(held(holdDown.served(name, nil)) == ["b"])
        // Ends are dropped in order: the first one's stays behind the other's.
        #expect(2...3 ~= holdDown.size, "the other, and when to forget it")
    }

    @Test func `what vanished more than ten seconds ago does not count`() {
        var holdDown = quiet()
        #expect(removal(&holdDown, from: service(ten), to: service(ten.dropFirst(5)), at: start) == nil)
        #expect(removal(&holdDown, from: service(ten.dropFirst(5)), to: service(ten.dropFirst(6)), at: start + .seconds(11)) == nil)
    }

    @Test func `half of all, all of fewer than ten, or as many as are replaced may vanish`() {
        var half = quiet()
        #expect(removal(&half, from: service(ten), to: service(ten.dropFirst(5)), at: start) == nil)
        var few = HoldDown(duration: .seconds(120), guardsMassRemoval: true)
        few.begin(with: Registry(services: [name: service(ten.dropFirst())]), at: start)
        #expect(removal(&few, from: service(ten.dropFirst()), to: nil, at: start) == nil)
        var replaced = quiet()
        let others = service((0..<10).map { "n\($0)" })
        #expect(removal(&replaced, from: service(ten), to: service(ten).merging(others), at: start) == nil)
        #expect(removal(&replaced, from: service(ten).merging(others), to: others, at: start) == nil)
    }

    @Test func `providers that return in time have not vanished`() {
        var holdDown = quiet()
        #expect(removal(&holdDown, from: service(ten), to: service(ten.dropFirst(5)), at: start) == nil)
        #expect(removal(&holdDown, from: service(ten.dropFirst(5)), to: service(ten), at: start) == nil)
        #expect(removal(&holdDown, from: service(ten), to: service(ten.dropFirst(5)), at: start) == nil)
    }

    @Test func `off, all may vanish`() {
        var holdDown = quiet(guardsMassRemoval: false)
        #expect(removal(&holdDown, from: service(ten), to: nil, at: start) == nil)
        #expect(holdDown.served(name, nil) == nil)
    }

    @Test func `a long churn leaves nothing behind`() {
        var holdDown = quiet()
        for second in 0..<3000 {
            #expect(removal(&holdDown, from: service(ten), to: service(ten.dropFirst()), at: start + .seconds(second * 11)) == nil)
            #expect(removal(&holdDown, from: service(ten.dropFirst()), to: service(ten), at: start + .seconds(second * 11)) == nil)
        }
        #expect(Array(holdDown.services) == [])
        #expect(holdDown.size == 0)
    }

    @Test func `new providers that come long before the old ones go stand in for them all the time`() {
        var holdDown = quiet()
        let new = service((0..<9).map { "n\($0)" })
        #expect(removal(&holdDown, from: service(ten), to: service(ten).merging(new), at: start) == nil)
        #expect(removal(&holdDown, from: service(ten).merging(new), to: new, at: start + .seconds(9)) == nil)
        // The new ones are forgotten by now, and what they made up for must be.
        #expect(removal(&holdDown, from: new, to: service((0..<8).map { "n\($0)" }), at: start + .milliseconds(10_500)) == nil)
    }

    @Test func `what is over in quiet times is forgotten without another change`() {
        var holdDown = quiet()
        _ = removal(&holdDown, from: service(ten), to: service(ten.dropFirst(3)), at: start)
        #expect(holdDown.size > 0)
        #expect(holdDown.expire(at: start + .seconds(11), Registry()) == [])
        #expect(holdDown.size == 0)
    }

    /// A registry of ten providers in a service that an attacker has, and three in another.
    private var others: Service { service("x", "y", "z") }
    private var other: ServiceName { ServiceName("other") }

    private func attacked() -> HoldDown {
        var holdDown = HoldDown(duration: .seconds(120), guardsMassRemoval: true)
        holdDown.take(.connected(timeout: .seconds(9), isNew: true), at: start)
        holdDown.begin(with: Registry(services: [name: service(ten), other: others]), at: start)
        #expect(removal(&holdDown, from: service(ten), to: nil, at: start) != nil)
        return holdDown
    }

    @Test func `in the ten seconds after a mass removal any service is guarded, and one that is stays so`() {
        var holdDown = attacked()
        #expect(held(serve(&holdDown, other, from: others, to: service("y", "z"), at: start + .seconds(9))) == ["x"])
        #expect(held(serve(&holdDown, other, from: service("y", "z"), to: service("z"), at: start + .seconds(60))) == ["x", "y"])
        #expect(held(serve(&holdDown, other, from: service("z"), to: nil, at: start + .seconds(121))) == ["x", "y"])
    }

    @Test func `later a service must lose more than half of its own providers to be guarded`() {
        var holdDown = attacked()
        #expect(held(serve(&holdDown, other, from: others, to: service("y", "z"), at: start + .seconds(10))) == [])
        #expect(held(serve(&holdDown, other, from: service("y", "z"), to: service("z"), at: start + .seconds(15))) == ["x", "y"])
        var slow = attacked()
        #expect(held(serve(&slow, other, from: others, to: service("y", "z"), at: start + .seconds(10))) == [])
        #expect(held(serve(&slow, other, from: service("y", "z"), to: service("z"), at: start + .seconds(21))) == [])
        #expect(held(serve(&slow, other, from: service("z"), to: nil, at: start + .seconds(22))) == ["y", "z"])
    }

    @Test func `a mass removal that is repeated keeps no provider of another service beyond its time`() {
        var holdDown = attacked()
        #expect(held(serve(&holdDown, other, from: others, to: nil, at: start + .seconds(1))) == ["x", "y", "z"])
        var ends: [ContinuousClock.Instant] = []
        for second in stride(from: 15, to: 1000, by: 15) {
            let now = start + .seconds(second)
            _ = removal(&holdDown, from: nil, to: service(ten), at: now)
            _ = removal(&holdDown, from: service(ten), to: nil, at: now + .milliseconds(500))
            if holdDown.expire(at: now + .seconds(1), Registry()).contains(other) { ends.append(now) }
        }
        // The first round after 241 seconds: it had no other provider.
        #expect(ends == [start + .seconds(240)])
    }

    @Test func `a mass removal that is repeated keeps the window open no longer`() {
        var holdDown = attacked()
        for second in stride(from: 15, through: 105, by: 15) {
            let now = start + .seconds(second)
            #expect(removal(&holdDown, from: nil, to: service(ten), at: now) == nil)
            #expect(removal(&holdDown, from: service(ten), to: nil, at: now + .milliseconds(500)) == nil)
        }
        #expect(held(serve(&holdDown, other, from: others, to: service("z"), at: start + .seconds(120))) == [])
    }
}

extension Service {
    fileprivate func merging(_ other: Service) -> Service {
        Service(registrations: registrations.merging(other.registrations) { $1 })
    }
}
