import Foundation
import TestSupport
import Testing

@testable import zoodns

/// The README's table of options against the declarations of settings, and both against the program's own help.
@Suite struct OptionTableTests {
    private struct Help: Decodable {
        let command: Command

        struct Command: Decodable {
            let commandName: String
            let arguments: [Argument]?
            let subcommands: [Command]?
        }

        struct Argument: Decodable {
            let kind: String
            let names: [Name]?
            let abstract: String?
        }

        struct Name: Decodable { let name: String }
    }

    /// An option as the table, the declarations or the help have it.
    private struct Option: Hashable {
        let name: String
        let fallback: String
        var marks = ""
        /// The first letters of the commands that take the option.
        let commands: Set<Character>
    }

    private func ofDeclarations() -> Set<Option> {
        Set(
            Declared.all.map { setting in
                let marks = [setting.isList ? "+" : nil, setting.isPerZone ? "*" : nil].compactMap(\.self).joined(separator: " ")
                let commands = setting.commands.compactMap(\.rawValue.first)
                return Option(name: setting.name, fallback: setting.fallbackText, marks: marks, commands: Set(commands))
            })
    }

    private func ofProgram() async throws -> Set<Option> {
        let result = try await RunningProgram.run(RunningProgram.zoodns, ["--experimental-dump-help"])
        let help = try JSONDecoder().decode(Help.self, from: Data(result.output.utf8))
        var defaults: [String: String] = [:]
        var users: [String: Set<Character>] = [:]
        for command in help.command.subcommands ?? [] where CommandName(rawValue: command.commandName) != nil {
            for argument in command.arguments ?? [] where argument.kind != "positional" {
                guard let name = argument.names?.map(\.name).first(where: { $0.count > 1 }), !["help", "version"].contains(name) else {
                    continue
                }
                users[name, default: []].formUnion(command.commandName.prefix(1))
                let fallback = argument.abstract?.firstMatch(of: /\(default: (.+)\)$/).map { String($0.output.1) } ?? ""
                // What differs from command to command stands in the last column.
                defaults[name] = String(fallback.prefix { $0 != ";" })
            }
        }
        return Set(users.map { Option(name: $0.key, fallback: defaults[$0.key] ?? "", commands: $0.value) })
    }

    private func ofReadme() throws -> Set<Option> {
        let readme = try String(contentsOf: RunningProgram.root.appending(path: "README.md"), encoding: .utf8)
        let rows = readme.matches(of: /(?m)^\| `--([a-z-]+)`((?: [+*])*) \|([^|]*)\| ([srdlezcwt]+) \|/)
        return Set(
            rows.map {
                Option(
                    name: String($0.output.1), fallback: $0.output.3.trimmingCharacters(in: .whitespaces),
                    marks: $0.output.2.trimmingCharacters(in: .whitespaces), commands: Set($0.output.4))
            })
    }

    @Test func `the README has every option, with its default and its commands`() async throws {
        let (declared, readme) = (ofDeclarations(), try ofReadme())
        // What is asked of one run alone is no setting: the help alone knows it.
        let flags = try await ofProgram().filter { option in !declared.contains { $0.name == option.name } }
        #expect(declared.count > 30)
        #expect(
            flags.map(\.name).sorted() == ["absent", "all", "envoy-eds", "json", "present", "serial", "servers", "timeout", "watch"])
        let program = declared.union(flags)
        #expect(program.subtracting(readme).sorted { $0.name < $1.name } == [], "in the program alone")
        #expect(readme.subtracting(program).sorted { $0.name < $1.name } == [], "in the README alone")
    }

    @Test func `the README's first answer is the server's`() async throws {
        let readme = try String(contentsOf: RunningProgram.root.appending(path: "README.md"), encoding: .utf8)
        let znode = try #require(readme.firstMatch(of: /\] get (\S+)\n(\{.*\})\n/)).output
        let lines = try #require(readme.firstMatch(of: /\$ dig @127.0.0.1 -p 5300 (.*)\n((?:\S.*\n)+)```/)).output
        let zooKeeper = try ZooKeeperProcess()
        try await zooKeeper.start()
        let made = try await zooKeeper.python("client.create('\(znode.1)', b'\(znode.2)', makepath=True)")
        #expect(made.errors == "")
        let server = try await ServingProgram(zooKeeper: zooKeeper.address)
        try await waitUntil("it is served") { try server.ask("web.svc.local", "SRV").answer.count == 1 }
        let dig = try await RunningProgram.run(
            URL(filePath: "/usr/bin/dig"),
            ["@127.0.0.1", "-p", String(server.endpoint.port)] + lines.1.split(separator: " ").map(String.init))
        func words(_ text: String) -> [[String]] {
            text.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace).map(String.init) }.filter { !$0.isEmpty }
        }
        #expect(words(dig.output) == words(String(lines.2)))
    }
}
