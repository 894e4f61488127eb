import DNSAuthority
import IPAddressing
import ProviderRegistry

/// The served zones as hosts inside them see them. What has been worked out is kept: one of these serves as long as nothing changes, which is
/// one compilation.
final class ZoneInterior: AddressBook.Interior {
    /// One zone; one that has not been read says nothing of its names.
    struct Part {
        let content: ZoneContent
        let isRead: Bool
    }

    /// A service with the names of its providers, in their order; nil for those that have none.
    struct Known {
        let service: MergedService
        let names: [DomainName?]
    }

    private let parts: [Part]
    private let nameServer: HostAddresses
    /// The hosts that a service's providers name, each once.
    private var hosts: [ZoneCompiler.ServiceReference: [ProviderHost]] = [:]
    /// The host of each of a service's instances.
    private var instances: [ZoneCompiler.ServiceReference: [DomainName: ProviderHost]] = [:]

    /// The zones in the order of their origins' places, and the addresses of the name server of each.
    init(_ parts: [Part], nameServer: HostAddresses) {
        self.parts = parts
        self.nameServer = nameServer
    }

    /// The deepest zone that a name lies in.
    func zoneIndex(of name: DomainName) -> Int? {
        parts.indices.filter { name.isAtOrBelow(parts[$0].content.origin) }.max {
            parts[$0].content.origin.octets.count < parts[$1].content.origin.octets.count
        }
    }

    /// The merged service at a name; nil if there is none.
    func service(_ reference: ZoneCompiler.ServiceReference) -> Known? {
        let content = parts[reference.zone].content
        return content.service(at: reference.owner).map { service in
            Known(service: service, names: content.instanceNames(of: service, at: reference.owner))
        }
    }

    func hosts(at name: DomainName) -> InteriorHosts? {
        guard let index = zoneIndex(of: name) else { return nil }
        let part = parts[index]
        guard part.isRead, !part.content.isUnknown(name) else { return .addresses(HostAddresses()) }
        if let hosts = hosts(of: ZoneCompiler.ServiceReference(zone: index, owner: name)) { return .hosts(hosts) }
        if name == part.content.nameServer { return .addresses(nameServer) }
        guard let parent = name.parent else { return .hosts([]) }
        let host = instances(of: ZoneCompiler.ServiceReference(zone: index, owner: parent))?[name]
        return .hosts(host.map { [$0] } ?? [])
    }

    private func hosts(of reference: ZoneCompiler.ServiceReference) -> [ProviderHost]? {
        if let hosts = hosts[reference] { return hosts }
        guard let known = service(reference) else { return nil }
        let made = Array(Set(known.service.members.map(\.provider.host)))
        hosts[reference] = made
        return made
    }

    private func instances(of reference: ZoneCompiler.ServiceReference) -> [DomainName: ProviderHost]? {
        if let instances = instances[reference] { return instances }
        guard let known = service(reference) else { return nil }
        let named = zip(known.names, known.service.members).compactMap { name, member in
            name.map { ($0, member.provider.host) }
        }
        let made = Dictionary(uniqueKeysWithValues: named)
        instances[reference] = made
        return made
    }
}
