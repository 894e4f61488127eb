import ArgumentParser
import ProviderDiscovery

/// `zoodns lookup`: finds providers of a service in the registry itself.
struct LookupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookup", abstract: "Print a provider of a service as host:port, drawn by priority and weight.",
        discussion: "Exits with 1 if there is none. With --watch a line for each set of providers, `-` for none, until it is ended.")

    @Argument(help: "The service.") var service: String
    @Flag(help: "All providers, one a line, the oldest first.") var all = false
    @Flag(help: "JSON: an object, or with --all or --watch an array.") var json = false
    @Flag(help: "All providers now, and again each time they change.") var watch = false
    @OptionGroup var registry: RegistryOptions

    /// How long to wait for ZooKeeper.
    private static let limit: Duration = .seconds(15)

    func run() async throws {
        var reader = SettingsReader()
        let settings = RegistrySettings(registry, &reader, for: .lookup)
        if settings.zones.count > 1 { reader.complain("--zone: expected one, where to look") }
        try reader.finish()
        let directory = try ProviderDirectory(
            zooKeeper: settings.servers.text, authentication: settings.credentials?.text, root: settings.zones[0].layout.text,
            sessionTimeout: settings.sessionTimeout, logger: settings.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await directory.run() }
            defer { group.cancelAll() }
            if watch { try await follow(directory) } else { try await lookUp(directory, settings) }
        }
    }

    private func follow(_ directory: ProviderDirectory) async throws {
        for await providers in directory.updates(of: service) {
            let line = json ? try JSONText.of(providers) : providers.map(\.authority).joined(separator: " ")
            try StandardStreams.print((line.isEmpty ? "-" : line) + "\n")
        }
    }

    private func lookUp(_ directory: ProviderDirectory, _ settings: RegistrySettings) async throws {
        let found: [DiscoveredProvider]? = try await withThrowingTaskGroup(of: [DiscoveredProvider]?.self) { group in
            group.addTask {
                if all { return await directory.providers(of: service) }
                return await directory.provider(of: service).map { [$0] } ?? []
            }
            group.addTask {
                try await Task.sleep(for: Self.limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let found else {
            throw CommandFailure.refused(
                "\(settings.zones[0].layout.root.debugDescription) could not be read from zookeeper at \(settings.servers.text) within "
                    + "\(Self.limit): \(directory.obstacle ?? "it does not answer, or does not allow it")")
        }
        guard let first = found.first else {
            let missing = await settings.missing(settings.zones[0].layout.root).map { ": \($0)" } ?? ""
            throw CommandFailure.refused("\(service.debugDescription) has no provider\(missing)")
        }
        let lines = json ? [try all ? JSONText.of(found) : JSONText.of(first)] : found.map(\.authority)
        try StandardStreams.print(lines.joined(separator: "\n") + "\n")
    }
}
