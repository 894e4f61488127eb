import Foundation
import Testing

@Suite struct ArchitectureTests {
    private let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    private func text(_ path: String) throws -> String { try String(contentsOf: root.appending(path: path), encoding: .utf8) }

    private func names(_ path: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: root.appending(path: path).path).filter { !$0.hasPrefix(".") })
    }

    /// The rows of the map, the uppermost first.
    private func rows(_ text: String, prefix: String) -> [Set<String>] {
        text.split(separator: "\n").filter { line in "12345".contains { line.hasPrefix("\(prefix)\($0) ") } }.map { line in
            Set(line.dropFirst(prefix.count + 1).components(separatedBy: .whitespaces).filter { !$0.isEmpty && !$0.hasSuffix("/") })
        }
    }

    @Test func `the README's map is the manifest's, and both are the tree`() throws {
        let map = rows(try text("README.md"), prefix: "")
        #expect(map.count == 5)
        #expect(map == rows(try text("Package.swift"), prefix: "// "))
        #expect(map.reduce(into: Set()) { $0.formUnion($1) } == (try names("Sources")))
    }

    @Test func `a target depends on lower rows only`() throws {
        let map = rows(try text("README.md"), prefix: "").reversed().map { $0 }
        for (index, row) in map.enumerated() {
            let allowed = map[..<index].reduce(into: Set<String>()) { $0.formUnion($1) }
            let ours = map.reduce(into: Set<String>()) { $0.formUnion($1) }
            for target in row {
                for file in try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: "Sources/\(target)").path)
                where file.hasSuffix(".swift") {
                    let lines = try text("Sources/\(target)/\(file)").split(separator: "\n")
                    let imports = lines.filter { $0.hasPrefix("import ") }.map { String($0.dropFirst(7)) }
                    #expect(Set(imports).intersection(ours).subtracting(allowed) == [], "\(target)/\(file)")
                }
            }
        }
    }

    @Test func `the top level stays`() throws {
        #expect(try names("").subtracting(["Package.resolved"]) == ["Package.swift", "README.md", "Sources", "Tests", "examples"])
    }

    @Test func `what the README points to is there`() throws {
        let readme = try text("README.md")
        let links = readme.matches(of: /\]\(([^)]+)\)/).map { String($0.output.1) }
        #expect(links.count > 5)
        for link in links { #expect(FileManager.default.fileExists(atPath: root.appending(path: link).path), "\(link)") }
        let tests = ["run", "Fuzz/run", "Sanitizers/run", "Benchmarks/run", "Drills/run"]
        for command in ["examples/quickstart"] + tests.map({ "Tests/\($0)" }) {
            #expect(readme.contains(command))
            #expect(FileManager.default.isExecutableFile(atPath: root.appending(path: command).path), "\(command)")
        }
    }

    @Test func `the README names every drill`() throws {
        let folder = "Tests/Drills/drills"
        let sources = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path).filter { $0.hasSuffix(".py") }
        let drills = try sources.flatMap { file in
            try text("\(folder)/\(file)").matches(of: /@drill(\(short=True\))?\ndef ([a-z0-9_]+)/).map {
                String($0.output.2).split(separator: "_").joined(separator: "-")
            }
        }
        let section = try text("README.md").split(separator: "\n## ").first { $0.hasPrefix("What happens when") } ?? ""
        let named = section.split(separator: "\n").filter { $0.hasPrefix("|") }.compactMap { $0.split(separator: "|").last }
            .flatMap { $0.matches(of: /`([a-z0-9-]+)`/).map { String($0.output.1) } }
        #expect(Set(named) == Set(drills))
        #expect(named.count == drills.count)
    }

    @Test func `the query path imports nothing`() throws {
        for file in try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: "Sources/DNSAuthority").path)
        where file.hasSuffix(".swift") {
            #expect(!(try text("Sources/DNSAuthority/\(file)")).split(separator: "\n").contains { $0.hasPrefix("import ") }, "\(file)")
        }
    }
}
