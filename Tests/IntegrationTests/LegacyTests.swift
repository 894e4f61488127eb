import Foundation
import TestSupport
import Testing

@Suite struct LegacyTests {
    @Test(.enabled(if: geteuid() == 0, "network namespaces need root"))
    func `a program that knows nothing is found by its name while it serves, and ends after its name`() async throws {
        let script = RunningProgram.root.appending(path: "examples/legacy")
        let result = try await RunningProgram.run(script, [RunningProgram.zoodns.path], within: .seconds(120))
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.output.contains("Hello from a program that knows nothing."))
        #expect(result.output.hasSuffix("All was right.\n"))
    }
}
