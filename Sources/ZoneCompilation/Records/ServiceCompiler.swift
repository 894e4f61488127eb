import DNSAuthority
import IPAddressing
import ProviderRegistry

/// Turns one service into a block: its own name, its service names (RFC 2782) and its instances, with all their RRsets.
struct ServiceCompiler {
    /// The service's name.
    let owner: DomainName
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

    /// Compiles the service, given all addresses of a host, with the memory of a builder. O(providers + their addresses).
    func compile(
        _ service: InZoneNames.Known, with builder: inout RecordBlockBuilder, addresses: (ProviderHost) -> HostAddresses
    ) -> Output {
        let members = service.service.members
        var sets = AddressSets(policy, hosts: members.count)
        var names = service.names
        let instances = place(service.service, in: &sets, &names, addresses)
        let isWeighted = instances.contains { $0.weight != instances[0].weight }
        builder.removeAll()
        builder.reserve(names: instances.count + 1 + ServiceNaming.protocols.count, octets: instances.count * 128 + 256)
        let isUnknown = service.service.isUnknown
        let whole = sets.addWhole(instances, isWeighted: isWeighted, isUnknown: isUnknown, &builder)
        let own = instances.map { sets.addOwn($0.addresses, isHeld: $0.isHeld, &builder) }
        var locations = ServiceLocations(instances, own, names, policy)
        let srv = locations.addWhole(isUnknown: isUnknown, &builder)
        builder.add(owner, whole, srv: srv)
        for name in service.serviceNames { builder.add(name, .init(), srv: srv) }
        locations.addInstances(&builder)
        let records = max(sets.mostRecords, locations.candidateCount)
        return Output(
            block: builder.build(), unnamed: instances.filter { $0.target == nil }.map { members[$0.name].instance },
            leftOut: members.count - instances.count,
            records: policy.mostAnswers > 0 && records > policy.mostAnswers ? records : nil)
    }

    /// One provider with its place in the zone.
    struct Instance {
        let priority: UInt16
        let weight: UInt16
        let port: UInt16
        let isHeld: Bool
        /// The place of its own name in the list of names, and its own among the members; that place in the list is empty where no name fits.
        let name: Int
        /// The place of the target of its SRV record in the list of names: the host's name if that has a dot, else its own; nil where none fits.
        let target: Int?
        /// The place of its addresses among the service's sets.
        let addresses: Int
        /// Its own place on the ring.
        let place: UInt32
    }

    /// Looks every provider's addresses up; takes the oldest providers until the block would be too large. Gives them in the order of the ring;
    /// of several at one place the oldest is first. Adds the names of hosts to those of the members.
    private func place(
        _ service: MergedService, in sets: inout AddressSets, _ names: inout NameList, _ addresses: (ProviderHost) -> HostAddresses
    ) -> [Instance] {
        var instances: [Instance] = []
        instances.reserveCapacity(service.members.count)
        var octets = RecordBlockBuilder.room(forName: DomainName.maximumLength, rrsets: 3) * (1 + ServiceNaming.protocols.count)
        for index in service.members.indices {
            let member = service.members[index]
            let provider = member.registration.provider
            let target = target(of: provider.host, at: index, &names)
            let (place, isNew) = sets.place(of: provider.host, addresses)
            octets += Self.room(names.length(at: index), target.map(names.length) ?? 0) + (isNew ? sets.room(place) : 0)
            guard octets <= limit else {
                if isNew { sets.removeLast() }
                break
            }
            sets.add(provider, isHeld: member.isHeld, to: place)
            instances.append(
                Instance(
                    priority: provider.priority, weight: provider.weight, port: provider.port, isHeld: member.isHeld, name: index,
                    target: target, addresses: place, place: member.instance.ringPlace))
        }
        // Numbers, as instances are large to be moved.
        var order = instances.indices.map { UInt64(instances[$0].place) << 32 | UInt64($0) }
        order.sort()
        return order.map { instances[Int($0 & 0xFFFF_FFFF)] }
    }

    /// Most octets that a provider takes beside its addresses: a name with its RRsets, and SRV as a record of the service's and as its own.
    private static func room(_ nameLength: Int, _ targetLength: Int) -> Int {
        RecordBlockBuilder.room(forName: nameLength, rrsets: 3) + RecordBlockBuilder.room(forRecords: 2, ofLength: 6 + targetLength)
    }

    /// The place of a provider's target in the list of names.
    private func target(of host: ProviderHost, at index: Int, _ names: inout NameList) -> Int? {
        if let name = hostName(host) {
            names.append(name)
            return names.count - 1
        }
        return names.length(at: index) > 0 ? index : nil
    }

    /// A host name as a target, if it has a dot: a bare name means nothing to a client elsewhere.
    private func hostName(_ host: ProviderHost) -> DomainName? {
        guard case .name(let text) = host, text.utf8.contains(UInt8(ascii: ".")) else { return nil }
        return DomainName(host: text)
    }
}
