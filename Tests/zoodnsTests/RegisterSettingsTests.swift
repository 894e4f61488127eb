import ArgumentParser
import Configuration
import Testing

@testable import zoodns

@Suite struct RegisterSettingsTests {
    private func settings(_ options: String..., port: String = "80") throws -> RegisterSettings {
        let options = try RegisterOptions.parse(["web", "--port", port, "--host", "10.0.0.1"] + options)
        let environment = ConfigReader(provider: InMemoryProvider(values: [:]))
        return try RegisterSettings(try RegistryOptions.parse([]), options, SettingsReader(environment: environment))
    }

    @Test func `a port is digits alone`() throws {
        #expect(try settings("--ports", "http=8080", port: "81").provider.port == 81)
        #expect(throws: CommandFailure.self) { try settings(port: "+80") }
        #expect(throws: CommandFailure.self) { try settings("--ports", "http=+8080") }
    }

    /// Docker kills after ten seconds, of which the end itself takes some.
    @Test func `a stop takes nine seconds by default, with the drain`() throws {
        let settings = try settings()
        #expect(settings.drain == .seconds(5))
        #expect(settings.stop.limit == .seconds(9))
        #expect(settings.stop.signal == .term)
    }

    @Test func `a stop that is to be short has a short drain, and one with a long drain is longer`() throws {
        #expect(try settings("--stop-timeout", "4s").drain == .seconds(2))
        #expect(try settings("--stop-timeout", "60s").drain == .seconds(5))
        #expect(try settings("--drain", "30s").stop.limit == .seconds(34))
        #expect(throws: CommandFailure.self) { try settings("--drain", "3s", "--stop-timeout", "3s") }
    }
}
