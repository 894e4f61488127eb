import DNSAuthority
import IPAddressing
import ProviderRegistry

/// Turns one service into a block: its own name, its SRV forms and its instances, with all their RRsets.
struct ServiceCompiler {
    /// The service's name.
    let owner: DomainName
    /// The zone it is in.
    let content: ZoneContent
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
    func compile(_ service: ZoneInterior.Known, addresses: (ProviderHost) -> HostAddresses) -> Output {
        var sets = AddressSets(policy)
        let instances = place(service, in: &sets, addresses).sorted { $0.place < $1.place }
        let isWeighted = Set(instances.map(\.member.provider.weight)).count > 1
        var builder = RecordBlockBuilder()
        let isUnknown = service.service.isUnknown
        let whole = sets.addWhole(
            in: instances.map { ($0.addresses, $0.place) }, isWeighted: isWeighted, isUnknown: isUnknown, &builder)
        let own = instances.map { sets.addOwn($0.addresses, isHeld: $0.member.isHeld, &builder) }
        let srv = addLocations(Array(zip(instances, own)), isUnknown: isUnknown, &builder)
        builder.add(owner, whole + (srv.map { [$0.handle] } ?? []))
        for label in ServiceNaming.protocols {
            guard let form = ServiceNaming.srvForm(of: owner, label, in: content.origin), !content.hasService(at: form) else { continue }
            builder.add(form, srv.map { [$0.handle] } ?? [])
        }
        for (index, instance) in instances.enumerated() {
            guard let name = instance.name, let location = srv?.addOwn(instance, index, own[index].known, policy.ttl, &builder) else {
                continue
            }
            builder.add(name, own[index].all + [location])
        }
        let unnamed = instances.filter { $0.target == nil }.map(\.member.instance)
        let records = max(sets.mostRecords, srv?.candidates ?? 0)
        return Output(
            block: builder.build(), unnamed: unnamed, leftOut: service.service.members.count - instances.count,
            records: policy.mostAnswers > 0 && records > policy.mostAnswers ? records : nil)
    }

    /// A service's SRV RRset.
    private struct Locations {
        let handle: RecordBlockBuilder.Handle
        /// The record of each instance; nil for one without a target.
        let records: [RecordData?]
        /// Where each record stands that was not left out.
        let positions: [RecordData: Int]
        /// How many records it would have if there might be so many.
        let candidates: Int

        /// Adds an instance's own SRV RRset, in the octets of the service's if its record is there.
        func addOwn(
            _ instance: Instance, _ index: Int, _ additional: RecordBlockBuilder.Additional, _ ttl: UInt32,
            _ builder: inout RecordBlockBuilder
        ) -> RecordBlockBuilder.Handle? {
            guard let record = records[index] else { return nil }
            let isHeld = instance.member.isHeld
            if let position = positions[record] {
                return builder.add(record: position, of: handle, isHeld: isHeld, additional: additional)
            }
            var rrset = RRset(.srv, ttl: ttl, records: [record])
            rrset.isHeld = isHeld
            return builder.add(rrset, additional: [additional])
        }
    }

    /// Adds the service's SRV RRset, each target's addresses along with the first record that has it (RFC 2782). Equal records are one
    /// (RFC 2181 §5).
    private func addLocations(
        _ instances: [(Instance, AddressSets.Own)], isUnknown: Bool, _ builder: inout RecordBlockBuilder
    ) -> Locations? {
        var rrset = RRset(.srv, ttl: policy.ttl)
        rrset.isUnknown = isUnknown
        var candidates: [RecordChoice.Candidate] = []
        var first: [RecordData: Int] = [:]
        var isHeld: Set<RecordData> = []
        let records = instances.enumerated().map { index, instance -> RecordData? in
            guard let target = instance.0.target else { return nil }
            let provider = instance.0.member.provider
            let record = RecordData.srv(priority: provider.priority, weight: provider.weight, port: provider.port, target: target)
            if instance.0.member.isHeld { isHeld.insert(record) }
            guard first[record] == nil else { return record }
            first[record] = index
            candidates.append(RecordChoice.Candidate(record: record, place: instance.0.place, rank: RecordChoice.Candidate.rank(provider)))
            return record
        }
        guard !candidates.isEmpty || isUnknown else { return nil }
        _ = rrset.set(RecordChoice(candidates, most: policy.mostAnswers), of: candidates)
        rrset.isHeld = !isHeld.isEmpty && rrset.records.contains(where: isHeld.contains)
        var targets: Set<DomainName> = []
        let additional = rrset.records.map { record in
            guard case .srv(_, _, _, let target) = record, targets.insert(target).inserted, let index = first[record] else {
                return RecordBlockBuilder.Additional()
            }
            return instances[index].1.known
        }
        let positions = Dictionary(uniqueKeysWithValues: rrset.records.enumerated().map { ($1, $0) })
        return Locations(
            handle: builder.add(rrset, additional: additional), records: records, positions: positions, candidates: candidates.count)
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
        /// Its own place on the ring.
        let place: UInt32
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
            sets.add(member, to: place)
            instances.append(
                Instance(member: member, name: name, target: target, addresses: place, place: Ring.place(of: member.instance.text.utf8)))
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
