import ArgumentParser
import DNSAuthority
import FoundationEssentials
import ZoneCompilation

/// `zoodns explain`: what a name is answered with, and which znodes that comes from.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Print what a name is answered with, which znodes that comes from, and which were refused.",
        discussion: """
            Reads ZooKeeper anew: a server that keeps providers for --hold-down may answer with more. Waits for host names that cannot be \
            resolved for as long as 15 s. Exits with 1 if the name does not exist.
            """)

    @Argument(help: "A service as the registry names it, or a domain name such as second.svc.local or _second._tcp.svc.local.")
    var name: String
    @OptionGroup var common: CommonOptions

    /// How long to wait for ZooKeeper and for the providers' host names.
    private static let limit: Duration = .seconds(15)

    func run() async throws {
        var reader = SettingsReader()
        let settings = CommonSettings(common, &reader, logLevel: .warning)
        let zones = settings.registry.zones
        let questions = ExplainedName.read(name, zones)
        if questions.isEmpty { reader.complain("\(name.debugDescription): expected a domain name, or the part of one below an origin") }
        try reader.finish()
        let deadline = ContinuousClock.now + Self.limit
        let client = settings.registry.client
        guard let excerpts = try await RegistryReader.read(questions, zones, client, before: deadline) else {
            throw CommandFailure.noAnswer(settings.registry, within: Self.limit, client.obstacle)
        }
        // Hosts may take long.
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let snapshot = await ZoneSnapshot.take(excerpts.map(\.registry), settings, before: deadline)
        let explanations = questions.map { Explanation($0, excerpts[$0.zone], snapshot, now: now) }
        for explanation in explanations where !explanation.text.isEmpty { try StandardStreams.print(explanation.text) }
        var failures = explanations.compactMap(\.failure)
        guard failures.count == explanations.count else { return }
        for zone in Set(questions.map(\.zone)).sorted() where !excerpts[zone].hasRoot {
            if let text = await MissingPath.text(zones[zone].layout.root, settings.registry) { failures.append(text) }
        }
        throw CommandFailure.refused(failures.joined(separator: "; "))
    }
}
