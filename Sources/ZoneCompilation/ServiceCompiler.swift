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
    func compile(_ service: ZoneInterior.Known) -> Output {
        let instances = placed(service)
        var builder = RecordBlockBuilder()
        let isUnknown = service.service.isUnknown
        var sets = AddressSets(of: instances.map { ($0.member.registration, $0.addresses) }, isUnknown: isUnknown, ttl: ttl, &builder)
        let own = instances.map { sets.add($0.member.registration, $0.addresses, &builder) }
        let srv = addLocations(Array(zip(instances, own)), isUnknown: isUnknown, &builder)
        builder.add(owner, sets.whole + (srv.map { [$0.handle] } ?? []))
        for label in ServiceNaming.protocols {
            guard let form = ServiceNaming.srvForm(of: owner, label, in: content.origin), !content.hasService(at: form) else { continue }
            builder.add(form, srv.map { [$0.handle] } ?? [])
        }
        for (index, instance) in instances.enumerated() {
            guard let name = instance.name, let srv, let position = srv.positions[index] else { continue }
            let location = builder.add(
                record: position, of: srv.handle, isHeld: instance.member.registration.isHeld, additional: own[index].known)
            builder.add(name, own[index].all + [location])
        }
        let unnamed = instances.filter { $0.target == nil }.map(\.member.instance)
        return Output(block: builder.build(), unnamed: unnamed)
    }

    /// A service's SRV RRset.
    private struct Locations {
        let handle: RecordBlockBuilder.Handle
        /// Where the record of each instance stands; nil for one without a target.
        let positions: [Int?]
    }

    /// Adds the service's SRV RRset, each target's addresses along with the first record that has it (RFC 2782). Equal records are one
    /// (RFC 2181 §5).
    private func addLocations(
        _ instances: [(Instance, AddressSets.Own)], isUnknown: Bool, _ builder: inout RecordBlockBuilder
    ) -> Locations? {
        var rrset = RRset(.srv, ttl: ttl)
        rrset.isUnknown = isUnknown
        var additional: [RecordBlockBuilder.Additional] = []
        var targets: Set<DomainName> = []
        var known: [RecordData: Int] = [:]
        let positions = instances.map { instance, own -> Int? in
            guard let target = instance.target else { return nil }
            let provider = instance.member.provider
            let record = RecordData.srv(priority: provider.priority, weight: provider.weight, port: provider.port, target: target)
            rrset.isHeld = rrset.isHeld || instance.member.registration.isHeld
            if let position = known[record] { return position }
            known[record] = rrset.records.count
            rrset.records.append(record)
            additional.append(targets.insert(target).inserted ? own.known : RecordBlockBuilder.Additional())
            return rrset.records.count - 1
        }
        return rrset.records.isEmpty && !isUnknown
            ? nil : Locations(handle: builder.add(rrset, additional: additional), positions: positions)
    }
}

extension ServiceCompiler {
    /// One provider with its place in the zone.
    private struct Instance {
        let member: MergedService.Member
        /// Its own name; nil where none fits.
        let name: DomainName?
        /// The target of its SRV record: the host's name if that has a dot, else its own.
        let target: DomainName?
        let addresses: HostAddresses
    }

    /// Looks every provider's addresses up.
    private func placed(_ service: ZoneInterior.Known) -> [Instance] {
        var known: [ProviderHost: HostAddresses] = [:]
        return zip(service.names, service.service.members).map { name, member in
            let host = member.provider.host
            let addresses = known[host] ?? addresses(host)
            known[host] = addresses
            return Instance(member: member, name: name, target: hostName(host) ?? name, addresses: addresses)
        }
    }

    /// A host name as a target, if it has a dot: a bare name means nothing to a client elsewhere.
    private func hostName(_ host: ProviderHost) -> DomainName? {
        guard case .name(let text) = host, text.contains(".") else { return nil }
        return DomainName(text: text)
    }
}
