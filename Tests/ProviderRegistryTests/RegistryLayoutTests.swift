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
}
