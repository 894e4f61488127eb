import ProviderRegistry
import Testing

@testable import ProviderDiscovery

@Suite struct HoldDownTests {
    let name = ServiceName("a")
    let start = ContinuousClock.now

    func service(_ hosts: String..., status: ProviderStatus? = nil) -> Service {
        Service(
            registrations: Dictionary(
                uniqueKeysWithValues: hosts.compactMap { host in
                    ProviderHost(host).map {
                        let details = status.map { ProviderDetails(status: $0) }
                        return (InstanceName(host), Registration(creationZxid: 1, provider: Provider(host: $0, port: 80, details: details)))
                    }
                }))
    }

    /// A guard that has seen one session, an outage of so long, and the connection's return.
    func guarded(outage: Duration, isNew: Bool = false, duration: Duration = .seconds(120)) -> HoldDown {
        var holdDown = HoldDown(duration: duration, guardsMassRemoval: true)
        holdDown.take(.connected(timeout: .seconds(9), isNew: true), at: start - outage)
        holdDown.begin(with: Registry(), at: start - outage)
        holdDown.take(.disconnected, at: start - outage)
        holdDown.take(.connected(timeout: .seconds(9), isNew: isNew), at: start)
        return holdDown
    }

    /// What is served for a service after a change of it.
    func serve(
        _ holdDown: inout HoldDown, _ name: ServiceName, from old: Service?, to new: Service?, at now: ContinuousClock.Instant
    ) -> Service? {
        holdDown.take(name, from: old, to: new, at: now)
        return holdDown.served(name, new)
    }

    func held(_ service: Service?) -> [String] {
        (service?.held.map(\.instance.text) ?? []).sorted()
    }

    @Test func `in quiet times a removal takes effect at once`() {
        var holdDown = HoldDown(duration: .seconds(120), guardsMassRemoval: true)
        holdDown.take(.connected(timeout: .seconds(9), isNew: true), at: start)
        #expect(serve(&holdDown, name, from: service("a", "b"), to: service("a"), at: start) == service("a"))
    }

    @Test(arguments: [(Duration.seconds(2), false, 0), (.seconds(4), false, 1), (.seconds(1), true, 1)])
    func `only a long outage or a new session opens the window`(_ outage: Duration, _ isNew: Bool, _ count: Int) {
        var holdDown = guarded(outage: outage, isNew: isNew)
        #expect(held(serve(&holdDown, name, from: service("a", "b"), to: service("a"), at: start)).count == count)
    }

    @Test func `a held provider stays beside a znode that has its name by now`() {
        var holdDown = guarded(outage: .seconds(5))
        let moved = Service(registrations: ["a": service("b").registrations["b"]].compactMapValues(\.self))
        let served = serve(&holdDown, name, from: service("a", "z"), to: moved, at: start)
        #expect(served?.registrations == moved.registrations)
        #expect(held(served) == ["a", "z"])
        #expect(MergedService([served].compactMap(\.self)).members.map(\.instance) == ["a", "a", "z"])
    }

    @Test func `a provider that returns is no longer held`() {
        var holdDown = guarded(outage: .seconds(5))
        #expect(held(serve(&holdDown, name, from: service("a", "b"), to: nil, at: start)) == ["a", "b"])
        #expect(held(serve(&holdDown, name, from: nil, to: service("a"), at: start)) == ["b"])
        #expect(held(serve(&holdDown, name, from: service("a"), to: service("a", "b"), at: start)) == [])
    }

    @Test func `as many new providers as were lost end it`() {
        var holdDown = guarded(outage: .seconds(5))
        #expect(held(serve(&holdDown, name, from: service("a", "b"), to: service("a"), at: start)) == ["b"])
        #expect(held(serve(&holdDown, name, from: service("a"), to: service("a", "c"), at: start)) == [])
    }

