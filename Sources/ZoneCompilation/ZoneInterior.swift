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

    /// A service with what leads to it.
    private struct Known {
        let service: MergedService
        /// All hosts that its providers name, each once.
        let hosts: [ProviderHost]
        /// The host of each instance that has a name.
        let instances: [DomainName: ProviderHost]
    }

    private let parts: [Part]
    private let nameServer: HostAddresses
    private var known: [ZoneCompiler.ServiceReference: Known?] = [:]

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
    func service(at name: DomainName, zone index: Int) -> MergedService? { known(name, zone: index)?.service }

    func hosts(at name: DomainName) -> InteriorHosts? {
        guard let index = zoneIndex(of: name) else { return nil }
        let part = parts[index]
        guard part.isRead else { return .addresses(HostAddresses()) }
        if let service = known(name, zone: index) { return .hosts(service.hosts) }
        if name == ApexCompiler.nameServer(of: part.content.origin) { return .addresses(nameServer) }
        guard let parent = name.parent, let host = known(parent, zone: index)?.instances[name] else { return .hosts([]) }
        return .hosts([host])
    }

    private func known(_ name: DomainName, zone index: Int) -> Known? {
        let reference = ZoneCompiler.ServiceReference(zone: index, owner: name)
        if let known = known[reference] { return known }
        let made = parts[index].content.service(at: name).map { service in
            let named = zip(parts[index].content.instanceNames(of: service, at: name), service.registrations)
            return Known(
                service: service, hosts: Array(Set(service.registrations.map(\.provider.host))),
                instances: Dictionary(
                    uniqueKeysWithValues: named.compactMap { name, registration in name.map { ($0, registration.provider.host) } }))
        }
        known[reference] = .some(made)
        return made
    }
}
