import DNSAuthority
import IPAddressing
import ProviderRegistry

/// Turns one service into a block: its own name, its SRV forms and its instances, with all their RRsets.
struct ServiceCompiler {
    /// The service's name.
    let owner: DomainName
    /// The zone it is in.
    let content: ZoneContent
    /// TTL of all records, in seconds.
    let ttl: UInt32
    /// All addresses of a host.
    let addresses: (ProviderHost) -> HostAddresses

    /// A service's block and what could not be put into it.
    struct Output {
        let block: RecordBlock
        /// Znode names of providers that SRV cannot name.
        let unnamed: [InstanceName]
    }

    /// Compiles the service. O(providers + their addresses).
    func compile(_ service: MergedService) -> Output {
        let instances = placed(service.registrations)
        var builder = RecordBlockBuilder()
        let sets = AddressSets(of: instances.map { ($0.registration, $0.addresses) }, ttl: ttl, &builder)
        let own = instances.map { sets.add($0.registration, $0.addresses, &builder) }
        let located = instances.indices.filter { instances[$0].target != nil }
        let srv = addLocations(located.map { (instances[$0], own[$0]) }, &builder)
        builder.add(owner, sets.whole + (srv.map { [$0] } ?? []))
        for label in ServiceNaming.protocols {
            guard let form = ServiceNaming.srvForm(of: owner, label, in: content.origin), !content.hasService(at: form) else { continue }
            builder.add(form, srv.map { [$0] } ?? [])
        }
        for (position, index) in located.enumerated() {
            guard let name = instances[index].name, let srv else { continue }
            let location = builder.add(
                record: position, of: srv, isHeld: instances[index].registration.isHeld, additional: own[index].known)
            builder.add(name, own[index].all + [location])
        }
        let unnamed = instances.filter { $0.target == nil }.map(\.registration.instance)
        return Output(block: builder.build(), unnamed: unnamed)
    }

    /// Adds the service's SRV RRset, each target's addresses along with the first record that has it (RFC 2782).
    private func addLocations(
        _ instances: [(Instance, AddressSets.Own)], _ builder: inout RecordBlockBuilder
    ) -> RecordBlockBuilder.Handle? {
        guard !instances.isEmpty else { return nil }
        var rrset = RRset(.srv, ttl: ttl)
        var additional: [RecordBlockBuilder.Additional] = []
        var targets: Set<DomainName> = []
        for (instance, own) in instances {
            guard let target = instance.target else { continue }
            let provider = instance.registration.provider
            rrset.records.append(.srv(priority: provider.priority, weight: provider.weight, port: provider.port, target: target))
            rrset.isHeld = rrset.isHeld || instance.registration.isHeld
            additional.append(targets.insert(target).inserted ? own.known : RecordBlockBuilder.Additional())
        }
        return builder.add(rrset, additional: additional)
    }
}

extension ServiceCompiler {
    /// One provider with its place in the zone.
    private struct Instance {
        let registration: Registration
        /// Its own name; nil where none fits.
        let name: DomainName?
        /// The target of its SRV record: the host's name if that has a dot, else its own.
        let target: DomainName?
        let addresses: HostAddresses
    }

    /// Names every provider; the older znode takes a name first.
    private func placed(_ registrations: [Registration]) -> [Instance] {
        var taken: Set<DomainName> = []
        return registrations.map { registration in
            let name = instanceName(registration.instance, &taken)
            let host = registration.provider.host
            return Instance(
                registration: registration, name: name, target: hostName(host) ?? name, addresses: addresses(host))
        }
    }

    /// The plain label where it is free, else the digest; nil if neither can be had.
    private func instanceName(_ znode: InstanceName, _ taken: inout Set<DomainName>) -> DomainName? {
        for label in [ServiceNaming.label(ofInstance: znode), ServiceNaming.digestLabel(ofInstance: znode)] {
            guard let name = owner.prepending(label), !content.isTaken(name) else { continue }
            if taken.insert(name).inserted { return name }
        }
        return nil
    }

    /// A host name as a target, if it has a dot: a bare name means nothing to a client elsewhere.
    private func hostName(_ host: ProviderHost) -> DomainName? {
        guard case .name(let text) = host, text.contains(".") else { return nil }
        return DomainName(text: text)
    }
}
