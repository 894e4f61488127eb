import TestSupport
import Testing

@testable import ProviderRegistry

@Suite struct RegistryPatternTests {
    private func format(levels: Int = 1, suffix: [String] = []) -> RegistryFormat {
        RegistryFormat("test", levels: levels, suffix: suffix) { _, _ throws(ProviderDocument.Rejection) in .nothing }
    }

    /// A pattern with what its format says, the root, and the path of an instance `i` of the service `service`.
    struct Row: Sendable {
        let pattern: String
        var levels = 1
        var suffix: [String] = []
        let root: String
        let service: String
        let instance: String
    }

    static let rows: [Row] = [
        Row(pattern: "/", root: "/", service: "s", instance: "/s/i"),
        Row(pattern: "/providers", root: "/providers", service: "s", instance: "/providers/s/i"),
        Row(pattern: "/providers/*", root: "/providers", service: "s", instance: "/providers/s/i"),
        Row(pattern: "/*", root: "/", service: "s", instance: "/s/i"),
        Row(pattern: "/dubbo", suffix: ["providers"], root: "/dubbo", service: "a.B", instance: "/dubbo/a.B/providers/i"),
        Row(pattern: "/dubbo/*", suffix: ["providers"], root: "/dubbo", service: "s", instance: "/dubbo/s/providers/i"),
        Row(pattern: "/dubbo/*/providers", suffix: ["providers"], root: "/dubbo", service: "s", instance: "/dubbo/s/providers/i"),
        Row(pattern: "/aurora/*/*/*", root: "/aurora", service: "r/e/j", instance: "/aurora/r/e/j/i"),
        Row(pattern: "/aurora", levels: 3, root: "/aurora", service: "r/e/j", instance: "/aurora/r/e/j/i"),
        Row(pattern: "/nerve/services/*/services", root: "/nerve/services", service: "s", instance: "/nerve/services/s/services/i"),
        Row(pattern: "/a/*/b/c/*/d", root: "/a", service: "x/y", instance: "/a/x/b/c/y/d/i"),
        Row(pattern: "/*/*", root: "/", service: "x/y", instance: "/x/y/i"),
        Row(pattern: "/", levels: 0, suffix: ["brokers", "ids"], root: "/brokers/ids", service: "test", instance: "/brokers/ids/i"),
        Row(
            pattern: "/main", levels: 0, suffix: ["brokers", "ids"], root: "/main/brokers/ids", service: "main",
            instance: "/main/brokers/ids/i"),
        Row(
            pattern: "/main/brokers/ids", levels: 0, suffix: ["brokers", "ids"], root: "/main/brokers/ids", service: "main",
            instance: "/main/brokers/ids/i"),
        Row(
            pattern: "/kafka/*/brokers/ids", levels: 0, suffix: ["brokers", "ids"], root: "/kafka", service: "c",
            instance: "/kafka/c/brokers/ids/i"),
        Row(pattern: "/live_nodes/.", root: "/live_nodes", service: "live_nodes", instance: "/live_nodes/i"),
        Row(pattern: "/.", root: "/", service: "test", instance: "/i"),
        Row(
            pattern: "/" + Array(repeating: "*", count: 8).joined(separator: "/"), root: "/", service: "a/b/c/d/e/f/g/h",
            instance: "/a/b/c/d/e/f/g/h/i"),
    ]

    @Test(arguments: rows) func `a pattern says where everything stands, both ways`(_ row: Row) throws {
        let layout = try #require(RegistryLayout(pattern: row.pattern, format: format(levels: row.levels, suffix: row.suffix)))
        let service = ServiceName(row.service)
        #expect(layout.root == row.root)
        #expect(layout.pattern == row.pattern)
        #expect(layout.path(of: "i", in: service) == row.instance)
        #expect(layout.place(of: row.instance) == .provider(service, instance: "i"))
        #expect(layout.place(of: row.root) == .root)
        #expect(layout.place(of: row.instance + "/x") == nil)
        #expect(layout.isName(ofService: service))
        if layout.soleService == nil {
            #expect(layout.place(of: layout.path(of: service)) == .service(service))
            #expect(service.branches.count == layout.levels)
        } else {
            #expect(layout.soleService == service)
            #expect(layout.path(of: service) == layout.root)
        }
        for branch in service.branches.dropFirst() where layout.soleService == nil {
            #expect(layout.place(of: layout.path(of: branch)) == .branch(branch))
            #expect(branch.parent?.depth == branch.depth - 1)
        }
    }

    @Test(arguments: [
        "", "a", "a/b", "//", "/a/", "/a//b", "/..", "/a/../b", "/./a", "/a/./b", "/a/*/.", "/a/*/..", "/a\u{0}", "/a\u{7F}/*", "/\u{FFFF}",
        "/" + Array(repeating: "*", count: 9).joined(separator: "/"),
    ]) func `what is no path, or has too many levels, is no pattern`(_ pattern: String) {
        #expect(RegistryLayout(pattern: pattern, format: format()) == nil)
    }

    @Test func `what no pattern reaches has no place`() throws {
        let layout = try #require(RegistryLayout(pattern: "/dubbo/*/providers", format: format()))
        for path in [
            "/", "/dubb", "/dubbox", "/dubbo/s", "/dubbo/s/consumers", "/dubbo/s/consumers/i", "/dubbo/s/providersx",
            "/dubbo/s/providers/i/x",
            "/dubbo//", "/other/s/providers",
        ] { #expect(layout.place(of: path) == nil, "\(path)") }
    }

    @Test func `names that are equal for people and not for ZooKeeper stay two`() throws {
        let layout = try #require(RegistryLayout(pattern: "/a/*/*", format: format()))
        let (composed, combined) = ("\u{E9}", "e\u{301}")
        #expect(layout.place(of: "/a/\(composed)") != layout.place(of: "/a/\(combined)"))
        #expect(BranchName.root.branch(composed) != BranchName.root.branch(combined))
        // A slash with a mark that combines is one letter for people, and two characters for ZooKeeper.
        #expect(layout.place(of: "/a/x/\u{338}y") == .service(BranchName.root.branch("x").service("\u{338}y")))
    }

    @Test func `names that ZooKeeper cannot have are none`() {
        for text in ["", "/", "a/b"] { #expect(!RegistryLayout.isName(text)) }
        for text in ["a", ".", "..", "a.b", "*", "ü"] { #expect(RegistryLayout.isName(text)) }
    }

    @Test func `a hundred thousand levels in a path are no trouble`() throws {
        let layout = try #require(RegistryLayout(pattern: "/a/*/*", format: format()))
        let long = String(repeating: "/x", count: 100_000)
        #expect(layout.place(of: "/a" + long) == nil)
        #expect(RegistryLayout(pattern: String(repeating: "/*", count: 100_000), format: format()) == nil)
        #expect(RegistryLayout(pattern: long, format: format())?.levels == 1)
        #expect(!layout.isName(ofService: ServiceName(String(long.dropFirst()))))
    }
}
