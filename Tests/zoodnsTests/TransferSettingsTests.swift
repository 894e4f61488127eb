import Configuration
import DNSAuthority
import Foundation
import Testing

@testable import ZoneTransfer
@testable import zoodns

@Suite struct TransferSettingsTests {
    private func settings(_ text: String) throws -> ServeSettings {
        let command = try ServeCommand.parse([])
        let environment = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: [:]))
        let reader = SettingsReader(environment: environment, file: SettingsFile(Array(text.utf8), path: "F"))
        return try ServeSettings(command.common, command.options, reader)
    }

    /// What is wrong with a file of settings.
    private func problems(_ text: String) -> [String] {
        do {
            _ = try settings(text)
            return []
        } catch { return (error as? CommandFailure)?.lines ?? ["\(error)"] }
    }

    /// Calls a function with the path of a file of two keys.
    private func withKeys(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "zoodns-\(UUID()).keys").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let keys = ["one", "two"].map { #"key "\#($0)." { algorithm hmac-sha256; secret "c2VjcmV0"; };"# }
        try keys.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        try body(path)
    }

    @Test func `a zone has its own servers or those of all zones, and keys are found by their names`() throws {
        try withKeys { path in
            let transfers = try settings(
                """
                zones: [{origin: a, path: /a, notify: ["192.0.2.1 One", "[2001:db8::1]:54"]}, {origin: b, path: /b}]
                notify: 192.0.2.9
                allow-transfer: ["key:two", 10.0.0.0/8]
                tsig-keys: \(path)
                catalog: zones.catalog
                """
            ).transfers
            func texts(_ name: String) -> [String] {
                transfers.notify.targets(of: DomainName(text: name) ?? .root).map {
                    $0.endpoint.text + ($0.key.map { " \($0)" } ?? "")
                }
            }
            #expect(texts("a") == ["192.0.2.1:53 one (hmac-sha256)", "[2001:db8::1]:54"])
            #expect(texts("b") == ["192.0.2.9:53"] && texts("zones.catalog") == texts("b") && texts("10.in-addr.arpa") == texts("b"))
            #expect(transfers.policy.allowed.map(\.text) == ["10.0.0.0/8"] && transfers.policy.allowedKeys == [[3, 116, 119, 111, 0]])
            #expect(transfers.policy.keys.count == 2 && transfers.catalog?.text == "zones.catalog.")
        }
    }

    @Test func `a key that is not in the file, and a file that cannot be read, are named`() throws {
        #expect(
            problems("notify: 192.0.2.1 one\nallow-transfer: key:two") == [
                "--allow-transfer key:two: no key of that name in the file of --tsig-keys",
                "--notify 192.0.2.1:53 one: no key of that name in the file of --tsig-keys",
            ])
        try withKeys { path in
            #expect(problems("tsig-keys: \(path)\nzones: [{origin: a, path: /b, notify: 192.0.2.1 two}]") == [])
            #expect(problems("tsig-keys: \(path)\nzones: [{origin: a, path: /b, notify: 192.0.2.1 three}]").count == 1)
            try "key x {".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(problems("tsig-keys: \(path)").first?.hasPrefix("--tsig-keys \"\(path)\": ") == true)
        }
        #expect(problems("tsig-keys: /nowhere") == [#"--tsig-keys "/nowhere": cannot be read: No such file or directory"#])
    }

    @Test func `the catalog has another name than the zones`() {
        #expect(problems("catalog: SVC.local") == ["--catalog svc.local.: expected another name than that of a zone"])
        #expect(problems("catalog: 10.in-addr.arpa\nreverse: 10.0.0.0/8").count == 1)
        #expect(problems("catalog: .").count == 1)
    }

    @Test(arguments: [
        "notify: 192.0.2.1:0", "notify: 224.0.0.1", "notify: h.example", "notify: 192.0.2.1 a..b", "allow-transfer: 10.0.0.1/8",
        "allow-transfer: 'key:'", "serial-modulo: 2/2", "serial-modulo: 0/17", "serial-modulo: -1/2", "serial-modulo: 0/0",
        "serial-modulo: 1", "journal-size: -1", "journal-size: 1TiB", "journal-size: 9223372036854775807GiB", "journal-size: KiB",
    ]) func `what is none is refused`(_ line: String) { #expect(problems(line).count == 1) }

    @Test func `sizes have units, and serials a remainder`() throws {
        for (text, octets) in [("0", 0), ("1000", 1000), ("2KiB", 2048), ("1MiB", 1 << 20), ("64GiB", 64 << 30)] {
            #expect(OctetCount(text)?.octets == octets)
            #expect(OctetCount(octets: octets).text == text)
        }
        #expect(SerialModulo("15/16")?.text == "15/16")
        let versions = try settings("journal-size: 1MiB\nserial-modulo: 1/2\nallow-transfer: 10.0.0.0/8").transfers.versions
        #expect(versions.journal == 1 << 20 && versions.remainder == 1 && versions.modulus == 2)
        #expect(try settings("journal-size: 1MiB").transfers.versions.journal == nil)
    }
}
