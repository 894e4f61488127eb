import DNSAuthority
import IPAddressing
import ProviderRegistry
import ZoneCompilation

extension ZoneSnapshot {
    /// Records that an RRset may have before other servers refuse it; BIND's limit.
    private static let mostRecords = 100

    /// What could not be served, or not as it stands in the registries that were read.
    package func findings(in excerpts: [DomainName: RegistryExcerpt]) -> [Finding] {
        hostFindings(in: excerpts) + reports.map { finding($0, excerpts) }
    }

    /// Hosts without addresses, each once, at the first znode that names it.
    private func hostFindings(in excerpts: [DomainName: RegistryExcerpt]) -> [Finding] {
        var users: [String: (path: String, zone: DomainName, host: ProviderHost, count: Int)] = [:]
        for (origin, excerpt) in excerpts {
            for znode in excerpt.znodes(of: Array(excerpt.listings.keys)) {
                guard case .usable(let document) = znode.state, case .name(let name) = document.provider.host else { continue }
                let path = excerpt.path(of: znode)
                var user = users[name] ?? (path, origin, document.provider.host, 0)
                if path < user.path { (user.path, user.zone) = (path, origin) }
                user.count += 1
                users[name] = user
            }
        }
        let addresses = addresses(of: users.values.map(\.host))
        return users.sorted { $0.key < $1.key }.compactMap { name, user in
            guard let known = addresses[user.host], let text = Self.text(known, isResolved: !unresolved.contains(name)) else { return nil }
            let others = user.count > 1 ? ", named by \(user.count - 1) more" : ""
            return Finding(.error, .host, path: user.path, zone: user.zone, "host \(PlainText.name(name)) \(text)\(others)")
        }
    }

    /// What is wrong with a host's addresses; nil if nothing is.
    private static func text(_ addresses: HostAddresses, isResolved: Bool) -> String? {
        let isKnown = !addresses.ipv4.addresses.isEmpty || !addresses.ipv6.addresses.isEmpty
        if !isResolved || addresses.ipv4.isUnknown || addresses.ipv6.isUnknown {
            return isKnown ? "cannot be resolved now in one family" : "cannot be resolved now"
        }
        return isKnown ? nil : "has no addresses"
    }

    private func finding(_ report: ZoneCompiler.Report, _ excerpts: [DomainName: RegistryExcerpt]) -> Finding {
        switch report {
        case .unreachable(let service, let origin):
            return Finding(
                .error, .name, path: excerpts[origin]?.source.layout.path(of: service), zone: origin,
                "cannot be a domain name below \(PlainText.name(origin)), or has too many labels")
        case .unnamed(let instance, let owner):
            let (path, zone) = place(of: owner, excerpts, instance)
            return Finding(
                .error, .name, path: path, zone: zone, "no instance name fits below \(PlainText.name(owner)), left out of SRV")
        case .omitted(let detail, let owner):
            let (path, zone) = place(of: owner, excerpts, detail.instance)
            return Finding(.warning, .field, path: path, zone: zone, detail.text)
        case .oversized(let owner, let leftOut):
            let (path, zone) = place(of: owner, excerpts)
            return Finding(
                .error, .size, path: path, zone: zone,
                "\(PlainText.name(owner)) is too large: the \(leftOut) youngest providers are left out")
        case .limited(let owner, let records):
            let (path, zone) = place(of: owner, excerpts)
            return Finding(
                .warning, .records, path: path, zone: zone,
                "\(PlainText.name(owner)) would have \(records) records of one type: those beyond --max-answers are left out")
        case .more(let count): return Finding(.error, .name, "\(count) more services and providers cannot be served")
        }
    }

    /// RRsets of services that are served, and that other servers refuse.
    package func crowdedSets(in excerpts: [DomainName: RegistryExcerpt]) -> [Finding] {
        zones.values.flatMap { MasterFile.sets(in: $0, above: Self.mostRecords) }.compactMap { set in
            let (path, zone) = place(of: set.owner, excerpts)
            guard let path else { return nil }
            return Finding(
                .warning, .records, path: path, zone: zone,
                "\(PlainText.name(set.owner)) has \(set.records) records of type \(set.type.text): BIND refuses more than \(Self.mostRecords)"
            )
        }.sorted { $0.line < $1.line }
    }

    /// The znode of a service, or of one of its instances, and its zone; nil if there is none.
    private func place(
        of owner: DomainName, _ excerpts: [DomainName: RegistryExcerpt], _ instance: InstanceName? = nil
    ) -> (path: String?, zone: DomainName?) {
        let zone = excerpts.keys.filter { owner.isAtOrBelow($0) }.max { $0.octets.count < $1.octets.count }
        guard let zone, let excerpt = excerpts[zone], let service = excerpt.services(at: owner).min() else { return (nil, zone) }
        let layout = excerpt.source.layout
        return (instance.map { layout.path(of: $0, in: service) } ?? layout.path(of: service), zone)
    }
}
