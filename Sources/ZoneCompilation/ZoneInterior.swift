import DNSAuthority
import IPAddressing
import ProviderRegistry

/// The served zones as hosts inside them see them. One of these serves as long as nothing changes.
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

    /// What has been worked out of services that hosts lead to; holds as long as they do not change.
    struct Memo {
        /// The hosts that a service's providers name, each once, and whether some may be out of date.
        fileprivate var hosts: [ZoneCompiler.ServiceReference: (hosts: [ProviderHost], isHeld: Bool)] = [:]
        /// The host of each of a service's instances, and whether that is held.
        fileprivate var instances: [ZoneCompiler.ServiceReference: [DomainName: (host: ProviderHost, isHeld: Bool)]] = [:]

        /// Drops what is known of a service.
        mutating func forget(_ service: ZoneCompiler.ServiceReference) {
            hosts[service] = nil
            instances[service] = nil
        }
    }

    private let parts: [Part]
    private let nameServer: HostAddresses
    private(set) var memo: Memo
    /// The services that hosts have led to for the first time, with their hosts.
    private var met: [(service: ZoneCompiler.ServiceReference, hosts: [ProviderHost])] = []

    /// The zones in the order of their origins' places, and the addresses of the name server of each.
    init(_ parts: [Part], nameServer: HostAddresses, _ memo: Memo) {
        self.parts = parts
        self.nameServer = nameServer
        self.memo = memo
    }

    /// The services that hosts have led to since this was asked last, with their hosts.
    func takeMet() -> [(service: ZoneCompiler.ServiceReference, hosts: [ProviderHost])] {
        defer { met = [] }
        return met
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
        if let known = hosts(of: ZoneCompiler.ServiceReference(zone: index, owner: name)) {
            return .hosts(known.hosts, isHeld: known.isHeld)
        }
        if name == part.content.nameServer { return .addresses(nameServer) }
        guard let parent = name.parent, let known = instances(of: ZoneCompiler.ServiceReference(zone: index, owner: parent))?[name] else {
            return .hosts([], isHeld: false)
        }
        return .hosts([known.host], isHeld: known.isHeld)
    }

    private func hosts(of reference: ZoneCompiler.ServiceReference) -> (hosts: [ProviderHost], isHeld: Bool)? {
        if let known = memo.hosts[reference] { return known }
        guard let made = parts[reference.zone].content.hosts(at: reference.owner) else { return nil }
        memo.hosts[reference] = made
        met.append((reference, made.hosts))
        return made
    }

    private func instances(of reference: ZoneCompiler.ServiceReference) -> [DomainName: (host: ProviderHost, isHeld: Bool)]? {
        if let instances = memo.instances[reference] { return instances }
        // Which counts as being led there.
        guard hosts(of: reference) != nil, let known = service(reference) else { return nil }
        let named = zip(known.names, known.service.members).compactMap { name, member in
            name.map { ($0, (host: member.provider.host, isHeld: member.isHeld)) }
        }
        let made = Dictionary(named) { first, _ in first }
        memo.instances[reference] = made
        return made
    }
}