    @Test(arguments: [ProviderStatus.draining, .down])
    func `one that is not up stands in for none until it is, and is no loss`(_ status: ProviderStatus) {
        var holdDown = guarded(outage: .seconds(5))
        let new = service("b", status: status)
        #expect(held(serve(&holdDown, name, from: service("a"), to: new, at: start)) == ["a"])
        #expect(held(serve(&holdDown, name, from: new, to: service("b"), at: start)) == [])
        holdDown = guarded(outage: .seconds(5))
        #expect(held(serve(&holdDown, name, from: service("a"), to: service("a", status: status), at: start)) == [])
        #expect(held(serve(&holdDown, name, from: service("a", status: status), to: nil, at: start)) == [])
    }

    @Test func `one new provider stands in for one that was lost, not for those that vanish after it`() {
        var holdDown = guarded(outage: .seconds(5))
        #expect(held(serve(&holdDown, name, from: service("a", "b", "c"), to: service("a", "b", "c", "d"), at: start)) == [])
        #expect(held(serve(&holdDown, name, from: service("a", "b", "c", "d"), to: service("b", "c", "d"), at: start)) == [])
        #expect(held(serve(&holdDown, name, from: service("b", "c", "d"), to: service("c", "d"), at: start)) == ["a", "b"])
        #expect(held(serve(&holdDown, name, from: service("c", "d"), to: service("d"), at: start)) == ["a", "b", "c"])
    }

    @Test func `a service of which nothing is left is still looked after`() {
        var holdDown = guarded(outage: .seconds(5))
        #expect(held(serve(&holdDown, name, from: service("a"), to: nil, at: start)) == ["a"])
        #expect(Array(holdDown.services) == [name])
        #expect(held(serve(&holdDown, name, from: nil, to: nil, at: start)) == ["a"])
    }

    @Test func `each provider goes when its own time is over, and as much later what has nothing beside it`() {
        let other = ServiceName("b")
        let registry = Registry(services: [other: service("b")])
        var holdDown = guarded(outage: .seconds(5))
        _ = serve(&holdDown, name, from: service("a"), to: nil, at: start)
        _ = serve(&holdDown, other, from: service("a", "b", "c"), to: service("b", "c"), at: start)
        _ = serve(&holdDown, other, from: service("b", "c"), to: service("b"), at: start + .seconds(60))
        #expect(holdDown.expire(at: start + .seconds(119), registry) == [])
        #expect(holdDown.expire(at: start + .seconds(120), registry) == [other])
        #expect(held(holdDown.served(name, nil)) == ["a"])
        #expect(held(holdDown.served(other, service("b"))) == ["c"])
        #expect(holdDown.expire(at: start + .seconds(179), registry) == [])
        #expect(holdDown.expire(at: start + .seconds(180), registry) == [other])
        #expect(held(holdDown.served(other, service("b"))) == [])
        #expect(holdDown.expire(at: start + .seconds(239), registry) == [])
        #expect(holdDown.expire(at: start + .seconds(240), registry) == [name])
        #expect(held(holdDown.served(name, nil)) == [])
        #expect(holdDown.deadline == nil)
        #expect(holdDown.size == 0)
    }

    @Test func `a provider that vanishes again after its return is held for a time of its own`() {
        var holdDown = guarded(outage: .seconds(5))
        _ = serve(&holdDown, name, from: service("a", "b"), to: service("b"), at: start)
        _ = serve(&holdDown, name, from: service("b"), to: service("a", "b"), at: start + .seconds(50))
        #expect(holdDown.deadline == nil)
        _ = serve(&holdDown, name, from: service("a", "b"), to: service("b"), at: start + .seconds(100))
        #expect(holdDown.deadline == start + .seconds(220))
    }

