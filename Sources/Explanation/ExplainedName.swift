import DNSAuthority
import ProviderRegistry

/// A name to be explained, in one of the zones.
package struct ExplainedName: Hashable, Sendable {
    /// The origin of the zone that the name lies in.
    package let origin: DomainName
    /// The whole name.
    package let name: DomainName

    /// What a name stands for.
    enum Subject: Equatable {
        /// A service.
        case service
        /// The service name (RFC 2782) of the service at this name.
        case serviceName(of: DomainName)
        /// An instance, there or not, of the service at this name.
        case instance(of: DomainName)
        /// Nothing in the registry.
        case nothing
    }

    /// Reads a domain name in one of the zones, or else a name as the registry has it, which is one below each of their origins; none if it
    /// can be neither. A name that ends in a dot is absolute (RFC 1035 §5.1), and none if it lies in no zone.
    package static func read(_ text: String, _ zones: [ZoneSource]) -> [ExplainedName] {
        guard let name = DomainName(text: text), name != .root else { return [] }
        if let source = zones.source(around: name) { return [ExplainedName(origin: source.origin, name: name)] }
        guard !text.hasSuffix(".") else { return [] }
        // A zone may lie below another.
        return zones.compactMap { name.appending($0.origin) }.compactMap { name in
            zones.source(around: name).map { ExplainedName(origin: $0.origin, name: name) }
        }
    }

    /// What the name stands for, by the precedence that names are given out by: services, service names of RFC 2782, instances.
    func subject(in excerpt: RegistryExcerpt) -> Subject {
        if !excerpt.services(at: name).isEmpty { return .service }
        if let owner = excerpt.owner(ofServiceName: name) { return .serviceName(of: owner) }
        guard let parent = name.parent, !excerpt.services(at: parent).isEmpty else { return .nothing }
        return .instance(of: parent)
    }

    /// The name of the service that has what the name stands for.
    func owner(in excerpt: RegistryExcerpt) -> DomainName? {
        switch subject(in: excerpt) {
        case .service: name
        case .serviceName(let owner), .instance(let owner): owner
        case .nothing: nil
        }
    }
}
