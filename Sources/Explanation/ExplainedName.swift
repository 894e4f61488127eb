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