    @Test func `providers that vanish within a second go together`() {
        var holdDown = guarded(outage: .seconds(5))
        let hosts = (0..<100).map { "h\($0)" }
        for gone in 1...100 {
            let (old, new) = (service(hosts.dropFirst(gone - 1) + ["z"]), service(hosts.dropFirst(gone) + ["z"]))
            _ = serve(&holdDown, name, from: old, to: new, at: start + .milliseconds(gone * 20))
        }
        let registry = Registry(services: [name: service("z")])
        var ends: [ContinuousClock.Instant] = []
        while let deadline = holdDown.deadline, ends.count < 100 {
            ends.append(deadline)
            #expect(holdDown.expire(at: deadline, registry) == [name])
        }
        #expect(ends == [start + .milliseconds(120_020), start + .milliseconds(121_040)])
    }

    @Test func `a short hold-down is not made much shorter`() {
        var holdDown = guarded(outage: .seconds(5), duration: .seconds(1))
        _ = serve(&holdDown, name, from: service("a", "b", "c"), to: service("b", "c"), at: start)
        _ = serve(&holdDown, name, from: service("b", "c"), to: service("c"), at: start + .milliseconds(200))
        _ = holdDown.expire(at: start + .seconds(1), Registry(services: [name: service("c")]))
        #expect(held(holdDown.served(name, service("c"))) == ["b"])
    }

    @Test func `what has nothing beside it is held until something comes`() {
        var holdDown = guarded(outage: .seconds(5))
        _ = serve(&holdDown, name, from: service("a"), to: nil, at: start)
        _ = holdDown.expire(at: start + .seconds(120), Registry())
        #expect(held(serve(&holdDown, name, from: nil, to: service("c"), at: start + .seconds(121))) == [])
        #expect(serve(&holdDown, name, from: service("c"), to: nil, at: start + .seconds(122)) == nil)
    }

    @Test func `a new outage prolongs nothing and brings nothing back, but its own time does not count`() {
        let other = ServiceName("b")
        var holdDown = guarded(outage: .seconds(5))
        _ = serve(&holdDown, name, from: service("a"), to: nil, at: start)
        _ = serve(&holdDown, other, from: service("a", "b"), to: service("b"), at: start)
        _ = holdDown.expire(at: start + .seconds(120), Registry(services: [other: service("b")]))
        holdDown.take(.disconnected, at: start + .seconds(130))
        #expect(holdDown.deadline == nil)
        #expect(holdDown.expire(at: start + .seconds(300), Registry()) == [])
        holdDown.take(.connected(timeout: .seconds(9), isNew: false), at: start + .seconds(300))
        #expect(held(holdDown.served(name, nil)) == ["a"])
        #expect(held(holdDown.served(other, service("b"))) == [])
        #expect(holdDown.deadline == start + .seconds(410))
        #expect(holdDown.expire(at: start + .seconds(410), Registry()) == [name])
    }

    @Test func `windows that open again and again prolong nothing`() {
        var holdDown = guarded(outage: .seconds(5))
        _ = serve(&holdDown, name, from: service("a", "b"), to: service("b"), at: start)
        for outage in 1...29 {
            holdDown.take(.disconnected, at: start + .seconds(outage * 8 - 4))
            holdDown.take(.connected(timeout: .seconds(9), isNew: false), at: start + .seconds(outage * 8))
            holdDown.readAgain(at: start + .seconds(outage * 8))
        }
        // Half of 240 seconds without a connection.
        #expect(holdDown.deadline == start + .seconds(29 * 8 + 4))
        #expect(holdDown.expire(at: start + .seconds(236), Registry(services: [name: service("b")])) == [name])
        #expect(held(holdDown.served(name, service("b"))) == [])
    }

    @Test func `one that restarts again and again under new ports is one that is missing`() {
        var holdDown = guarded(outage: .seconds(5))
        for restart in 0..<20 {
            let (old, new) = (service("a", "n\(restart)"), service("a", "n\(restart + 1)"))
            #expect(held(serve(&holdDown, name, from: old, to: service("a"), at: start)) == ["n\(restart)"])
            #expect(held(serve(&holdDown, name, from: service("a"), to: new, at: start)) == [])
        }
        var quiet = quiet()
        for restart in 0..<20 {
            let (old, new) = (service(ten + ["n\(restart)"]), service(ten + ["n\(restart + 1)"]))
            #expect(removal(&quiet, from: old, to: service(ten), at: start) == nil)
            #expect(removal(&quiet, from: service(ten), to: new, at: start) == nil)
        }
    }

