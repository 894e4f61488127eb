import DNSAuthority
import IPAddressing
import ProviderRegistry
import ZoneCompilation

/// A service as clients that speak no SRV are given it: its providers, twins merged, without those that are down.
struct ServedService {
    let zone: ServedServices.PushedZone
    /// The service's name in the zone.
    let owner: DomainName
    /// The names of its znodes, more than one where these are equal to DNS.
    let names: [ServiceName]
    /// The port by whose name the service was asked for; nil for the providers' own ports.
    let port: String?
    /// By the names of their znodes.
    let providers: [ServedProvider]
    /// Nothing is known of the providers.
    let isUnknown: Bool

    /// The services at a name of a zone. With a port's name: the providers that have such a port, at that port.
    init(_ services: [ServiceName], at owner: DomainName, in zone: ServedServices.PushedZone, port: String? = nil) {
        (self.zone, self.owner, self.port) = (zone, owner, port)
        names = services.sorted()
        let merged = MergedService(names.compactMap { zone.registry.services[$0] })
        isUnknown = merged.isUnknown
        providers = merged.members.compactMap { ServedProvider($0, port: port) }.sorted { $0.instance < $1.instance }
    }

    /// The addresses of a provider, as the zone has them; nil while they are not known.
    func addresses(of provider: ServedProvider) -> [IPAddress]? {
        switch provider.host {
        case .ipv4(let address): return [.v4(address)]
        case .ipv6(let address): return [.v6(address)]
        case .name: break
        }
        guard let served = zone.zone, let own = ownName(of: provider, in: served) else { return nil }
        let hostLabel = provider.hasOwnHost ? port.map { Array("_\($0)".utf8) } : nil
        guard let name = hostLabel.map(own.prepending) ?? own else { return nil }
        let (ipv4, ipv6) = (served.data(of: .a, at: name), served.data(of: .aaaa, at: name))
        if ipv4 == nil, ipv6 == nil { return nil }
        return (ipv4 ?? []).map { .v4(IPv4Address(value: $0.reduce(0) { $0 << 8 | UInt32($1) })) }
            + (ipv6 ?? []).map { .v6(IPv6Address(value: $0.reduce(0) { $0 << 8 | UInt128($1) })) }
    }

    /// The name of a provider in the zone: of the names that it may have, the one whose SRV record leads to it.
    private func ownName(of provider: ServedProvider, in served: Zone) -> DomainName? {
        let labels = [ServiceNaming.label(ofInstance: provider.instance), ServiceNaming.digestLabel(ofInstance: provider.instance)]
        return labels.lazy.compactMap(owner.prepending).first { name in
            guard let records = served.data(of: .srv, at: name), let record = records.first, records.count == 1, record.count > 6 else {
                return false
            }
            let target = record.dropFirst(6)
            let host = DomainName(text: provider.provider.host.text)?.octets
            return record[4...5].elementsEqual([UInt8(provider.provider.port >> 8), UInt8(provider.provider.port & 255)])
                && (target.elementsEqual(name.octets) || host.map(target.elementsEqual) ?? false)
        }
    }
}

/// A provider of a service at one of its ports.
struct ServedProvider {
    let instance: InstanceName
    let provider: Provider
    /// Whether its znode has vanished, or ZooKeeper does not answer for its service.
    let isHeld: Bool
    let host: ProviderHost
    let port: UInt16
    /// Whether the port has a host of its own.
    let hasOwnHost: Bool

    /// A member of a service; nil if it is down, or has no port of that name.
    init?(_ member: MergedService.Member, port name: String?) {
        guard member.provider.status != .down else { return nil }
        (instance, provider, isHeld) = (member.instance, member.provider, member.isHeld)
        guard let name else {
            (host, port, hasOwnHost) = (provider.host, provider.port, false)
            return
        }
        guard let named = provider.details?.ports.first(where: { $0.name == name }) else { return nil }
        (host, port) = (named.host ?? provider.host, named.port)
        hasOwnHost = host != provider.host
    }
}
