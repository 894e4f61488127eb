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
    /// Most octets that the block may have. The youngest providers that do not fit are left out.
    let limit: Int

    /// A service's block and what could not be put into it.
    struct Output {
        let block: RecordBlock
        /// Znode names of providers that SRV cannot name.
        let unnamed: [InstanceName]
        /// How many of the providers, the youngest, are left out.
        let leftOut: Int
    }

    /// Compiles the service, given all addresses of a host. O(providers + their addresses).
    func compile(_ service: ZoneInterior.Known, addresses: (ProviderHost) -> HostAddresses) -> Output {
        var sets = AddressSets(ttl: ttl)
        let instances = place(service, in: &sets, addresses)
        let isWeighted = Set(instances.map(\.member.provider.weight)).count > 1
        var builder = RecordBlockBuilder()
        let isUnknown = service.service.isUnknown
        let whole = sets.addWhole(isWeighted: isWeighted, isUnknown: isUnknown, &builder)
        let own = instances.map { sets.addOwn($0.addresses, isHeld: $0.member.registration.isHeld, &builder) }
        let srv = addLocations(Array(zip(instances, own)), isUnknown: isUnknown, &builder)
        builder.add(owner, whole + (srv.map { [$0.handle] } ?? []))
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
        return Output(block: builder.build(), unnamed: unnamed, leftOut: service.service.members.count - instances.count)
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
        /// The place of its addresses among the service's sets.
        let addresses: Int
    }

    /// Looks every provider's addresses up; takes the oldest providers until the block would be too large.
    private func place(
        _ service: ZoneInterior.Known, in sets: inout AddressSets, _ addresses: (ProviderHost) -> HostAddresses
    ) -> [Instance] {
        var instances: [Instance] = []
        instances.reserveCapacity(service.names.count)
        var octets = RecordBlockBuilder.room(forName: DomainName.maximumLength, rrsets: 3) * (1 + ServiceNaming.protocols.count)
        for (name, member) in zip(service.names, service.service.members) {
            let host = member.provider.host
            let target = hostName(host) ?? name
            let (place, isNew) = sets.place(of: host, addresses)
            octets += Self.room(name, target) + (isNew ? sets.room(place) : 0)
            guard octets <= limit else {
                if isNew { sets.removeLast() }
                break
            }
            sets.add(member.registration, to: place)
            instances.append(Instance(member: member, name: name, target: target, addresses: place))
        }
        return instances
    }

    /// Most octets that a provider takes beside its addresses: a name with its RRsets, and SRV as a record of the service's and as its own.
    private static func room(_ name: DomainName?, _ target: DomainName?) -> Int {
        RecordBlockBuilder.room(forName: name?.octets.count ?? 0, rrsets: 3)
            + RecordBlockBuilder.room(forRecords: 2, ofLength: 6 + (target?.octets.count ?? 0))
    }

    /// A host name as a target, if it has a dot: a bare name means nothing to a client elsewhere.
    private func hostName(_ host: ProviderHost) -> DomainName? {
        guard case .name(let text) = host, text.contains(".") else { return nil }
        return DomainName(text: text)
    }
}
