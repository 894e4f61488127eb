import ArgumentParser
import DNSAuthority
import Explanation
import FoundationEssentials

/// `zoodns explain`: what a name is answered with, and which znodes that comes from.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Print what a name is answered with, which znodes that comes from, and which were refused.",
        discussion: """
            Reads ZooKeeper itself: a server that keeps providers for --hold-down may answer with more. Waits for host names that cannot be \
            resolved for as long as 15 s. Exits with 1 if the name does not exist.
            """)

    @Argument(
        help:
            """
            A service, or a domain name such as second.svc.local or _second._tcp.svc.local; with a final dot it is a domain name. \
            With --reverse an address such as 10.0.0.7, or its name.
            """
    )
    var name: String
    @OptionGroup var common: CommonOptions

    /// How long to wait for ZooKeeper and for the providers' host names.
    private static let limit: Duration = .seconds(15)

    func run() async throws {
        var reader = SettingsReader()
        let settings = CommonSettings(common, &reader, for: .explain)
        let zones = settings.registry.zones
        if let address = ReverseAnswer.name(name, settings.reverse) { return try await explain(address, settings, reader) }
        let questions = ExplainedName.read(name, zones)
        if questions.isEmpty {
            reader.complain(
                "NAME \(name.debugDescription): expected a domain name in a zone, or without a final dot the part of one below an origin")
        }
        try reader.finish()
        let deadline = ContinuousClock.now + Self.limit
        let client = settings.registry.client
        let excerpts = try await settings.registry.read(.names(questions), client, before: deadline, within: Self.limit)
        // Hosts may take long.
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let snapshot = await settings.snapshot(of: excerpts, before: deadline)
        let explanations = questions.compactMap { question in
            excerpts[question.origin].map { ExplainedAnswer(question, $0, snapshot, now: now) }
        }
        for explanation in explanations where !explanation.text.isEmpty { try StandardStreams.print(explanation.text) }
        var failures = explanations.compactMap(\.failure)
        guard failures.count == explanations.count else { return }
        let asked = Set(questions.map(\.origin))
        for source in zones where asked.contains(source.origin) && excerpts[source.origin]?.hasRoot == false {
            if let text = await settings.registry.missing(source.layout.root) { failures.append(text) }
        }
        throw CommandFailure.refused(failures.joined(separator: "; "))
    }

    /// Explains the name of an address, which may be one of any provider.
    private func explain(_ name: DomainName, _ settings: CommonSettings, _ reader: SettingsReader) async throws {
        try reader.finish()
        let deadline = ContinuousClock.now + Self.limit
        let excerpts = try await settings.registry.read(.all, settings.registry.client, before: deadline, within: Self.limit)
        let snapshot = await settings.snapshot(of: excerpts, before: deadline)
        let served = settings.reverse.prefixes.compactMap { snapshot.zones[$0.origin] }.map { ServedZone($0, .current) }
        guard let answer = ReverseAnswer(name.text, in: served) else {
            throw CommandFailure.refused("the registry vanished while it was read")
        }
        guard answer.exists else { throw CommandFailure.refused("\(answer.name) does not exist (NXDOMAIN): no provider has this address") }
        try StandardStreams.print(answer.text)
    }
}
