import ArgumentParser
import Explanation

/// `zoodns check`: what is wrong with the settings, and with the registries as they are now.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Print what is wrong with the settings of serve and with the registry as it is now.",
        discussion: """
            Takes the options, variables and file of settings of serve, and opens no socket for queries. Then reads ZooKeeper once: documents \
            that hold no provider, names that DNS cannot have or that something else has, hosts that do not resolve, too many records of one \
            type, zones that lie in each other. Exits with 0 if there is nothing, with 1 if there is, with 64 if the settings are wrong.
            """)

    @Flag(help: "JSON: an array of findings with severity, kind, path, zone and text.") var json = false
    @OptionGroup var common: CommonOptions
    @OptionGroup var options: ServeOptions

    /// How long to wait for ZooKeeper and for the providers' host names.
    private static let limit: Duration = .seconds(15)

    func run() async throws {
        let settings: CommonSettings
        do throws(CommandFailure) {
            settings = try ServeSettings(common, options, for: .check).common
        } catch {
            guard json else { throw error }
            try StandardStreams.print(try JSONText.of(error.lines.map { Finding(.error, .settings, $0) }) + "\n")
            throw ExitCode(error.exitCode)
        }
        let findings = await findings(settings)
        if json {
            try StandardStreams.print(try JSONText.of(findings) + "\n")
        } else {
            for finding in findings { try StandardStreams.print("\(finding.severity.rawValue): \(finding.line)\n") }
        }
        if !findings.isEmpty { throw ExitCode.failure }
    }

    private func findings(_ settings: CommonSettings) async -> [Finding] {
        let registry = settings.registry
        let deadline = ContinuousClock.now + Self.limit
        var findings = registry.zones.findings
        do {
            let excerpts = try await registry.read(.all, registry.client, before: deadline, within: Self.limit)
            for source in registry.zones {
                guard let excerpt = excerpts[source.origin] else { continue }
                findings += excerpt.znodeFindings + excerpt.nameFindings(among: registry.zones)
                guard !excerpt.hasRoot, let text = await registry.missing(source.layout.root) else { continue }
                findings.append(Finding(.error, .registry, path: source.layout.root, zone: source.origin, text))
            }
            let snapshot = await settings.snapshot(of: excerpts, before: deadline)
            return findings + snapshot.findings(in: excerpts) + snapshot.crowdedSets(in: excerpts)
        } catch {
            let lines = (error as? CommandFailure)?.lines ?? ["\(error)"]
            return findings + lines.map { Finding(.error, .registry, $0) }
        }
    }
}
