import Configuration
import DNSAuthority
import Foundation
import ServerStatus
import Testing
import ZooKeeperClient

@testable import zoodns

@Suite struct SettingsReaderTests {
    private let holdDown = Setting("hold-down", "n", "", SettingForm<Int>.number(0...9), default: 7, for: .all)
    private let listen = Setting("listen", "n", "", SettingForm<[Int]>.list(of: "a number") { Int($0) }, default: [0], for: .all)

    private func reader(_ variables: [String: String] = [:], file: String? = nil) -> SettingsReader {
        SettingsReader(
            environment: ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: variables)),
            file: file.map { SettingsFile(Array($0.utf8), path: "F") })
    }

    @Test func `an option goes before a variable, a variable before the file, the file before the default`() {
        var none = reader()
        #expect(none.value(Declared.ttl, nil) == 5)
        var file = reader(file: "ttl: 6")
        #expect(file.value(Declared.ttl, nil) == 6)
        var variable = reader(["ZOODNS_TTL": "7"], file: "ttl: 6")
        #expect(variable.value(Declared.ttl, nil) == 7)
        #expect(variable.value(Declared.ttl, "8") == 8)
        #expect(none.problems + file.problems + variable.problems == [])
    }

    @Test func `status and top find the endpoint in the file of settings`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "zoodns-settings-\(UUID().uuidString).yaml")
        try Data("admin: /run/x.sock\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try AdminOptions.parse(["--config", file.path]).client().address == AdminAddress("/run/x.sock"))
        #expect(try AdminOptions.parse(["--config", file.path, "--admin", "127.0.0.1:1"]).client().address == AdminAddress("127.0.0.1:1"))
    }

    @Test func `an empty variable counts as unset`() {
        var reader = reader(["ZOODNS_TTL": "", "ZOODNS_LISTEN": ""], file: "ttl: 6")
        #expect(reader.value(Declared.ttl, nil) == 6)
        #expect(reader.value(listen, []) == [0])
        #expect(reader.problems == [])
    }

    @Test func `a zone's own value goes before all that is set for all zones`() throws {
        let text = "ttl: 6\nzones: [{origin: a, path: /a, ttl: 9}, {origin: b, path: /b}]"
        var reader = reader(["ZOODNS_TTL": "7"], file: text)
        let (own, other) = (try #require(DomainName(text: "a")), try #require(DomainName(text: "b")))
        #expect(reader.value(Declared.ttl, ["8"], for: own) == 9)
        #expect(reader.value(Declared.ttl, ["8"], for: other) == 8)
        #expect(reader.value(Declared.ttl, [], for: other) == 7)
        #expect(reader.value(Declared.zone, []).map(\.text) == ["a=/a", "b=/b"])
        #expect(reader.problems == [])
    }

    @Test func `a variable holds several values with commas between`() {
        var reader = reader(["ZOODNS_LISTEN": "1,2"])
        #expect(reader.value(listen, []) == [1, 2])
        #expect(reader.value(listen, ["3"]) == [3])
    }

    @Test func `every problem is kept once, with the setting and what it should have been`() {
        var reader = reader(file: "ttl: 6\nttll: 1")
        for _ in 0..<2 {
            _ = reader.value(holdDown, "x")
            _ = reader.value(listen, ["1", "1"])
        }
        #expect(
            reader.problems == [
                #"F:2:1: unknown key "ttll": did you mean ttl?"#, #"--hold-down "x": expected a number from 0 to 9"#,
                #"--listen "1": expected each value once"#,
            ])
        var environment = self.reader(["ZOODNS_HOLD_DOWN": "10"])
        #expect(environment.value(holdDown, nil) == 7)
        #expect(environment.problems == [#"ZOODNS_HOLD_DOWN "10": expected a number from 0 to 9"#])
        #expect(throws: CommandFailure.self) { try environment.finish() }
    }

    @Test func `a secret comes from its variable or a file, and no problem shows it`() throws {
        func secret(_ option: String?, _ reader: inout SettingsReader) -> String? {
            reader.secret(Declared.zookeeperAuth, option, expected: "digest:USER:PASSWORD") { Credentials($0)?.text }
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "zoodns-secret-\(UUID().uuidString)")
        try Data("digest:zoodns:a:b\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        var variable = reader(["ZOODNS_ZOOKEEPER_AUTH": "digest:u:p"])
        #expect(secret(nil, &variable) == "digest:u:p")
        #expect(secret("file:" + file.path, &variable) == "digest:zoodns:a:b")
        var settings = reader(file: "zookeeper-auth: file:\(file.path)")
        #expect(secret(nil, &settings) == "digest:zoodns:a:b")
        #expect(variable.problems + settings.problems == [])
        for bad in ["digest:secret", "secret", "digest::secret", "sasl:secret:x", "digest:secret:", "file:/nonexistent", "file:/proc/self"]
        {
            var reader = reader(["ZOODNS_ZOOKEEPER_AUTH": bad])
            #expect(secret(nil, &reader) == nil)
            #expect(reader.problems.count == 1)
            #expect(!reader.problems.joined().contains("secret"))
        }
        for exposed in ["digest:secret:secret", "secret", ""] {
            var reader = reader()
            #expect(secret(exposed, &reader) == nil, "every user can read a command line")
            #expect(reader.problems.count == 1)
            #expect(!reader.problems.joined().contains("secret:"))
        }
        var written = reader(file: "zookeeper-auth: digest:secret:secret")
        #expect(secret(nil, &written) == nil, "many may read a file of settings")
        #expect(written.problems == ["F:1:17: zookeeper-auth: expected file:PATH of a file with digest:USER:PASSWORD"])
        var unset = reader()
        #expect(secret(nil, &unset) == nil)
        #expect(unset.problems == [])
    }
}
