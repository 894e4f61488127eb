import ProviderRegistry
import TestSupport
import Testing

@testable import ZoneCompilation

@Suite struct LostServicesTests {
    private let start = ContinuousClock.now
    private let providers: [InstanceName: Registration] = [
        "u": Registration(creationZxid: 1, provider: Provider(host: .name("h.example"), port: 80))
    ]

    private func lost(since seconds: Int = 0) -> Service {
        Service(registrations: providers, reach: .lost(since: start + .seconds(seconds)))
    }

    @Test func `a lost service is stale, then unknown when its time is over`() throws {
        var services = LostServices(maximumStale: .seconds(60))
        let change = RegistryChange(services: ["a": lost(), "b": lost(since: 10), "c": Service(registrations: providers), "d": nil])
        #expect(services.take(change, at: start + .seconds(20)) == change)
        let first = try #require(services.deadline)
        #expect(services.expire(at: start + .seconds(60)) == nil)
        #expect(services.expire(at: first)?.services == ["a": Service(registrations: providers, reach: .unknown)])
        let second = try #require(services.deadline)
        #expect(second == first + .seconds(10))
        #expect(services.expire(at: second)?.services.keys.map(\.text) == ["b"])
        #expect(services.deadline == nil)
    }

    @Test func `one that is within reach again, or gone, stays what it is`() {
        var services = LostServices(maximumStale: .seconds(60))
        _ = services.take(RegistryChange(services: ["a": lost(), "b": lost()]), at: start)
        _ = services.take(RegistryChange(services: ["a": Service(registrations: providers), "b": nil]), at: start)
        #expect(services.expire(at: start + .seconds(1000)) == nil)
        #expect(services.deadline == nil)
    }

    @Test func `one that comes too late is unknown at once, in a whole registry too`() {
        var services = LostServices(maximumStale: .seconds(60))
        let registry = services.take(Registry(services: ["a": lost(), "b": lost(since: 90)]), at: start + .seconds(100))
        #expect(registry.services["a"]?.reach == .unknown)
        #expect(registry.services["b"]?.reach == .lost(since: start + .seconds(90)))
    }

    @Test func `without a limit it stays stale`() {
        var services = LostServices(maximumStale: nil)
        #expect(services.take(RegistryChange(services: ["a": lost()]), at: start + .seconds(1_000_000)).services == ["a": lost()])
        #expect(services.deadline == nil)
    }
}
