import ProviderRegistry
import Testing

@testable import ProviderDiscovery

@Suite struct DiscoveredProviderTests {
    private func provider(_ instance: InstanceName, weight: UInt16, priority: UInt16 = 0) throws -> DiscoveredProvider {
        let host = try #require(ProviderHost("10.0.0.1"))
        return DiscoveredProvider(
            MergedService.Member(
                instance: instance,
                registration: Registration(creationZxid: 1, provider: Provider(host: host, port: 80, weight: weight, priority: priority))))
    }

    /// How often each of some providers is drawn in 10,000 times.
    private func draws(_ providers: [DiscoveredProvider]) -> [String: Int] {
        var random = SystemRandomNumberGenerator()
        return (0..<10_000).reduce(into: [:]) { counts, _ in
            if let chosen = providers.chosen(using: &random) { counts[chosen.instance, default: 0] += 1 }
        }
    }

    @Test func `none is chosen from none`() { #expect(draws([]) == [:]) }

    @Test func `only those of the lowest priority are drawn`() throws {
        #expect(draws([try provider("a", weight: 1, priority: 1), try provider("b", weight: 0, priority: 0)]) == ["b": 10_000])
    }

    @Test func `they are drawn by weight`() throws {
        let counts = draws([try provider("a", weight: 10), try provider("b", weight: 30), try provider("c", weight: 60)])
        #expect(800...1300 ~= counts["a"] ?? 0)
        #expect(2600...3400 ~= counts["b"] ?? 0)
        #expect(5500...6500 ~= counts["c"] ?? 0)
    }

    @Test func `weight zero is drawn seldom, and evenly where all have it`() throws {
        let seldom = draws([try provider("a", weight: 0), try provider("b", weight: 99)])
        #expect(20...250 ~= seldom["a"] ?? 0)
        let even = draws([try provider("a", weight: 0), try provider("b", weight: 0)])
        #expect(4500...5500 ~= even["a"] ?? 0)
    }

    @Test(arguments: [("10.0.0.1", "10.0.0.1:80"), ("2001:db8::1", "[2001:db8::1]:80"), ("a.example", "a.example:80")])
    func `an authority has brackets around IPv6`(_ host: String, _ text: String) throws {
        let provider = Provider(host: try #require(ProviderHost(host)), port: 80)
        let member = MergedService.Member(instance: "a", registration: Registration(creationZxid: 1, provider: provider))
        #expect(DiscoveredProvider(member).authority == text)
    }
}
