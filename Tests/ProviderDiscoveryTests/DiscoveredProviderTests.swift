import ProviderRegistry
import Testing

@testable import ProviderDiscovery

@Suite struct DiscoveredProviderTests {
    @Test(arguments: [("a.example.net", "a.example.net:80"), ("192.0.2.1", "192.0.2.1:80"), ("2001:db8::1", "[2001:db8::1]:80")])
    func `the authority is as it stands in a URL`(_ host: String, _ authority: String) throws {
        let registration = Registration(creationZxid: 1, provider: Provider(host: try #require(ProviderHost(host)), port: 80))
        let service = MergedService([Service(registrations: [InstanceName("x"): registration])])
        #expect(service.members.map { DiscoveredProvider($0).authority } == [authority])
    }
}
