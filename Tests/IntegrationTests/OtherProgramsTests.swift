import Foundation
import TestSupport
import Testing

/// Debian's own programs with the configurations of `examples`, in namespaces of their own.
@Suite(.enabled(if: geteuid() == 0, "namespaces need root")) struct OtherProgramsTests {
    private func run(_ what: String) async throws {
        let script = RunningProgram.root.appending(path: "Tests/IntegrationTests/programs/\(what)")
        let result = try await RunningProgram.run(script, [RunningProgram.zoodns.path], within: .seconds(400))
        #expect(result.output.hasSuffix("as it must be\n"), "\(result.output)\(result.errors)")
    }

    @Test func `HAProxy keeps its servers, of truncated answers too, and has all of them where answers are whole`() async throws {
        try await run("haproxy")
    }

    @Test func `BIND takes what zoodns has of services that are too large for it, as stub, as primary and as forwarder`() async throws {
        try await run("bind")
    }

    @Test func `each resolver finds what the README's steps promise, whatever the signed root says of local`() async throws {
        try await run("sequence")
    }

    @Test func `Prometheus scrapes, evaluates the rules, and has data for every query of the dashboard`() async throws {
        try await run("metrics")
    }

    @Test func `dnsdist leaves out a server without a registry, and Prometheus follows the providers`() async throws {
        try await run("clients")
    }
}
