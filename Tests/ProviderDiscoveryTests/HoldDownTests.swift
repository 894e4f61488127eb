import ProviderRegistry
import Testing

@testable import ProviderDiscovery

@Suite struct HoldDownTests {
    private let name = ServiceName("a")
    private let start = ContinuousClock.now

    private func service(_ hosts: String...) -> Service {
        Service(
            registrations: Dictionary(
                uniqueKeysWithValues: hosts.compactMap { host in
                    ProviderHost(host).map {
                        (
                            InstanceName(host),
                            Registration(creationZxid: 1, provider: Provider(host: $0, port: 80))
                        )
                    }
                }))
    }

    /// A guard that has seen one session, an outage of so long, and the connection's return.
    private func guarded(outage: Duration, isNew: Bool = false, duration: Duration = .seconds(120)) -> HoldDown {
        var holdDown = HoldDown(duration: duration, guardsMassRemoval: true)
        holdDown.take(.connected(timeout: .seconds(9), isNew: true), at: start - outage)
        holdDown.take(.disconnected, at: start - outage)
        holdDown.take(.connected(timeout: .seconds(9), isNew: isNew), at: start)
        return holdDown
    }

    /// What is served for a service after a change of it.
    private func serve(
        _ holdDown: inout HoldDown, _ name: ServiceName, from old: Service?, to new: Service?, at now: ContinuousClock.Instant
    ) -> Service? {
        holdDown.take(name, from: old, to: new, at: now)
        return holdDown.served(name, new)
    }

    private func held(_ service: Service?) -> [String] {
        (service?.registrations.filter(\.value.isHeld).keys.map(\.text) ?? []).sorted()
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

    @Test func `when the time is over what is held goes, and as much later what has nothing beside it`() {
        let other = ServiceName("b")
        let registry = Registry(services: [other: service("b")])
        var holdDown = guarded(outage: .seconds(5))
        _ = serve(&holdDown, name, from: service("a"), to: nil, at: start)
        _ = serve(&holdDown, other, from: service("a", "b"), to: service("b"), at: start)
        #expect(holdDown.expire(at: start + .seconds(119), registry) == [])
        #expect(Set(holdDown.expire(at: start + .seconds(120), registry)) == [name, other])
        #expect(held(holdDown.served(name, nil)) == ["a"])
        #expect(held(holdDown.served(other, service("b"))) == [])
        #expect(holdDown.expire(at: start + .seconds(239), registry) == [])
        #expect(holdDown.expire(at: start + .seconds(240), registry) == [name])
        #expect(held(holdDown.served(name, nil)) == [])
    }

    @Test func `what has nothing beside it is held until something comes`() {
        var holdDown = guarded(outage: .seconds(5))
        _ = serve(&holdDown, name, from: service("a"), to: nil, at: start)
        _ = holdDown.expire(at: start + .seconds(120), Registry())
        #expect(held(serve(&holdDown, name, from: nil, to: service("c"), at: start + .seconds(121))) == [])
        #expect(serve(&holdDown, name, from: service("c"), to: nil, at: start + .seconds(122)) == nil)
    }

    @Test func `after the window a new outage brings back what is still held and nothing else`() {
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
        #expect(holdDown.deadline == start + .seconds(420))
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

    @Test func `a window begins when the registry has been read anew, if there is one`() {
        var holdDown = guarded(outage: .seconds(5))
        holdDown.readAnew(at: start + .seconds(60))
        #expect(holdDown.deadline == start + .seconds(180))
        var quiet = HoldDown(duration: .seconds(120), guardsMassRemoval: true)
        quiet.readAnew(at: start)
        #expect(quiet.deadline == nil)
    }

    @Test func `a window in which nothing was lost ends once`() {
        var holdDown = guarded(outage: .seconds(5))
        #expect(holdDown.expire(at: start + .seconds(120), Registry()) == [])
        #expect(holdDown.deadline == nil)
    }

    @Test func `zero turns it off`() {
        var holdDown = guarded(outage: .seconds(5), duration: .zero)
        #expect(serve(&holdDown, name, from: service("a"), to: nil, at: start) == nil)
    }

    /// What is found of a mass removal after a change of the service.
    private func removal(
        _ holdDown: inout HoldDown, from old: Service?, to new: Service?, at now: ContinuousClock.Instant
    ) -> HoldDown.MassRemoval? {
        holdDown.take(name, from: old, to: new, at: now)
        return holdDown.findMassRemoval(at: now)
    }

    /// Ten providers, all in one service.
    private let ten = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]

    private func service(_ hosts: some Sequence<String>) -> Service {
        hosts.reduce(into: Service()) { $0.registrations.merge(service($1).registrations) { $1 } }
    }

    /// A guard that has read ten providers of one service.
    private func quiet(guardsMassRemoval: Bool = true) -> HoldDown {
        var holdDown = HoldDown(duration: .seconds(120), guardsMassRemoval: guardsMassRemoval)
        holdDown.take(.connected(timeout: .seconds(9), isNew: true), at: start)
        holdDown.begin(with: Registry(services: [name: service(ten)]))
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

    @Test func `what vanished more than ten seconds ago does not count`() {
        var holdDown = quiet()
        #expect(removal(&holdDown, from: service(ten), to: service(ten.dropFirst(5)), at: start) == nil)
        #expect(removal(&holdDown, from: service(ten.dropFirst(5)), to: service(ten.dropFirst(6)), at: start + .seconds(11)) == nil)
    }

    @Test func `half of all, all of fewer than ten, or as many as are replaced may vanish`() {
        var half = quiet()
        #expect(removal(&half, from: service(ten), to: service(ten.dropFirst(5)), at: start) == nil)
        var few = HoldDown(duration: .seconds(120), guardsMassRemoval: true)
        few.begin(with: Registry(services: [name: service(ten.dropFirst())]))
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
    }
}

extension Service {
    fileprivate func merging(_ other: Service) -> Service {
        Service(registrations: registrations.merging(other.registrations) { $1 })
    }
}
