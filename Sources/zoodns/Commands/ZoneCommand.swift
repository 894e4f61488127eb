import ArgumentParser
import DNSAuthority
import Explanation

/// `zoodns zone`: reads the registry once and prints what would be served.
struct ZoneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zone", abstract: "Print what would be served as a master file, and on standard error what was refused.",
        discussion: "With several zones their files follow each other: name one with --zone for a file that a name server loads.")

    @OptionGroup var common: CommonOptions

    /// How long to wait for ZooKeeper and for the providers' host names.
    private static let limit: Duration = .seconds(15)

    func run() async throws {
        var reader = SettingsReader()
        let settings = CommonSettings(common, &reader, for: .zone)
        try reader.finish()
        let deadline = ContinuousClock.now + Self.limit
        let excerpts = try await settings.registry.read(.all, settings.registry.client, before: deadline, within: Self.limit)
        var missing: [String] = []
        for source in settings.registry.zones {
            guard let excerpt = excerpts[source.origin] else { continue }
            for finding in excerpt.znodeFindings { StandardStreams.complain(finding.line) }
            guard excerpt.registry.services.isEmpty else { continue }
            if let text = await settings.registry.missing(source.layout.root) { missing.append(text) }
        }
        let snapshot = await settings.snapshot(of: excerpts, before: deadline)
        for finding in snapshot.findings(in: excerpts) { StandardStreams.complain(finding.line) }
        for origin in settings.registry.zones.map(\.origin) + settings.reverse.prefixes.map(\.origin) {
            if let zone = snapshot.zones[origin] { try StandardStreams.print(MasterFile.text(of: zone)) }
        }
        // Served it would be an empty zone; in the place of a full one it is more likely a mistake.
        if !missing.isEmpty { throw CommandFailure.refused(missing.joined(separator: "; ")) }
    }
}
