import Configuration
import Foundation
import Testing
import ZooKeeperClient

@testable import zoodns

@Suite struct SettingsReaderTests {
    private func reader(_ variables: [String: String] = [:]) -> SettingsReader {
        SettingsReader(environment: ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: variables)))
    }

    private func number(_ option: String?, _ reader: inout SettingsReader) -> Int {
        reader.value("hold-down", option, default: 7, expected: "a number") { Int($0) }
    }

    @Test func `the option wins over the variable, the variable over the default`() {
        var unset = reader()
        #expect(number(nil, &unset) == 7)
        var set = reader(["ZOODNS_HOLD_DOWN": "8"])
        #expect(number(nil, &set) == 8)
        #expect(number("9", &set) == 9)
        #expect(set.problems == [])
    }

    @Test func `a variable holds several values with commas between`() {
        var reader = reader(["ZOODNS_LISTEN": "1,2"])
        #expect(reader.values("listen", [], default: [0], expected: "a number") { Int($0) } == [1, 2])
        #expect(reader.values("listen", ["3"], default: [0], expected: "a number") { Int($0) } == [3])
    }

    @Test func `every problem is kept, with the setting and what it should have been`() {
        var reader = reader()
        _ = number("x", &reader)
        _ = reader.values("listen", ["1", "1"], default: [], expected: "a number") { Int($0) }
        #expect(reader.problems == [#"--hold-down "x": expected a number"#, #"--listen "1": expected each value once"#])
        var environment = self.reader(["ZOODNS_HOLD_DOWN": "y", "ZOODNS_LISTEN": ""])
        _ = number(nil, &environment)
        #expect(environment.values("listen", [], default: [4], expected: "a number") { Int($0) } == [4])
        #expect(environment.problems == [#"ZOODNS_HOLD_DOWN "y": expected a number"#])
        #expect(throws: CommandFailure.self) { try reader.finish() }
    }

    @Test func `a secret comes from its option, its variable or a file, and no problem shows it`() throws {
        func secret(_ option: String?, _ reader: inout SettingsReader) -> String? {
            reader.secret("zookeeper-auth", option, expected: "digest:USER:PASSWORD") { Credentials($0)?.text }
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "zoodns-secret-\(UUID().uuidString)")
        try Data("digest:zoodns:a:b\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        var variable = reader(["ZOODNS_ZOOKEEPER_AUTH": "digest:u:p"])
        #expect(secret(nil, &variable) == "digest:u:p")
        #expect(secret("file:" + file.path, &variable) == "digest:zoodns:a:b")
        #expect(variable.problems == [])
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
        var unset = reader()
        #expect(secret(nil, &unset) == nil)
        #expect(unset.problems == [])
    }
}
