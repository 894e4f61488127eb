import Foundation
import TestSupport
import Testing

@Suite struct StubResolverTests {
    @Test(.enabled(if: geteuid() == 0, "network namespaces need root"))
    func `getent and Python's getaddrinfo find a provider through resolv.conf`() async throws {
        let script = RunningProgram.root.appending(path: "Tests/IntegrationTests/namespace")
        let result = try await RunningProgram.run(script, [RunningProgram.zoodns.path], within: .seconds(120))
        #expect(result.output.hasSuffix("found\n"), "\(result.errors)")
    }
}
