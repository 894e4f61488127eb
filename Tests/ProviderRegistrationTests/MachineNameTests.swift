import Testing

@testable import ProviderRegistration

@Suite struct MachineNameTests {
    @Test(arguments: [
        "localhost", "LOCALHOST", "localhost.localdomain", "localhost.", "localhost4.localdomain4", "localhost6", "ip6-localhost",
        "web.localhost", "", ".",
    ])
    func `a name that is every machine's own is none for others`(_ name: String) {
        #expect(MachineName.isForEveryMachine(name))
        #expect(MachineName.best(full: name, own: name) == nil)
        #expect(MachineName.best(full: name, own: "web1") == "web1")
    }

    @Test(arguments: ["web1", "web1.localdomain", "localhost-7.example.com", "mylocalhost"])
    func `others are taken`(_ name: String) { #expect(MachineName.best(full: nil, own: name) == name) }

    @Test func `the full name wins if it has a dot`() {
        #expect(MachineName.best(full: "web1.example.com", own: "web1") == "web1.example.com")
        #expect(MachineName.best(full: "other", own: "web1") == "web1")
        #expect(MachineName.best(full: "web1.example.com", own: "localhost") == "web1.example.com")
    }

    @Test func `a name without a domain, or that cannot be resolved, is doubted`() {
        #expect(MachineName.doubt("8c1f0a7e22b4")?.contains("no domain") == true)
        #expect(MachineName.doubt("web1.example.invalid")?.contains("cannot be resolved") == true)
        #expect(MachineName.doubt("127.0.0.1") == nil)
    }
}
