import DNSAuthority
import ProviderRegistry
import ZoneCompilation

/// Something that an operator or a registrant should mend.
package struct Finding: Hashable, Sendable, Encodable {
    /// How much it costs.
    package enum Severity: String, Sendable, Encodable {
        /// Something is not answered.
        case error
        /// Something is answered otherwise than its registrant may think.
        case warning
    }

    /// What it is about.
    package enum Kind: String, Sendable, Encodable {
        /// The program's own settings.
        case settings
        /// The registry is not there, or ZooKeeper does not give it.
        case registry
        /// Zones or registries lie in each other.
        case overlap
        /// A znode's document holds no provider.
        case document
        /// A part of a document is wrong, and its default is taken.
        case field
        /// ZooKeeper does not give a znode's content, or its children.
        case access
        /// A name that DNS cannot have.
        case name
        /// A name that something else has.
        case shadowed
        /// A host without addresses, or one that cannot be resolved now.
        case host
        /// More records than an RRset should have, or more than are answered.
        case records
        /// A service of more octets than it may have.
        case size
    }

    package let severity: Severity
    package let kind: Kind
    /// The znode's path; nil if it is about no znode.
    package let path: String?
    /// The zone's origin, without its final dot; nil if it is about no zone.
    package let zone: String?
    /// A sentence.
    package let text: String

    package init(_ severity: Severity, _ kind: Kind, path: String? = nil, zone: DomainName? = nil, _ text: String) {
        (self.severity, self.kind, self.path, self.text) = (severity, kind, path, text)
        self.zone = zone.map(PlainText.name)
    }

    /// The path, or else the zone, with the sentence: one line.
    package var line: String { [path.map(PlainText.name) ?? zone, text].compactMap(\.self).joined(separator: ": ") }
}

extension [ZoneSource] {
    /// Zones that lie in each other, and registries that do.
    package var findings: [Finding] {
        let zones = nested.map { inner, outer in
            Finding(
                .warning, .overlap, path: inner.layout.root, zone: inner.origin,
                "zone lies within \(PlainText.name(outer.origin)), whose services of that name are out of reach")
        }
        let registries = flatMap { inner in filter { inner.layout.liesBelow($0.layout) }.map { (inner, $0) } }
        return zones
            + registries.map { inner, outer in
                Finding(
                    .warning, .overlap, path: inner.layout.root, zone: inner.origin,
                    "registry lies within that of \(PlainText.name(outer.origin)), which takes its znodes for services and providers")
            }
    }

    /// Zones whose origins lie below another's, each with that: services of the outer one that have such a name are out of reach.
    package var nested: [(inner: ZoneSource, outer: ZoneSource)] {
        compactMap { inner in first { $0.origin != inner.origin && inner.origin.isAtOrBelow($0.origin) }.map { (inner, $0) } }
    }
}

extension RegistryLayout {
    /// Whether the registry is a part of another.
    fileprivate func liesBelow(_ other: RegistryLayout) -> Bool {
        root != other.root && root.hasPrefix(other.root == "/" ? "/" : other.root + "/")
    }
}

extension RegistryExcerpt {
    /// Znodes that cannot be used, or only in part, in the order of their paths.
    package var znodeFindings: [Finding] {
        let unlisted = self.unlisted.sorted { $0.key < $1.key }.map { path, error in
            Finding(.error, .access, path: path, zone: source.origin, "cannot be listed: \(error.text)")
        }
        let listed = listings.sorted { $0.key < $1.key }.flatMap { service, listing -> [Finding] in
            switch listing {
            case .unread, .failed(.noNode): []
            case .failed(let error):
                [Finding(.error, .access, path: source.layout.path(of: service), zone: source.origin, "cannot be listed: \(error.text)")]
            case .read(let znodes): znodes.sorted { $0.instance < $1.instance }.compactMap(finding)
            }
        }
        return unlisted + listed
    }

    /// Why a znode cannot be used, or only in part; nil if it can, or is gone.
    private func finding(_ znode: ProviderZnode) -> Finding? {
        let path = path(of: znode)
        switch znode.state {
        case .failed(.noNode), .rejected(.withdrawn, _), .other: return nil
        case .failed(let error): return Finding(.error, .access, path: path, zone: source.origin, error.text)
        case .rejected(let rejection, let excerpt):
            let text = rejection.rawValue + (excerpt.isEmpty ? "" : ": \(excerpt)")
            return Finding(.error, .document, path: path, zone: source.origin, text)
        case .usable(let document):
            guard !document.problems.isEmpty else { return nil }
            return Finding(.warning, .field, path: path, zone: source.origin, document.problems.joined(separator: ", "))
        }
    }

    /// The path of a provider's znode.
    func path(of znode: ProviderZnode) -> String { source.layout.path(of: znode.instance, in: znode.service) }

    /// Names that something else has: a zone within this one, a service of a name that differs only in case, a service with the name of a service
    /// name (RFC 2782), of the name server or of an instance.
    package func nameFindings(among zones: [ZoneSource]) -> [Finding] {
        let inner = zones.filter { $0.origin != source.origin && $0.origin.isAtOrBelow(source.origin) }
        return listings.keys.sorted().flatMap { service -> [Finding] in
            guard let owner = ServiceNaming.owner(of: service, in: source.origin) else { return [] }
            let path = source.layout.path(of: service)
            func finding(_ severity: Finding.Severity, _ text: String) -> Finding {
                Finding(severity, .shadowed, path: path, zone: source.origin, text)
            }
            if let zone = inner.first(where: { owner.isAtOrBelow($0.origin) }) {
                return [finding(.error, "service is out of reach: its name lies in zone \(PlainText.name(zone.origin))")]
            }
            var findings: [Finding] = []
            let same = names.services(at: owner).sorted()
            if let first = same.first, first != service {
                let other = PlainText.name(source.layout.path(of: first))
                findings.append(finding(.warning, "service is one with \(other): names that differ only in case are equal"))
            }
            for label in ServiceNaming.protocols {
                guard let name = ServiceNaming.serviceName(of: owner, label, in: source.origin), names.holder(of: name) == .service else {
                    continue
                }
                findings.append(finding(.warning, "its service name \(PlainText.name(name)) is another service's"))
            }
            if owner == names.nameServer {
                findings.append(finding(.warning, "service has the name of the name server, which has no addresses then"))
            }
            return findings + instanceFindings(of: service, at: owner)
        }
    }

    /// Instances whose names something of a higher rank has.
    private func instanceFindings(of service: ServiceName, at owner: DomainName) -> [Finding] {
        znodes(of: [service]).compactMap { znode in
            guard case .usable = znode.state, let name = owner.prepending(ServiceNaming.label(ofInstance: znode.instance)),
                let holder = names.holder(of: name), holder != .instance(of: owner)
            else { return nil }
            let digest = owner.prepending(ServiceNaming.digestLabel(ofInstance: znode.instance)).map {
                ", its own is \(PlainText.name($0))"
            }
            return Finding(
                .warning, .shadowed, path: path(of: znode), zone: source.origin,
                "instance name \(PlainText.name(name)) is that of something else\(digest ?? "")")
        }
    }
}
