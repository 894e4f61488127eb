import DNSAuthority
import ProviderRegistry

/// A name that somebody asks about, in one of the zones.
struct ExplainedName: Sendable {
    /// The zone, by its place among the sources.
    let zone: Int
    let name: DomainName

    /// What a name stands for.
    enum Subject: Equatable {
        /// A service.
        case service
        /// The SRV form of the service at this name (RFC 2782).
        case form(of: DomainName)
        /// An instance, there or not, of the service at this name.
        case instance(of: DomainName)
        /// Nothing in the registry.
        case nothing
    }

    /// Reads a domain name in one of the zones, or else a name as the registry has it, which is one below each of their origins; none if it
    /// can be neither.
    static func read(_ text: String, _ zones: [ZoneSource]) -> [ExplainedName] {
        guard let name = DomainName(text: text), name != .root else { return [] }
        if let zone = zones.zone(of: name) { return [ExplainedName(zone: zone, name: name)] }
        let names = zones.compactMap { name.appending($0.origin) }
        // A zone may lie below another.
        return names.compactMap { name in zones.zone(of: name).map { ExplainedName(zone: $0, name: name) } }
    }

    /// What the name stands for, by the same precedence as names are given out: services, their SRV forms, their instances.
    func subject(in excerpt: RegistryExcerpt) -> Subject {
        if !excerpt.services(at: name).isEmpty { return .service }
        if let owner = excerpt.owner(ofForm: name) { return .form(of: owner) }
        guard let parent = name.parent, !excerpt.services(at: parent).isEmpty else { return .nothing }
        return .instance(of: parent)
    }

    /// The name of the service that has what the name stands for.
    func owner(in excerpt: RegistryExcerpt) -> DomainName? {
        switch subject(in: excerpt) {
        case .service: name
        case .form(let owner), .instance(let owner): owner
        case .nothing: nil
        }
    }
}