    @Test(arguments: [false, true])
    func `a window begins when the registry has been read again`(isNew: Bool) {
        var holdDown = guarded(outage: .seconds(5), isNew: isNew)
        holdDown.readAgain(at: start + .seconds(60))
        #expect(held(serve(&holdDown, name, from: service("a", "b"), to: service("b"), at: start + .seconds(179))) == ["a"])
        #expect(held(serve(&holdDown, ServiceName("b"), from: service("a", "b"), to: service("b"), at: start + .seconds(180))) == [])
    }

    @Test func `the time of what vanishes begins when a new session has read the registry`() {
        var holdDown = guarded(outage: .seconds(5), isNew: true)
        _ = serve(&holdDown, name, from: service("a", "b"), to: service("b"), at: start + .seconds(10))
        #expect(holdDown.deadline == nil)
        holdDown.take(.disconnected, at: start + .seconds(20))
        holdDown.take(.connected(timeout: .seconds(9), isNew: false), at: start + .seconds(30))
        #expect(holdDown.deadline == nil)
        holdDown.readAgain(at: start + .seconds(60))
        #expect(holdDown.deadline == start + .seconds(180))
        // Nothing opened a window that this would begin.
        holdDown.readAgain(at: start + .seconds(90))
        #expect(held(serve(&holdDown, ServiceName("b"), from: service("a", "b"), to: service("b"), at: start + .seconds(180))) == [])
    }

    @Test func `in quiet times a second reading opens no window`() {
        var quiet = quiet()
        quiet.readAgain(at: start)
        #expect(serve(&quiet, name, from: service(ten), to: service(ten.dropFirst()), at: start) == service(ten.dropFirst()))
    }

    @Test func `zero turns it off`() {
        var holdDown = guarded(outage: .seconds(5), duration: .zero)
        #expect(serve(&holdDown, name, from: service("a"), to: nil, at: start) == nil)
    }

    @Test func `too many providers are reported once and those held longest go, also of other services`() {
        let (other, registry) = (ServiceName("b"), Registry(services: [name: service("z"), ServiceName("b"): service("z")]))
        var holdDown = HoldDown(duration: .seconds(120), guardsMassRemoval: true, bounds: .init(ofService: 3, inAll: 3))
        holdDown.take(.connected(timeout: .seconds(9), isNew: true), at: start)
        holdDown.begin(with: registry, at: start)
        holdDown.take(.connected(timeout: .seconds(9), isNew: true), at: start)
        holdDown.readAgain(at: start)
        _ = serve(&holdDown, name, from: service("a", "b", "c", "z"), to: service("z"), at: start)
        #expect(held(holdDown.served(name, service("z"))) == ["a", "b", "c"])
        #expect(holdDown.takeExcess() == false)
        #expect(held(serve(&holdDown, other, from: service("a", "z"), to: service("z"), at: start + .seconds(1))) == ["a"])
        #expect(holdDown.expire(at: start + .seconds(1), registry) == [name])
        #expect(held(holdDown.served(name, service("z"))).count == 2)
        #expect(holdDown.takeExcess() == true)
        _ = serve(&holdDown, other, from: service("b", "z"), to: service("z"), at: start + .seconds(2))
        #expect(holdDown.takeExcess() == false)
        #expect(holdDown.takeEnd() == nil)
        _ = holdDown.expire(at: start + .seconds(120), registry)
        _ = holdDown.expire(at: start + .seconds(122), registry)
        #expect(holdDown.takeEnd() == 2)
        #expect(holdDown.takeEnd() == 0)
    }
}
