import DNSAuthority
import Testing

@testable import ZoneCompilation

@Suite struct HostUsesTests {
    private func service(_ name: String) throws -> ServiceReference {
        ServiceReference(origin: .root, owner: try #require(DomainName(text: name)))
    }

    @Test func `a host is looked up in the turn of the service that names the fewest hosts`() throws {
        let (large, small) = (try service("large"), try service("small"))
        var uses = HostUses()
        let many = Set((0..<100).map { "h\($0)" })
        uses.set(large, external: many, inside: [])
        #expect(uses.takeChange() == HostChange(followed: Dictionary(uniqueKeysWithValues: many.map { ($0, large.owner) })))
        uses.set(small, external: ["h1", "x"], inside: [])
        #expect(uses.takeChange() == HostChange(followed: ["h1": small.owner, "x": small.owner]))
        // It is not held up by a service that names few at first, and many then.
        let other = try service("other")
        uses.set(other, external: ["x"], inside: [])
        #expect(uses.takeChange() == HostChange(followed: ["x": other.owner]))
        uses.set(other, external: many.union(["x"]), inside: [])
        #expect(uses.takeChange() == HostChange(followed: ["x": small.owner]))
        uses.forget(small)
        #expect(uses.takeChange().followed["x"] == other.owner)
    }

    @Test func `hosts that no service names any more are dropped when they are taken, unless one names them again`() throws {
        let (one, other) = (try service("one"), try service("other"))
        var uses = HostUses()
        uses.set(one, external: ["a", "b"], inside: [])
        _ = uses.takeChange()
        uses.forget(one)
        #expect(uses.takeChange().isEmpty)
        uses.set(other, external: ["b"], inside: [])
        #expect(uses.takeUnused() == ["a"])
        #expect(uses.takeChange() == HostChange(dropped: ["a"], followed: ["b": other.owner]))
        uses.set(one, external: ["a"], inside: [])
        uses.forget(one)
        #expect(uses.takeUnused() == ["a"])
        #expect(uses.takeChange() == HostChange(dropped: ["a"]))
    }
}
