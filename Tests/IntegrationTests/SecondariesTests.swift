import Foundation
import TestSupport
import Testing

@Suite struct SecondariesTests {
    @Test func `NSD, Knot, BIND and Unbound follow with the files of examples, and wait says when`() async throws {
        let script = RunningProgram.root.appending(path: "Tests/IntegrationTests/programs/secondaries")
        let result = try await RunningProgram.run(script, [RunningProgram.zoodns.path], within: .seconds(180))
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
    }
}
