import ArgumentParser
import Explanation
import ProviderRegistration
import ProviderRegistry
import ZooKeeperClient

/// `zoodns drain`: sets the status in a provider's document.
struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Take a provider out of its service's answers, or put it back with --status up.",
        discussion: """
            Sets the status in the document and leaves all else in it as it stands. New clients do not find a draining provider, clients that \
            know it by its own name do; one that is down is not found at all. A provider that zoodns register keeps stays as it was set until \
            that ends. Exits with 1 if there is no such znode, it has no document of zoodns's format, or ZooKeeper does not allow it.
            """)

    @Argument(help: "The service and the name of the provider's znode: SERVICE/INSTANCE.") var provider: String
    @Option(Declared.status) var status: String?
    @OptionGroup var registry: RegistryOptions

    /// How long to wait for ZooKeeper.
    private static let limit: Duration = .seconds(15)

    func run() async throws {
        var reader = SettingsReader()
        let settings = RegistrySettings(registry, &reader, for: .drain)
        let status = ProviderStatus(reader.value(Declared.status, self.status) ?? .draining)
        if settings.zones.count > 1 { reader.complain("--zone: expected one, where the provider is") }
        let path = self.path(settings.zones.first, &reader)
        try reader.finish()
        guard let path else { return }
        let client = settings.client
        let change = StatusChange(path: path, status: status)
        let outcome = try await client.ask(before: .now + Self.limit) { try await change.make(client) }
        guard let outcome else {
            let reason = client.obstacle.map { ": \($0.text)" } ?? ""
            throw CommandFailure.refused("no answer from zookeeper at \(settings.servers.text) within \(Self.limit)\(reason)")
        }
        switch outcome {
        case .success: try StandardStreams.print("\(path) \(status.rawValue)\n")
        case .failure(.noNode):
            throw CommandFailure.refused(await settings.missing(path) ?? "\(path.debugDescription) does not exist")
        case .failure(let failure): throw CommandFailure.refused("\(path.debugDescription) \(failure.text)")
        }
    }

    /// The provider's path; nil with a problem.
    private func path(_ zone: ZoneSource?, _ reader: inout SettingsReader) -> String? {
        guard let layout = zone?.layout else { return nil }
        guard layout.format == .providers else {
            reader.complain("--zone: drain writes documents of the format providers only, not \(layout.format.name)")
            return nil
        }
        let parts = provider.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let (service, instance) = (ServiceName(parts.dropLast().joined(separator: "/")), InstanceName(parts.last ?? ""))
        let path = layout.path(of: instance, in: service)
        guard parts.count > 1, parts.allSatisfy(ZnodePath.isName), layout.place(of: path) == .provider(service, instance: instance) else {
            reader.complain("PROVIDER \(provider.debugDescription): expected a service and a znode's name, such as web/one")
            return nil
        }
        return path
    }
}
