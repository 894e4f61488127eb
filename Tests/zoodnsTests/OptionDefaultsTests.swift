import ArgumentParser
import Configuration
import Testing

@testable import zoodns

/// A default that the help shows is the one that the program uses.
@Suite struct OptionDefaultsTests {
    /// Options of `serve` whose default is a value rather than a sentence; some of another value, to see that the option matters.
    private static let values: [(option: String, fallback: String, other: String)] = [
        ("zookeeper", "127.0.0.1:2181", "h:1"), ("zone", "svc.local=/providers", "a=/b"), ("session-timeout", "10s", "11s"),
        ("log-level", "info", "debug"), ("ttl", "5", "6"), ("negative-ttl", "1", "2"), ("max-answers", "100", "99"),
        ("hosts-file", "/etc/hosts", "none"), ("max-stale", "1h", "2h"), ("reconcile", "60s", "61s"), ("hold-down", "120s", "0"),
        ("mass-removal-guard", "on", "off"), ("query-log-sample", "1", "2"), ("query-log-class", "all", "error"),
        ("probe-held", "on", "off"), ("max-udp-size", "1232", "1231"),
    ]

    private let nothing = SettingsReader(environment: ConfigReader(provider: InMemoryProvider(values: [:])))

    private func serve(_ words: [String]) throws -> String {
        let command = try ServeCommand.parse(words)
        let settings = try ServeSettings(command.common, command.options, nothing)
        return "\(settings.common) \(settings.common.registry.logger.logLevel) \(settings)"
    }

    @Test(arguments: values) func `of serve`(_ option: String, _ fallback: String, _ other: String) throws {
        #expect(ServeCommand.helpMessage(columns: 1000).contains("(default: \(fallback)"))
        #expect(try serve(["--\(option)", fallback]) == serve([]))
        #expect(try serve(["--\(option)", other]) != serve([]))
    }

    @Test(arguments: [
        ("check", "tcp", "none"), ("check-interval", "2s", "3s"), ("check-failures", "3", "4"), ("drain", "5s", "6s"),
        ("stop-signal", "TERM", "INT"),
        ("keep-program", "off", "on"),
    ])
    func `of register`(_ option: String, _ fallback: String, _ other: String) throws {
        func register(_ words: [String]) throws -> String {
            let command = try RegisterCommand.parse(["web", "--port", "1", "--host", "10.0.0.1", "--instance", "a"] + words)
            return "\(try RegisterSettings(command.registry, command.options, nothing))"
        }
        #expect(RegisterCommand.helpMessage(columns: 1000).contains("(default: \(fallback)"))
        #expect(try register(["--\(option)", fallback]) == register([]))
        #expect(try register(["--\(option)", other]) != register([]))
    }
}
