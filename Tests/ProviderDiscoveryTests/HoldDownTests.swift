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
        var holdDown = HoldDown(duration: duration)
        holdDown.take(.connected(timeout: .seconds(9), isNew: true), at: start - outage)
        holdDown.take(.disconnected, at: start - outage)
        holdDown.take(.connected(timeout: .seconds(9), isNew: isNew), at: start)
        return holdDown
    }

    private func held(_ service: Service?) -> [String] {
        (service?.registrations.filter(\.value.isHeld).keys.map(\.text) ?? []).sorted()
    }

    @Test func `in quiet times a removal takes effect at once`() {
        var holdDown = HoldDown(duration: .seconds(120))
        holdDown.take(.connected(timeout: .seconds(9), isNew: true), at: start)
        #expect(holdDown.serve(name, from: service("a", "b"), to: service("a"), at: start) == service("a"))
    }

    @Test(arguments: [(Duration.seconds(2), false, 0), (.seconds(4), false, 1), (.seconds(1), true, 1)])
    func `only a long outage or a new session opens the window`(_ outage: Duration, _ isNew: Bool, _ count: Int) {
        var holdDown = guarded(outage: outage, isNew: isNew)
        #expect(held(holdDown.serve(name, from: service("a", "b"), to: service("a"), at: start)).count == count)
    }

    @Test func `a provider that returns is no longer held`() {
        var holdDown = guarded(outage: .seconds(5))
        #expect(held(holdDown.serve(name, from: service("a", "b"), to: nil, at: start)) == ["a", "b"])
        #expect(held(holdDown.serve(name, from: nil, to: service("a"), at: start)) == ["b"])
        #expect(held(holdDown.serve(name, from: service("a"), to: service("a", "b"), at: start)) == [])
    }

    @Test func `as many new providers as were lost end it`() {
        var holdDown = guarded(outage: .seconds(5))
        #expect(held(holdDown.serve(name, from: service("a", "b"), to: service("a"), at: start)) == ["b"])
        #expect(held(holdDown.serve(name, from: service("a"), to: service("a", "c"), at: start)) == [])
    }

    @Test func `one new provider stands in for one that was lost, not for those that vanish after it`() {
        var holdDown = guarded(outage: .seconds(5))
        #expect(held(holdDown.serve(name, from: service("a", "b", "c"), to: service("a", "b", "c", "d"), at: start)) == [])
        #expect(held(holdDown.serve(name, from: service("a", "b", "c", "d"), to: service("b", "c", "d"), at: start)) == [])
        #expect(held(holdDown.serve(name, from: service("b", "c", "d"), to: service("c", "d"), at: start)) == ["a", "b"])
        #expect(held(holdDown.serve(name, from: service("c", "d"), to: service("d"), at: start)) == ["a", "b", "c"])
    }

    @Test func `a service of which nothing is left is still looked after`() {
        var holdDown = guarded(outage: .seconds(5))
        #expect(held(holdDown.serve(name, from: service("a"), to: nil, at: start)) == ["a"])
        #expect(Array(holdDown.services) == [name])
        #expect(held(holdDown.serve(name, from: nil, to: nil, at: start)) == ["a"])
    }

    @Test func `when the time is over everything held goes`() {
        var holdDown = guarded(outage: .seconds(5))
        _ = holdDown.serve(name, from: service("a"), to: nil, at: start)
        #expect(holdDown.expire(at: start + .seconds(119)) == [])
        #expect(holdDown.expire(at: start + .seconds(120)) == [name])
    }

    @Test func `zero turns it off`() {
        var holdDown = guarded(outage: .seconds(5), duration: .zero)
        #expect(holdDown.serve(name, from: service("a"), to: nil, at: start) == nil)
    }
}
