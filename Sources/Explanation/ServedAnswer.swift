import DNSAuthority
import ProviderRegistry
import ZoneCompilation

/// Why a running server answers a name as it does, from what it has: ZooKeeper is not asked.
package struct ServedAnswer: Encodable, Sendable {
    /// The domain name.
    package let name: String
    /// The zone's origin.
    package let zone: String
    package let serial: UInt32?
    /// How far the zone can be relied on: `current`, `stale`, `expired` or `not ready`.
    package let status: String
    /// What the name stands for (`NameTable.Holder.text`), or `nothing`.
    package let role: String
    /// The paths of the services that the name concerns.
    package let services: [String]
    package let providers: [Provider]
    /// Their znodes that cannot be used, or only in part, as far as they are listed.
    package let rejected: [Rejected]
    /// The answer, a line each.
    package let answer: [String]
    /// Whether there is such a name, or nothing is known of it.
    package let exists: Bool

    /// A provider, or what has become of it.
    package struct Provider: Encodable, Sendable {
        package let path: String
        package let address: String
        package let priority: UInt16
        package let weight: UInt16
        /// `served`, `draining`, `down`, `held` or `merged`.
        package let state: String
        /// The znode that it is merged into.
        package let into: String?
    }

    /// A znode that cannot be used.
    package struct Rejected: Encodable, Sendable {
        package let path: String
        package let reason: String
        package let excerpt: String
    }

    /// Most providers that are listed.
    private static let mostProviders = 1000
}

extension ServedAnswer {
    /// Explains a name as `ExplainedName.read` takes it, in a zone with this registry; nil if it is none below the origin.
    package init?(
        _ text: String, _ source: ZoneSource, _ registry: Registry, _ served: ServedZone, rejected: some Collection<ZnodeReport>
    ) {
        guard let name = ExplainedName.read(text, [source]).first?.name else { return nil }
        let names = NameTable(origin: source.origin, services: Array(registry.services.keys))
        let claim = names.holder(of: name)
        let named = claim?.owner(of: name).map(names.services(at:))?.sorted() ?? []
        let holder = claim?.present(at: name, among: registry.instances(of: named))
        let services = holder == nil ? [] : named
        let layout = source.layout
        let paths = services.map(layout.path(of:))
        self.name = PlainText.name(name)
        zone = PlainText.name(source.origin)
        serial = served.zone?.authority.serial
        status = served.status.text
        role = holder?.text ?? "nothing"
        self.services = paths
        providers = Self.providers(of: services, registry, layout) { instance in
            guard case .instance(let owner) = holder else { return true }
            return [ServiceNaming.label(ofInstance: instance), ServiceNaming.digestLabel(ofInstance: instance)].contains {
                owner.prepending($0) == name
            }
        }
        self.rejected = rejected.filter { report in paths.contains { report.path == $0 || report.path.hasPrefix($0 + "/") } }
            .sorted { $0.path < $1.path }.map { Rejected(path: $0.path, reason: $0.reason, excerpt: $0.excerpt) }
        (answer, exists) = Self.answer(name, served)
    }

    private static func providers(
        of names: [ServiceName], _ registry: Registry, _ layout: RegistryLayout, _ isWanted: (InstanceName) -> Bool
    ) -> [Provider] {
        let services = names.compactMap { name in registry.services[name].map { (name, $0) } }
        let members = MergedService(services.map(\.1)).members
        let winners = Dictionary(members.map { ($0.provider.offer, $0) }) { first, _ in first }
        let all = services.flatMap { name, service in
            service.registrations.map { (name, $0.key, $0.value, isHeld: false) }
                + service.held.map { (name, $0.instance, $0.registration, isHeld: true) }
        }
        return all.filter { isWanted($0.1) }.sorted { ($0.2.creationZxid, $0.1) < ($1.2.creationZxid, $1.1) }.prefix(mostProviders).map {
            name, instance, registration, isHeld in
            let (provider, winner) = (registration.provider, winners[registration.provider.offer])
            let isMerged = winner.map { $0.instance != instance || $0.registration.creationZxid != registration.creationZxid } ?? false
            return Provider(
                path: layout.path(of: instance, in: name), address: ProviderRegistry.Provider.authority(provider.host.text, provider.port),
                priority: provider.priority, weight: provider.weight,
                state: isMerged ? "merged" : provider.status != .up ? provider.status.rawValue : isHeld ? "held" : "served",
                into: isMerged ? winner?.instance.text : nil)
        }
    }

    private static func answer(_ name: DomainName, _ served: ServedZone) -> (lines: [String], exists: Bool) {
        switch served.status {
        case .notReady: return (["answer (SERVFAIL): the registry has not been read"], true)
        case .expired: return (["answer (SERVFAIL): ZooKeeper has been out of reach for too long"], true)
        case .current, .stale: break
        }
        guard let zone = served.zone, let records = MasterFile.records(at: name, in: zone) else { return (["answer (NXDOMAIN)"], false) }
        return (AnswerLines.of(records, noData: "nothing stands at this name, or no usable provider"), true)
    }

    /// The explanation for people, its lines.
    package var text: String {
        var lines = ["\(name): \(role) of zone \(zone), \(status)" + (serial.map { ", serial \($0)" } ?? "")]
        lines += services.map { "  znode \(PlainText.name($0))" }
        lines += PlainText.columns(
            providers.map { provider in
                var words = [provider.state + (provider.into.map { " into \(PlainText.name($0))" } ?? "")]
                if provider.priority != 0 { words.append("priority \(provider.priority)") }
                if provider.weight != 1 { words.append("weight \(provider.weight)") }
                return [PlainText.name(provider.path), provider.address, words.joined(separator: ", ")]
            })
        lines += PlainText.columns(
            rejected.map { [PlainText.name($0.path), "rejected: \($0.reason)" + ($0.excerpt.isEmpty ? "" : ": \($0.excerpt)")] })
        return (lines + answer).joined(separator: "\n") + "\n"
    }
}

/// The lines of an answer for the types that services have.
enum AnswerLines {
    private static let types = [RecordType.a, .aaaa, .srv]
    /// Types that only some names have.
    private static let others = [RecordType.txt, .svcb, .https]

    /// What is answered for each type where a name has these records; `noData`: why there may be none at all.
    static func of(_ records: [MasterFile.Records], noData reason: String) -> [String] {
        var lines: [String] = []
        var codes: Set<String> = []
        for type in types {
            let found = records.first { $0.type == type }
            if let found, !found.lines.isEmpty {
                lines += found.lines.map { "  " + $0 }
                codes.insert("NOERROR")
            } else if found != nil {
                lines.append("  \(type.text): SERVFAIL, no host of it can be resolved now")
                codes.insert("SERVFAIL")
            } else {
                lines.append("  \(type.text): NODATA")
            }
        }
        for type in others {
            guard let found = records.first(where: { $0.type == type }) else { continue }
            lines += found.lines.map { "  " + $0 }
            codes.insert("NOERROR")
        }
        if codes.isEmpty { return ["answer (NODATA): \(reason)"] }
        return ["answer (\(codes.contains("NOERROR") ? "NOERROR" : "SERVFAIL"))"] + lines
    }
}
