import DNSAuthority
import IPAddressing
import ProviderRegistry

/// The served zones as hosts inside them see them. One of these serves as long as nothing changes.
final class InZoneNames: AddressBook.Names {
    /// One zone; one that has not been read says nothing of its names. A class: a copy of the content would count references to all its parts.
    final class Part {
        let content: ZoneContent
        let isRead: Bool
        /// The addresses of its name server's name.
        let nameServer: HostAddresses

        init(_ content: ZoneContent, isRead: Bool, nameServer: HostAddresses) {
            (self.content, self.isRead, self.nameServer) = (content, isRead, nameServer)
        }
    }

    /// A service with the names of its providers, in their order; an empty place for one that has none.
    struct Known {
        let service: MergedService
        let names: NameList
        /// The service names (RFC 2782) that it has.
        let serviceNames: [DomainName]
        /// The name at which it gives one provider a query, if it has that.
        let oneName: DomainName?
        /// The zone that it is in.
        let part: Part

        /// The hosts of all providers that have names, and of their ports.
        var hosts: [ProviderHost] {
            var hosts: [ProviderHost] = []
            hosts.reserveCapacity(service.members.count)
            for member in service.members {
                let provider = member.registration.provider
                if provider.details == nil { hosts.append(provider.host) } else { hosts += provider.namedHosts }
            }
            return hosts
        }
    }

    /// What has been worked out of services that hosts lead to; holds as long as they do not change.
    struct Memo {
        /// The hosts of a service.
        fileprivate var hosts: [ServiceReference: ZoneContent.Hosts] = [:]
        /// The host of each of a service's instances, and whether that is held.
        fileprivate var instances: [ServiceReference: [DomainName: (host: ProviderHost, isHeld: Bool)]] = [:]

        /// Drops what is known of a service.
        mutating func forget(_ service: ServiceReference) {
            if !hosts.isEmpty { hosts[service] = nil }
            if !instances.isEmpty { instances[service] = nil }
        }
    }

    private let parts: [DomainName: Part]
    private(set) var memo: Memo
    /// The services that hosts have led to for the first time, with their hosts.
    private var met: [(service: ServiceReference, hosts: [ProviderHost])] = []

    /// The zones by their origins.
    init(_ parts: [DomainName: Part], _ memo: Memo) {
        self.parts = parts
        self.memo = memo
    }

    /// The services that hosts have led to since this was asked last, with their hosts.
    func takeMet() -> [(service: ServiceReference, hosts: [ProviderHost])] {
        guard !met.isEmpty else { return [] }
        defer { met = [] }
        return met
    }

    /// The origin of the deepest zone that a name lies in.
    func origin(of name: DomainName) -> DomainName? {
        parts.keys.filter(name.isAtOrBelow).max { $0.octets.count < $1.octets.count }
    }

    /// The merged service at a name; nil if there is none.
    func service(_ reference: ServiceReference) -> Known? {
        guard let part = parts[reference.origin], let service = part.content.service(at: reference.owner) else { return nil }
        return Known(
            service: service, names: part.content.names.instanceNames(of: service, at: reference.owner),
            serviceNames: part.content.names.serviceNames(of: reference.owner),
            oneName: part.content.names.oneName(of: reference.owner), part: part)
    }

    func hosts(at name: DomainName) -> InZoneHosts? {
        guard let origin = origin(of: name), let part = parts[origin] else { return nil }
        guard part.isRead, !part.content.isUnknown(name) else { return .addresses(HostAddresses()) }
        let holder = part.content.names.holder(of: name)
        switch holder {
        case .service, .one:
            let known = holder?.owner(of: name).flatMap { hosts(of: ServiceReference(origin: origin, owner: $0)) }
            return .hosts(known?.offered ?? [], isHeld: known?.areHeld ?? false)
        case .nameServer: return .addresses(part.nameServer)
        case .instance(let owner):
            let known = instances(of: ServiceReference(origin: origin, owner: owner))[name]
            return .hosts(known.map { [$0.host] } ?? [], isHeld: known?.isHeld ?? false)
        // Names that stand for a choice among providers are for clients, not for documents.
        case .serviceName, .port, .portHost, .place, .tag, nil: return .hosts([], isHeld: false)
        }
    }

    private func hosts(of reference: ServiceReference) -> ZoneContent.Hosts? {
        if let known = memo.hosts[reference] { return known }
        guard let made = parts[reference.origin]?.content.hosts(at: reference.owner) else { return nil }
        memo.hosts[reference] = made
        met.append((reference, made.offered + made.others))
        return made
    }

    private func instances(of reference: ServiceReference) -> [DomainName: (host: ProviderHost, isHeld: Bool)] {
        if let instances = memo.instances[reference] { return instances }
        // Which counts as being led there.
        guard hosts(of: reference) != nil, let known = service(reference) else { return [:] }
        let named = known.service.members.enumerated().compactMap { index, member in
            member.provider.status == .down ? nil : known.names[index].map { ($0, (host: member.provider.host, isHeld: member.isHeld)) }
        }
        let made = Dictionary(named) { first, _ in first }
        memo.instances[reference] = made
        return made
    }
}
