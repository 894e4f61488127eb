import ProviderRegistry
import TestSupport
import Testing

@Suite struct RegistryLayoutTests {
    @Test(arguments: ["/", "/providers", "/a/b"])
    func `a place's path leads back to it`(_ root: String) {
        let layout = RegistryLayout(root: root)
        let service = ServiceName("first")
        #expect(layout.place(of: root) == .root)
        #expect(layout.place(of: layout.path(of: service)) == .service(service))
        #expect(layout.place(of: layout.path(of: "u1", in: service)) == .provider(service, instance: "u1"))
        #expect(layout.place(of: layout.path(of: "u1", in: service) + "/x") == nil)
    }

    @Test func `what lies elsewhere has no place`() { #expect(RegistryLayout(root: "/providers").place(of: "/providersx/a") == nil) }
}

@Suite struct MergedServiceTests {
    @Test func `a znode that is there stands for its provider rather than an older one that has vanished`() throws {
        let provider = Provider(host: try #require(ProviderHost("10.0.0.1")), port: 80)
        let vanished = Service(held: [HeldProvider(instance: "old", registration: Registration(creationZxid: 1, provider: provider))])
        let service = Service(registrations: ["new": Registration(creationZxid: 2, provider: provider)])
        #expect(MergedService([vanished, service]).members.map(\.instance) == ["new"])
    }

    @Test func `of twins one that is up stands for all, then one that is draining, then the oldest`() throws {
        let host = try #require(ProviderHost("10.0.0.1"))
        func members(_ statuses: [ProviderStatus], held: [ProviderStatus] = []) -> [InstanceName] {
            func registration(_ index: Int, _ status: ProviderStatus) -> Registration {
                let details = status == .up ? nil : ProviderDetails(status: status)
                return Registration(creationZxid: Int64(index), provider: Provider(host: host, port: 80, details: details))
            }
            var service = Service()
            for (index, status) in statuses.enumerated() { service.registrations[InstanceName("i\(index)")] = registration(index, status) }
            service.held = held.enumerated().map { HeldProvider(instance: InstanceName("h\($0)"), registration: registration($0, $1)) }
            let other = Registration(creationZxid: 1, provider: Provider(host: host, port: 81))
            service.registrations["other"] = other
            return MergedService([service]).members.map(\.instance)
        }
        #expect(members([.down, .draining, .up, .up]) == ["other", "i2"])
        #expect(members([.draining, .down, .draining]) == ["i0", "other"])
        #expect(members([.down, .down]) == ["i0", "other"])
        #expect(members([.up, .up]) == ["i0", "other"])
        #expect(members([.draining], held: [.up]) == ["i0", "other"])
        #expect(members([], held: [.down, .up]) == ["other", "h1"])
    }
}
