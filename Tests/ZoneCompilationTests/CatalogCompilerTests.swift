import DNSAuthority
import TestSupport
import Testing

@testable import ZoneCompilation

/// The catalog of a server's zones (RFC 9432).
@Suite struct CatalogCompilerTests {
    private let origin = DomainName(text: "zones.catalog") ?? .root

    private func names(_ texts: String...) -> [DomainName] { texts.compactMap { DomainName(text: $0) } }

    private func numbering(_ serial: UInt32) -> VersionNumbering { VersionNumbering { _ in serial } }

    private func lines(_ catalog: CatalogCompiler) -> [String] {
        catalog.zone.map { MasterFile.text(of: $0).split(separator: "\n").map(String.init).filter { !$0.hasPrefix("$") } } ?? []
    }

    @Test func `it lists each zone below a label that is the zone's own`() {
        var catalog = CatalogCompiler(origin: origin, seed: 1)
        catalog.list(names("svc.local", "10.in-addr.arpa"), numbering(7))
        let first = lines(catalog).joined(separator: "\n")
        #expect(first.contains("zones.catalog. 5 IN SOA invalid. invalid. 7 "))
        #expect(first.contains("zones.catalog. 5 IN NS invalid."))
        #expect(first.contains(#"version.zones.catalog. 5 IN TXT "2""#))
        let pointers = lines(catalog).filter { $0.contains(" PTR ") }.sorted()
        #expect(pointers.count == 2)
        let form = /[0-9a-f]{32}\.zones\.zones\.catalog\. 5 IN PTR (svc\.local|10\.in-addr\.arpa)\./
        #expect(pointers.allSatisfy { $0.wholeMatch(of: form) != nil }, "\(pointers)")
        catalog.list(names("a.example", "10.in-addr.arpa", "svc.local"), VersionNumbering { ($0 ?? 0) + 1 })
        #expect(lines(catalog).filter { $0.contains(" PTR ") && !$0.contains("a.example") }.sorted() == pointers)
        #expect(catalog.zone?.authority.serial == 8)
    }

    @Test func `it is the same until zones come or go`() {
        var catalog = CatalogCompiler(origin: origin, seed: 1)
        catalog.list(names("a", "b"), numbering(1))
        catalog.list(names("b", "a"), numbering(2))
        #expect(catalog.zone?.authority.serial == 1)
        catalog.list(names("b"), numbering(3))
        #expect(catalog.zone?.authority.serial == 3)
        #expect(lines(catalog).count { $0.contains(" PTR ") } == 1)
        // Too early for a version.
        catalog.list(names("c"), VersionNumbering { _ in nil })
        #expect(catalog.isBehind && catalog.zone?.authority.serial == 3)
        catalog.list(names("c"), numbering(4))
        #expect(!catalog.isBehind && catalog.zone?.authority.serial == 4)
    }

    @Test func `a name that leaves no room for its zones' labels is none`() throws {
        let label = String(repeating: "a", count: 63)
        let longest = try #require(DomainName(text: [label, label, label, String(repeating: "a", count: 22)].joined(separator: ".")))
        let longer = try #require(DomainName(text: [label, label, label, String(repeating: "a", count: 23)].joined(separator: ".")))
        #expect(CatalogCompiler.canHaveName(longest) && !CatalogCompiler.canHaveName(longer) && !CatalogCompiler.canHaveName(.root))
        var catalog = CatalogCompiler(origin: longest, seed: 1)
        catalog.list(names("svc.local"), numbering(1))
        #expect(lines(catalog).count { $0.contains(" PTR ") } == 1)
    }
}
