import DNSAuthority
import IPAddressing
import ProviderRegistry

/// Turns one service into a block: its own name, its service names (RFC 2782) and its instances, with all their RRsets.
struct ServiceCompiler {
    /// The service's name.
    let owner: DomainName
    /// Who has which name of its zone.
    let names: NameTable
    let policy: ZonePolicy
    /// Most octets that the block may have. The youngest providers that do not fit are left out.
    let limit: Int

    /// A service's block and what could not be put into it.
    struct Output {
        let block: RecordBlock
        /// Znode names of providers that SRV cannot name.
        let unnamed: [InstanceName]
        /// How many of the providers, the youngest, are left out.
        let leftOut: Int
        /// How many records an RRset of the service would have that may not have so many; nil if all have theirs.
        let records: Int?
    }

    /// Compiles the service, given all addresses of a host. O(providers + their addresses).
    func compile(_ service: InZoneNames.Known, addresses: (ProviderHost) -> HostAddresses) -> Output {
        let members = service.service.members
        var sets = AddressSets(policy, hosts: members.count)
        let instances = place(service, in: &sets, addresses)
        let isWeighted = instances.contains { $0.weight != instances[0].weight }
        var builder = RecordBlockBuilder()
        builder.reserve(names: instances.count + 1 + ServiceNaming.protocols.count, octets: instances.count * 128 + 256)
        let isUnknown = service.service.isUnknown
        let order = ServiceLocations.ringOrder(instances)
        let whole = sets.addWhole(instances, in: order, isWeighted: isWeighted, isUnknown: isUnknown, &builder)
        let own = order.map { sets.addOwn(instances[$0].addresses, isHeld: instances[$0].isHeld, &builder) }
        var locations = ServiceLocations(order.map { instances[$0] }, own, policy)
        let srv = locations.addWhole(isUnknown: isUnknown, &builder)
        builder.add(owner, whole, srv: srv)
        for name in names.serviceNames(of: owner) { builder.add(name, .init(), srv: srv) }
        locations.addInstances(&builder)
        let records = max(sets.mostRecords, locations.candidateCount)
        return Output(
            block: builder.build(), unnamed: instances.indices.filter { instances[$0].target == nil }.map { members[$0].instance },
            leftOut: members.count - instances.count,
            records: policy.mostAnswers > 0 && records > policy.mostAnswers ? records : nil)
    }

    /// One provider with its place in the zone.
    struct Instance {
        let priority: UInt16
        let weight: UInt16
        let port: UInt16
        let isHeld: Bool
        /// Its own name; nil where none fits.
        let name: DomainName?
        /// The target of its SRV record: the host's name if that has a dot, else its own.
        let target: DomainName?
        /// The place of its addresses among the service's sets.
        let addresses: Int
        /// Its own place on the ring.
        let place: UInt32
    }

    /// Looks every provider's addresses up; takes the oldest providers until the block would be too large.
    private func place(
        _ service: InZoneNames.Known, in sets: inout AddressSets, _ addresses: (ProviderHost) -> HostAddresses
    ) -> [Instance] {
        var instances: [Instance] = []
        instances.reserveCapacity(service.names.count)
        var octets = RecordBlockBuilder.room(forName: DomainName.maximumLength, rrsets: 3) * (1 + ServiceNaming.protocols.count)
        for (name, member) in zip(service.names, service.service.members) {
            let provider = member.registration.provider
            let host = provider.host
            let target = hostName(host) ?? name
            let (place, isNew) = sets.place(of: host, addresses)
            octets += Self.room(name, target) + (isNew ? sets.room(place) : 0)
            guard octets <= limit else {
                if isNew { sets.removeLast() }
                break
            }
            sets.add(provider, isHeld: member.isHeld, to: place)
            instances.append(
                Instance(
                    priority: provider.priority, weight: provider.weight, port: provider.port, isHeld: member.isHeld, name: name,
                    target: target, addresses: place, place: member.instance.ringPlace))
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
        guard case .name(let text) = host, text.utf8.contains(UInt8(ascii: ".")) else { return nil }
        return DomainName(host: text)
    }
}
