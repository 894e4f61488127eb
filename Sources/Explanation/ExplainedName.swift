import DNSAuthority
import ProviderRegistry
import ZoneCompilation

/// A name to be explained, in one of the zones.
package struct ExplainedName: Hashable, Sendable {
    /// The origin of the zone that the name lies in.
    package let origin: DomainName
    /// The whole name.
    package let name: DomainName

    /// Reads a domain name in one of the zones, or else a name as the registry has it, which is one below each of their origins; none if it
    /// can be neither. A name that ends in a dot is absolute (RFC 1035 §5.1), and none if it lies in no zone; one with slashes is a service of
    /// several levels.
    package static func read(_ text: String, _ zones: [ZoneSource]) -> [ExplainedName] {
        if text.contains("/") {
            return zones.compactMap { source in
                ServiceNaming.owner(of: ServiceName(text), in: source.origin).map { ExplainedName(origin: source.origin, name: $0) }
            }
        }
        guard let name = DomainName(text: text), name != .root else { return [] }
        if let source = zones.source(around: name) { return [ExplainedName(origin: source.origin, name: name)] }
        guard !text.hasSuffix(".") else { return [] }
        // A zone may lie below another.
        return zones.compactMap { name.appending($0.origin) }.compactMap { name in
            zones.source(around: name).map { ExplainedName(origin: $0.origin, name: name) }
        }
    }

    /// What the name stands for; nil if nothing in the registry has to do with it.
    func holder(in excerpt: RegistryExcerpt) -> NameTable.Holder? { excerpt.names.holder(of: name) }

    /// The name of the service that has what the name stands for.
    func owner(in excerpt: RegistryExcerpt) -> DomainName? { holder(in: excerpt)?.owner(of: name) }
}

extension NameTable.Holder {
    /// The holder of a name; nil for an instance that is not there, or the host of its port, where names of its service lie below its label,
    /// such as `_tcp`. `instances`: those of the service, nil if they are not known.
    func present(at name: DomainName, among instances: [InstanceName]?) -> Self? {
        let label: ArraySlice<UInt8>?
        switch self {
        case .instance: label = name.labels.first
        case .portHost: label = name.labels.dropFirst().first
        case .service, .serviceName, .nameServer, .one, .port, .place, .tag: return self
        }
        guard let label, let instances else { return self }
        guard ServiceNaming.labelsAboveNames.contains(where: { $0.utf8.elementsEqual(label) }) else { return self }
        return instances.contains { ServiceNaming.label(ofInstance: $0).elementsEqual(label) } ? self : nil
    }
}

extension RegistryExcerpt {
    /// Whether it is known which znodes services have.
    func areListed(_ services: [ServiceName]) -> Bool {
        services.allSatisfy { if case .read = listings[$0] { true } else { false } }
    }
}

extension Registry {
    /// The instances of services; nil if those of one are not known.
    func instances(of names: [ServiceName]) -> [InstanceName]? {
        let services = names.compactMap { self.services[$0] }
        guard !services.contains(where: { $0.reach == .unknown }) else { return nil }
        return services.flatMap { $0.registrations.map(\.key) + $0.held.map(\.instance) }
    }
}
