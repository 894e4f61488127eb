import ArgumentParser
import DNSAuthority
import Explanation
import ProviderRegistry
import ZoneCompilation

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
        let settings = CommonSettings(common, &reader, logLevel: .warning)
        try reader.finish()
        let deadline = ContinuousClock.now + Self.limit
        let excerpts = try await settings.registry.read(.all, settings.registry.client, before: deadline, within: Self.limit)
        var missing: [String] = []
        for source in settings.registry.zones {
            guard let excerpt = excerpts[source.origin] else { continue }
            for line in Self.complaints(of: excerpt) { StandardStreams.complain(line) }
            guard excerpt.registry.services.isEmpty else { continue }
            if let text = await settings.registry.missing(source.layout.root) { missing.append(text) }
        }
        let snapshot = await ZoneSnapshot.take(
            excerpts, settings.policies, settings.hostResolver(listening: settings.listen), before: deadline)
        for host in snapshot.unresolved.sorted() { StandardStreams.complain("\(host): cannot be resolved now") }
        for report in snapshot.reports { StandardStreams.complain(Self.text(report)) }
        for source in settings.registry.zones {
            if let zone = snapshot.zones[source.origin] { try StandardStreams.print(MasterFile.text(of: zone)) }
        }
        // Served it would be an empty zone; in the place of a full one it is more likely a mistake.
        if !missing.isEmpty { throw CommandFailure.refused(missing.joined(separator: "; ")) }
    }

    /// A line for each znode that cannot be used, or only in part, in the order of their paths.
    private static func complaints(of excerpt: RegistryExcerpt) -> [String] {
        let layout = excerpt.source.layout
        return excerpt.listings.sorted { $0.key < $1.key }.flatMap { service, listing -> [String] in
            switch listing {
            case .unread, .failed(.noNode): []
            case .failed(let error): ["\(layout.path(of: service).debugDescription): \(error.text)"]
            case .read(let znodes):
                znodes.sorted { $0.instance < $1.instance }.compactMap { znode in
                    complaint(znode).map { "\(layout.path(of: znode.instance, in: service).debugDescription): \($0)" }
                }
            }
        }
    }

    /// Why a znode cannot be used, or only in part; nil if it can, or is gone.
    private static func complaint(_ znode: ProviderZnode) -> String? {
        switch znode.state {
        case .failed(.noNode), .rejected(.withdrawn, _): nil
        case .failed(let error): error.text
        case .rejected(let rejection, let excerpt): rejection.rawValue + (excerpt.isEmpty ? "" : ": \(excerpt)")
        case .usable(let document):
            document.defaulted.isEmpty ? nil : "no number from 0 to 65535: " + document.defaulted.joined(separator: ", ")
        }
    }

    private static func text(_ report: ZoneCompiler.Report) -> String {
        switch report {
        case .unreachable(let service, let origin):
            "\(service.text.debugDescription): cannot be a domain name below \(origin.text), or has too many labels"
        case .unnamed(let instance, let owner):
            "\(instance.text.debugDescription): no instance name fits below \(owner.text), left out of SRV"
        case .oversized(let owner, let leftOut): "\(owner.text) is too large: the \(leftOut) youngest providers are left out"
        case .limited(let owner, let records):
            "\(owner.text) would have \(records) records of one type: those beyond --max-answers are left out"
        case .more(let count): "\(count) more services and providers cannot be served"
        }
    }
}
