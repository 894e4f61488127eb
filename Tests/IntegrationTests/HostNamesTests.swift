import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: geteuid() == 0, "namespaces need root")) struct HostNamesTests {
    private func run(_ what: String) async throws {
        let script = RunningProgram.root.appending(path: "Tests/IntegrationTests/host-names")
        let result = try await RunningProgram.run(script, [RunningProgram.zoodns.path, what], within: .seconds(240))
        #expect(result.output.hasSuffix("as it must be\n"), "\(result.errors)")
    }

    @Test func `what was withdrawn does not keep itself alive by look-ups that end here`() async throws { try await run("self") }

    @Test func `loopback addresses of the hosts file do not leave the machine, and names in it are known in both families`() async throws {
        try await run("file")
    }

    @Test func `hosts are found as getent finds them, whatever resolv.conf says`() async throws { try await run("search") }
}
