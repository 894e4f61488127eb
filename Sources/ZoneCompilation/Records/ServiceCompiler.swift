import DNSAuthority
import IPAddressing
import ProviderRegistry

/// Turns one service into a block: its own name, its service names (RFC 2782), its instances and what its providers say beside host and
/// port, with all RRsets.
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
        /// What providers say that no name or record can have.
        let omitted: [OmittedDetail]
        /// How many of the providers, the youngest, are left out.
        let leftOut: Int
        /// How many records an RRset of the service would have that may not have so many; nil if all have theirs.
        let records: Int?
    }

    /// One provider with its place in the zone.
    struct Instance {
        let priority: UInt16
        let weight: UInt16
        var port: UInt16
        let isHeld: Bool
        /// The place of its own name in the list of names, and its own among the members; that place in the list is empty where no name fits.
        let name: Int
        /// The place of the target of its SRV record in the list of names: the host's name if that has a dot, else its own; nil where none fits.
        var target: Int?
        /// The place of its addresses among the service's sets.
        var addresses: Int
        /// Its own place on the ring.
        let place: UInt32
    }

    /// The providers that have room, in the order of the ring.
    struct Placed {
        /// Those that new clients are to find.
        var offered: [Instance] = []
        /// Those that have their own names alone.
        var draining: [Instance] = []
        /// What they say beside host and port; nil if none says anything.
        var details: PlacedDetails?
        /// How many have no room.
        var leftOut = 0
    }

    /// Compiles the service, given all addresses of a host, with the memory of a builder. O(providers + their addresses).
    func compile(
        _ service: InZoneNames.Known, with builder: inout RecordBlockBuilder, addresses: (ProviderHost) -> HostAddresses
    ) -> Output {
        let members = service.service.members
        let hasDetails = members.contains { $0.registration.provider.details != nil }
        let policy = hasDetails ? policy(for: members) : policy
        var sets = AddressSets(policy, hosts: members.count)
        var names = service.names
        let placed = place(service, hasDetails: hasDetails, in: &sets, &names, addresses)
        let (offered, isUnknown) = (placed.offered, service.service.isUnknown)
        builder.removeAll()
        builder.reserve(names: members.count + 2 + ServiceNaming.protocols.count, octets: members.count * 144 + 256)
        let whole = sets.addWhole(offered, hasOne: service.oneName != nil, isUnknown: isUnknown, &builder)
        let own = offered.map { sets.addOwn($0.addresses, isHeld: $0.isHeld, &builder) }
        var locations = ServiceLocations(offered, own, names, policy)
        let srv = locations.addWhole(isUnknown: isUnknown, &builder)
        var detailed = placed.details.map {
            DetailedService(
                owner: owner, policy: policy, members: members, names: names, table: service.part.content.names, placed: placed,
                details: $0,
                own: own, sets: sets, whole: RecordGroup(addresses: whole.all, srv: srv))
        }
        builder.add(owner, RecordGroup(addresses: whole.all, srv: srv), further: detailed?.addRecords(&builder) ?? [])
        for name in service.serviceNames { builder.add(name, .init(), srv: srv) }
        if let name = service.oneName { builder.add(name, whole.one, srv: nil) }
        locations.addInstances(detailed?.addTexts(of: offered, &builder) ?? [], &builder)
        detailed?.addNames(&builder)
        let records = max(sets.mostRecords, locations.candidateCount)
        return Output(
            block: builder.build(),
            unnamed: (offered + placed.draining).filter { $0.target == nil }.map { members[$0.name].instance },
            omitted: placed.details?.omitted ?? [], leftOut: placed.leftOut,
            records: policy.mostAnswers > 0 && records > policy.mostAnswers ? records : nil)
    }

    /// The policy with the TTL of the service: the least that one of its providers asks for; those that ask for none have the zone's.
    private func policy(for members: [MergedService.Member]) -> ZonePolicy {
        let wanted = members.lazy.map(\.provider).filter { $0.status != .down }.map { provider in
            provider.details?.ttl.map { min($0, ZonePolicy.mostOfProvider) }
        }
        var policy = policy
        policy.ttl = wanted.map { $0 ?? policy.ttl }.min() ?? policy.ttl
        return policy
    }

    /// Looks every provider's addresses up; takes the oldest providers until the block would be too large. Of several at one place of the ring
    /// the oldest is first. Adds the names of hosts to those of the members.
    private func place(
        _ service: InZoneNames.Known, hasDetails: Bool, in sets: inout AddressSets, _ names: inout NameList,
        _ addresses: (ProviderHost) -> HostAddresses
    ) -> Placed {
        let members = service.service.members
        var placed = Placed()
        placed.offered.reserveCapacity(members.count)
        if hasDetails { placed.details = PlacedDetails(owner: owner, table: service.part.content.names, tags: policy.tags) }
        var octets = RecordBlockBuilder.room(forName: DomainName.maximumLength, rrsets: 3) * (2 + ServiceNaming.protocols.count)
        for index in members.indices {
            let member = members[index]
            let provider = member.registration.provider
            if provider.status == .down {
                if let details = provider.details { placed.details?.noteZone(of: details) }
                continue
            }
            let target = Self.target(of: provider.host, named: index, &names)
            let (place, isNew) = sets.place(of: provider.host, addresses)
            octets += Self.room(names.length(at: index), target.map(names.length) ?? 0) + (isNew ? sets.room(place) : 0)
            let instance = Instance(
                priority: provider.priority, weight: provider.weight, port: provider.port, isHeld: member.isHeld, name: index,
                target: target, addresses: place, place: member.instance.ringPlace)
            if provider.details != nil, let room = placed.details?.add(member, instance, &sets, &names, addresses) { octets += room }
            guard octets <= limit else {
                placed.leftOut = members.count - index
                break
            }
            if provider.status == .up {
                sets.offer(instance)
                placed.offered.append(instance)
            } else {
                placed.draining.append(instance)
            }
        }
        placed.offered = Self.inOrder(placed.offered)
        placed.details?.limitZones(members)
        return placed
    }

    /// Instances in the order of the ring.
    private static func inOrder(_ instances: [Instance]) -> [Instance] {
        // Numbers, as instances are large to be moved.
        var order = instances.indices.map { UInt64(instances[$0].place) << 32 | UInt64($0) }
        order.sort()
        return order.map { instances[Int($0 & 0xFFFF_FFFF)] }
    }

    /// Most octets that a provider takes beside its addresses: a name with its RRsets, and SRV as a record of the service's and as its own.
    private static func room(_ nameLength: Int, _ targetLength: Int) -> Int {
        RecordBlockBuilder.room(forName: nameLength, rrsets: 3) + RecordBlockBuilder.room(forRecords: 2, ofLength: 6 + targetLength)
    }

    /// The place of a host in the list of names; if its name is none for clients, the place of the name that stands for it, unless that is empty.
    static func target(of host: ProviderHost, named index: Int, _ names: inout NameList) -> Int? {
        if let name = hostName(host) {
            names.append(name)
            return names.count - 1
        }
        return names.length(at: index) > 0 ? index : nil
    }

    /// A host name as a target, if it has a dot: a bare name means nothing to a client elsewhere.
    static func hostName(_ host: ProviderHost) -> DomainName? {
        guard case .name(let text) = host, text.utf8.contains(UInt8(ascii: ".")) else { return nil }
        return DomainName(host: text)
    }
}

/// RRsets of some of a service's providers.
struct RecordGroup {
    var addresses = RecordBlockBuilder.Additional()
    var srv: RecordBlockBuilder.Handle?

    /// Those that there are.
    var handles: [RecordBlockBuilder.Handle] { [addresses.ipv4, addresses.ipv6, srv].compactMap(\.self) }
}

extension RecordBlockBuilder {
    /// Adds a name with the RRsets of a group, and further ones.
    mutating func add(_ name: DomainName, _ group: RecordGroup, further: [Handle] = []) {
        if further.isEmpty { add(name, group.addresses, srv: group.srv) } else { add(name, group.handles + further) }
    }
}
