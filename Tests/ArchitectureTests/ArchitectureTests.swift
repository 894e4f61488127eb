import Foundation
import TestSupport
import Testing

@Suite struct ArchitectureTests {
    private let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    private func text(_ path: String) throws -> String { try String(contentsOf: root.appending(path: path), encoding: .utf8) }

    private func names(_ path: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: root.appending(path: path).path).filter { !$0.hasPrefix(".") })
    }

    /// The rows of the map, the uppermost first; a row may have several lines.
    private func rows(_ text: String, prefix: String) -> [Set<String>] {
        "54321".map { number in
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("\(prefix)\(number) ") }
            let words = lines.flatMap { $0.dropFirst(prefix.count + 1).components(separatedBy: .whitespaces) }
            return Set(words.filter { !$0.isEmpty && !$0.hasSuffix("/") })
        }
    }

    @Test func `the README's map is the manifest's, and both are the tree`() throws {
        let map = rows(try text("README.md"), prefix: "")
        #expect(map.allSatisfy { !$0.isEmpty })
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
        let headings = readme.matches(of: /(?m)^#+ (.+)$/).map { "#" + $0.output.1.lowercased().replacing(" ", with: "-") }
        for link in links {
            let isThere =
                link.hasPrefix("#") ? headings.contains(link) : FileManager.default.fileExists(atPath: root.appending(path: link).path)
            #expect(isThere, "\(link)")
        }
        let tests = ["run", "Fuzz/run", "Sanitizers/run", "Benchmarks/run", "Drills/run", "Recipes/run"]
        for command in ["examples/quickstart"] + tests.map({ "Tests/\($0)" }) {
            #expect(readme.contains(command))
            #expect(FileManager.default.isExecutableFile(atPath: root.appending(path: command).path), "\(command)")
        }
    }

    @Test func `the drills' help names every drill, and says of each what is answered`() async throws {
        let folder = "Tests/Drills/drills"
        let sources = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path).filter { $0.hasSuffix(".py") }
        let drills = try sources.flatMap { file in
            try text("\(folder)/\(file)").matches(of: /@drill(\(short=True\))?\ndef ([a-z0-9_]+)/).map {
                String($0.output.2).split(separator: "_").joined(separator: "-")
            }
        }
        #expect(drills.count > 30)
        let help = try await RunningProgram.run(root.appending(path: "Tests/Drills/run"), ["--help"])
        #expect(help.exitCode == 0, "\(help.errors)")
        let parts = help.output.components(separatedBy: "\nwhat happens, and what is answered then:\n")
        let listed = (parts.first?.components(separatedBy: "\ndrills:\n").last ?? "").matches(of: #/(?m)^  ([a-z0-9-]+)\s/#)
        #expect(Set(listed.map { String($0.output.1) }) == Set(drills))
        let promised = (parts.last ?? "").matches(of: #/(?m)^  ([a-z0-9][a-z0-9 -]*)$/#).flatMap {
            $0.output.1.split(separator: " ").map(String.init)
        }
        #expect(promised.sorted() == drills.sorted(), "each once")
    }

    @Test func `no line of the README is longer than 120 characters`() throws {
        for line in try text("README.md").split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
    }

    @Test func `the types that the README's map names have files of their own in that target`() throws {
        let section = try text("README.md").components(separatedBy: "\n## Code").last ?? ""
        let rows = section.matches(of: /(?m)^\| `([A-Za-z]+)`[^|]*\| (.*) \|$/)
        #expect(rows.count > 8)
        for row in rows {
            let files = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: "Sources/\(row.output.1)").path)
            for name in row.output.2.matches(of: /`([A-Z][A-Za-z]+)`/).map(\.output.1) {
                #expect(files.contains { $0.split(separator: "/").last ?? "" == "\(name).swift" }, "\(row.output.1) has no \(name)")
            }
        }
    }

    @Test func `the query path imports nothing`() throws {
        for file in try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: "Sources/DNSAuthority").path)
        where file.hasSuffix(".swift") {
            #expect(!(try text("Sources/DNSAuthority/\(file)")).split(separator: "\n").contains { $0.hasPrefix("import ") }, "\(file)")
        }
    }
}
