import DNSAuthority
import ProviderRegistry

/// A service some of whose providers say more than host and port, on its way into a block: each of their names and records has a file.
struct DetailedService {
    typealias Instance = ServiceCompiler.Instance

    let owner: DomainName
    let policy: ZonePolicy
    let members: [MergedService.Member]
    /// The names of the members, of hosts and of ports' hosts.
    let names: NameList
    /// Who has which name of the zone.
    let table: NameTable
    let placed: ServiceCompiler.Placed
    let details: PlacedDetails
    /// The addresses of each instance that the service offers.
    let own: [AddressSets.Own]
    var sets: AddressSets
    /// What the service has.
    let whole: RecordGroup
    /// The place of each member among the instances that the service offers; nil for one that it does not.
    private let places: [Int?]

    init(
        owner: DomainName, policy: ZonePolicy, members: [MergedService.Member], names: NameList, table: NameTable,
        placed: ServiceCompiler.Placed, details: PlacedDetails, own: [AddressSets.Own], sets: AddressSets, whole: RecordGroup
    ) {
        (self.owner, self.policy, self.members, self.names, self.table) = (owner, policy, members, names, table)
        (self.placed, self.details, self.own, self.sets, self.whole) = (placed, details, own, sets, whole)
        var places = [Int?](repeating: nil, count: members.count)
        for (place, instance) in placed.offered.enumerated() { places[instance.name] = place }
        self.places = places
    }

    /// What the provider of an instance says.
    func details(of instance: Instance) -> ProviderDetails? { members[instance.name].provider.details }

    /// Adds what the service's own name has beside addresses and SRV.
    func addRecords(_ builder: inout RecordBlockBuilder) -> [RecordBlockBuilder.Handle] {
        [addText(&builder)].compactMap(\.self) + addBindings(&builder)
    }

    /// Adds all names below the service's except those of the instances that it offers, and `_one`.
    mutating func addNames(_ builder: inout RecordBlockBuilder) {
        let own = placed.draining.map { sets.addOwn($0.addresses, isHeld: $0.isHeld, &builder) }
        ServiceLocations(placed.draining, own, names, policy).addInstances(addTexts(of: placed.draining, &builder), &builder)
        addPorts(&builder)
        addPlaces(&builder)
        addTags(&builder)
    }

    /// The places among the instances that the service offers of some of the members, in the order of the ring.
    func offered(_ members: [Int]) -> [Int] { members.compactMap { places[$0] }.sorted() }

    /// Whether a member is in the block: the last one that was looked at may have had no room.
    func hasRoom(_ member: Int) -> Bool { member < members.count - placed.leftOut }

    /// Adds the RRsets of some of the instances that the service offers; those of the service if it is all of them.
    func addGroup(_ chosen: [Int], _ builder: inout RecordBlockBuilder) -> RecordGroup {
        if chosen.count == placed.offered.count { return whole }
        var (part, instances) = sets.part(of: chosen.map { placed.offered[$0] })
        let addresses = part.addWhole(instances, hasOne: false, isUnknown: false, &builder).all
        // Their addresses go along as they stand at their own names.
        var locations = ServiceLocations(instances, chosen.map { own[$0] }, names, policy)
        return RecordGroup(addresses: addresses, srv: locations.addWhole(isUnknown: false, &builder))
    }
}
