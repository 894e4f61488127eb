import ArgumentParser
import Configuration
import Foundation
import TestSupport
import Testing

@testable import zoodns

/// What the declarations say is what the program takes, and what the examples show.
@Suite struct DeclaredTests {
    private func reader(_ variables: [String: String] = [:], file: SettingsFile? = nil) -> SettingsReader {
        SettingsReader(environment: ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: variables)), file: file)
    }

    private func serve(_ words: [String], _ reader: SettingsReader? = nil) throws -> ServeSettings {
        let command = try ServeCommand.parse(words)
        return try ServeSettings(command.common, command.options, reader ?? self.reader())
    }

    /// All that the server goes by.
    private func text(_ settings: ServeSettings) -> String {
        "\(settings.common) \(settings.common.registry.logger.logLevel) \(settings.probesHeld) \(String(describing: settings.state)) "
            + "\(settings.workers) \(settings.longestUDPResponse) \(settings.observation) \(String(describing: settings.admin)) "
            + "\(settings.lameduck) \(settings.guards) \(settings.values[Declared.rrlSlip.name] ?? "") "
            + "\(settings.values[Declared.rrlDryRun.name] ?? "") \(String(describing: settings.user)) \(settings.forwarding) "
            + "\(settings.transfers) \(settings.values[Declared.journalSize.name] ?? "")"
    }

    /// Settings whose default is a sentence, or what another setting says.
    private static let described: Set = [
        "listen", "nameserver-address", "reverse", "host-resolver", "workers", "state", "zookeeper-auth", "config", "port", "host",
        "instance", "weight", "allow", "allow-forward", "cookie-secret-file", "priority", "query-log", "dnstap", "dnstap-identity",
        "admin", "user", "forward", "drain", "stop-timeout", "connect-timeout", "tags", "ports", "status", "attribute",
        "availability-zone", "alpn", "format", "notify", "allow-transfer", "tsig-keys", "catalog",
    ]

    /// A value other than the default for each setting of `serve`.
    private static let others = [
        "zookeeper": "h:1", "zone": "a=/b", "session-timeout": "11s", "log-level": "debug", "log-rate": "0", "listen": "127.0.0.1:1",
        "ttl": "6", "negative-ttl": "2", "max-answers": "99", "nameserver-address": "10.0.0.1", "tags": "version",
        "reverse": "10.0.0.0/8", "host-resolver": "10.0.0.1",
        "hosts-file": "none", "max-stale": "2h", "reconcile": "61s", "hold-down": "0", "mass-removal-guard": "off", "probe-held": "off",
        "state": "/x", "workers": "200", "max-udp-size": "1231", "log-format": "json", "query-log": "/x", "query-log-sample": "2",
        "query-log-class": "error", "dnstap": "unix:/x", "dnstap-identity": "other", "admin": "127.0.0.1:9", "lameduck": "1s",
        "user": "daemon",
        "allow": "10.0.0.0/8", "allow-forward": "10.0.0.0/8", "on-unknown": "refused",
        "cookies": "off", "cookie-secret-file": secretFile, "rrl": "50", "rrl-slip": "1", "rrl-dry-run": "on",
        "forward": "system", "forward-limit": "99", "forward-local": "on",
        "notify": "192.0.2.1:54", "notify-delay": "2s", "allow-transfer": "10.0.0.0/8", "tsig-keys": keyFile, "catalog": "zones.catalog",
        "serial-modulo": "1/3", "journal-size": "1KiB",
    ]

    /// A file of keys for cookies, which `cookie-secret-file` reads.
    private static let secretFile: String = {
        let path = FileManager.default.temporaryDirectory.appending(path: "zoodns-\(UUID()).secrets").path
        try? "00112233445566778899aabbccddeeff\n".write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }()

    /// A file of keys for transfers, which `tsig-keys` reads.
    private static let keyFile: String = {
        let path = FileManager.default.temporaryDirectory.appending(path: "zoodns-\(UUID()).keys").path
        try? #"key "a" { algorithm hmac-sha256; secret "c2VjcmV0"; };"#.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }()

    @Test func `every default that is a value reads as the default`() throws {
        #expect(Set(Declared.all.map(\.name)).count == Declared.all.count)
        for setting in Declared.all where !Self.described.contains(setting.name) {
            #expect(setting.fault(in: [setting.fallbackText]) == nil, "\(setting.name)")
            guard setting.commands.contains(.serve) else { continue }
            #expect(try text(serve(["--\(setting.name)", setting.fallbackText])) == text(serve([])), "\(setting.name)")
        }
        let register = ["web", "--port", "1", "--host", "10.0.0.1", "--instance", "a"]
        func registered(_ words: [String]) throws -> String {
            let command = try RegisterCommand.parse(register + words)
            return "\(try RegisterSettings(command.registry, command.options, reader()))"
        }
        for setting in Declared.registering where !Self.described.contains(setting.name) && setting.name != Declared.readableBy.name {
            #expect(try registered(["--\(setting.name)", setting.fallbackText]) == registered([]), "\(setting.name)")
        }
        #expect(try registered(["--drain", Duration.usualDrain.text]) == registered([]))
    }

    @Test func `every setting of serve is heard as an option, as a variable and in the file`() throws {
        let plain = try text(serve([]))
        for setting in Declared.all where setting.commands.contains(.serve) && !["config", "zookeeper-auth"].contains(setting.name) {
            let other = try #require(Self.others[setting.name], "\(setting.name)")
            let option = try text(serve(["--\(setting.name)", other]))
            #expect(option != plain, "\(setting.name)")
            #expect(try text(serve([], reader([setting.variable: other]))) == option, "\(setting.name)")
            let line = setting.name == "zone" ? "zones: [{origin: a, path: /b}]" : "\(setting.name): \(other)"
            #expect(try text(serve([], reader(file: SettingsFile(Array(line.utf8), path: "F")))) == option, "\(setting.name)")
        }
    }

    @Test func `every command's help shows the settings that it takes, with their defaults`() throws {
        let commands: [(CommandName, ParsableCommand.Type)] = [
            (.serve, ServeCommand.self), (.register, RegisterCommand.self), (.drain, DrainCommand.self), (.lookup, LookupCommand.self),
            (.explain, ExplainCommand.self),
            (.zone, ZoneCommand.self), (.check, CheckCommand.self), (.status, StatusCommand.self), (.top, TopCommand.self),
            (.export, ExportCommand.self), (.wait, WaitCommand.self),
        ]
        #expect(
            commands.map(\.0.rawValue).sorted() == Program.configuration.subcommands.compactMap { $0.configuration.commandName }.sorted())
        for (name, command) in commands {
            // What is said of an option begins on its line, or on the next.
            let parts = command.helpMessage(columns: 1000).components(separatedBy: "\n  --")
            for setting in Declared.all {
                let part = parts.first { $0.hasPrefix("\(setting.name) <\(setting.valueName)>") }
                #expect((part != nil) == setting.commands.contains(name), "\(name) \(setting.name)")
                if let part, !setting.fallbackText.isEmpty { #expect(part.contains("(default: \(setting.fallbackText)"), "\(part)") }
            }
        }
    }

    @Test func `the example has every setting of serve with its default and a comment, and the program takes it`() throws {
        let path = RunningProgram.root.appending(path: "examples/zoodns.yaml").path
        let file = SettingsFile(path: path)
        #expect(file.problems == [])
        #expect(try text(serve([], reader(file: file))) == text(serve([])))
        let lines = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n")
        var keys: Set<String> = []
        for (index, line) in lines.enumerated() {
            guard let key = line.prefixMatch(of: /([a-z-]+):/).map({ String($0.output.1) }) else { continue }
            #expect(keys.insert(key).inserted)
            #expect(index > 0 && lines[index - 1].hasPrefix("# "), "\(line)")
            guard let setting = Declared.all.first(where: { $0.name == key }) else { continue }
            #expect(lines[index - 1].contains("per zone") == setting.isPerZone, "\(key)")
            if !Self.described.contains(key) { #expect(line == "\(key): \(setting.fallbackText)") }
        }
        let settings = Declared.all.filter { $0.commands.contains(.serve) && $0.isKey }.map(\.name)
        #expect(keys == Set(settings + ["zones"]))
    }

    @Test func `what a running server can take and what needs a restart are different`() throws {
        func settings(_ text: String) throws -> ServeSettings { try serve([], reader(file: SettingsFile(Array(text.utf8), path: "F"))) }
        let zones = "zones: [{origin: a, path: /a}, {origin: b, path: /b}, {origin: c, path: /c}]\n"
        let old = try settings(zones + "workers: 2\nttl: 5\n")
        #expect(SettingsDifference(from: old, to: try settings(zones + "ttl: 5\nworkers: 2\nhold-down: 2m")).isEmpty)
        let new = try settings(
            "zones: [{origin: b, path: /b, ttl: 9}, {origin: c, path: /d}, {origin: d, path: /d}]\nworkers: 3\nlisten: 127.0.0.1:9\n"
                + "log-level: debug\nstate: /x\n")
        let difference = SettingsDifference(from: old, to: new)
        #expect(difference.atOnce.sorted() == ["listen", "log-level"])
        #expect(difference.needRestart.sorted() == ["state", "workers"])
        #expect(difference.added.map(\.text) == ["d."])
        #expect(difference.removed.map(\.text) == ["a."])
        #expect(difference.changed.map(\.text).sorted() == ["b.", "c."])
    }
}
