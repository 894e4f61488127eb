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
