import DNSAuthority
import IPAddressing
import ProviderRegistry

/// Compiles the registries of all zones of a server into zones; after a change, only what the change concerns.
package struct ZoneCompiler {
    /// A service, told by its name, of one of the zones.
    struct ServiceReference: Hashable {
        /// The zone, in the order of the origins.
        let zone: Int
        let owner: DomainName
    }

    /// Something that could not be served.
    package enum Report: Hashable, Sendable {
        /// A service's name cannot be a domain name in this zone.
        case unreachable(ServiceName, origin: DomainName)
        /// A provider cannot be named in SRV records: neither label fits.
        case unnamed(instance: InstanceName, owner: DomainName)
    }

    private let policy: ZonePolicy
    private var zones: [ZoneState]
    private var book = AddressBook()
    private var uses = HostUses()
    /// Services to compile before the next zones are handed out.
    private var dirty: Set<ServiceReference> = []
    private var reports: [Report] = []

    /// One zone on its way.
    private struct ZoneState {
        var content: ZoneContent
        var builder: ZoneBuilder
        var blocks: [DomainName: RecordBlock] = [:]
        var unnamed: [DomainName: Set<InstanceName>] = [:]
        /// Names that may have to become, or to stop being, empty non-terminals.
        var between: Set<DomainName> = []
        var isRead = false
        var isChanged = false
        var zone: Zone?
    }

    /// Zones with these origins, none of them read yet. The seed spreads names over tables: unpredictable in a server, fixed in tests.
    package init(origins: [DomainName], policy: ZonePolicy, seed: UInt64) {
        self.policy = policy
        zones = origins.map { ZoneState(content: ZoneContent(origin: $0), builder: ZoneBuilder(origin: $0, seed: seed)) }
    }

    /// The host names that a resolver must be asked for: lower case, no final dot.
    package var externalHosts: Set<String> { uses.externalHosts }

    /// All addresses of hosts as the zones have them: a literal's own, what the resolver has said, what hosts inside the zones lead to.
    package func addresses(of hosts: some Sequence<ProviderHost>) -> [ProviderHost: HostAddresses] {
        let interior = interior
        return Dictionary(uniqueKeysWithValues: Set(hosts).map { ($0, book.addresses(of: $0, in: interior)) })
    }

    private var interior: ZoneInterior {
        ZoneInterior(zones.map { .init(content: $0.content, isRead: $0.isRead) }, nameServer: policy.nameServer)
    }

    /// What could not be served, each once; asking takes them away.
    package mutating func takeReports() -> [Report] {
        defer { reports = [] }
        return reports
    }
}

// MARK: What changes

extension ZoneCompiler {
    /// Puts a registry that has been read in full in the place of what was known of a zone, told by its place among the origins.
    package mutating func replace(with registry: Registry, zone index: Int) {
        apply(zones[index].content.difference(to: registry), zone: index)
        guard !zones[index].isRead else { return }
        zones[index].isRead = true
        zones[index].isChanged = true
        // Until now nobody could say which addresses they have.
        for user in uses.services(insideZone: index) { markDirty(user) }
    }

    /// Takes in what is different in a zone's registry.
    package mutating func apply(_ change: RegistryChange, zone index: Int) {
        var effect = ZoneContent.Effect()
        for (name, service) in change.services { zones[index].content.set(name, to: service, &effect) }
        reports += effect.unreachable.map { .unreachable($0, origin: zones[index].content.origin) }
        zones[index].between.formUnion(effect.between)
        for owner in effect.changed { markDirty(ServiceReference(zone: index, owner: owner)) }
    }

    /// Takes in what the resolver says of some hosts; what it does not know, of these or others, stays as it was.
    package mutating func resolve(_ hosts: [String: HostAddresses]) {
        for (host, new) in hosts {
            let old = book.resolved[host] ?? HostAddresses()
            let addresses = HostAddresses(
                ipv4: new.ipv4.isUnknown ? old.ipv4 : new.ipv4, ipv6: new.ipv6.isUnknown ? old.ipv6 : new.ipv6)
            guard addresses != old else { continue }
            book.resolved[host] = addresses
            for user in uses.services(using: host) { markDirty(user) }
        }
    }

    /// Marks a service and all whose addresses hang on it.
    private mutating func markDirty(_ service: ServiceReference) {
        var pending = [service]
        while let next = pending.popLast() {
            if dirty.insert(next).inserted { pending += uses.services(inside: next) }
        }
    }
}

// MARK: Compiling

extension ZoneCompiler {
    /// The zones as they are now, in the order of the origins; nil for one that has not been read. `serial` numbers those that changed,
    /// given the number of their last state.
    package mutating func compile(serial: (UInt32?) -> UInt32) -> [Zone?] {
        let interior = interior
        for (index, services) in Dictionary(grouping: dirty, by: \.zone) { rebuild(services.map(\.owner), zone: index, interior) }
        dirty = []
        for index in zones.indices where zones[index].isRead && zones[index].isChanged { finish(zone: index, serial) }
        forgetUnusedHosts()
        return zones.map(\.zone)
    }

    /// Drops what is known of hosts that no provider names any more, once those are the most.
    private mutating func forgetUnusedHosts() {
        guard book.resolved.count > 2 * uses.externalHosts.count + 16 else { return }
        book.resolved = book.resolved.filter { uses.externalHosts.contains($0.key) }
    }

    /// Takes the services' old names out of the zone, puts empty non-terminals where they have to be, then the new names.
    private mutating func rebuild(_ owners: [DomainName], zone index: Int, _ interior: ZoneInterior) {
        for owner in owners {
            guard let old = zones[index].blocks.removeValue(forKey: owner) else { continue }
            for name in old.names {
                zones[index].builder.remove(name)
                if zones[index].content.hasDescendants(name) { zones[index].between.insert(name) }
            }
        }
        placeEmptyNonTerminals(zone: index)
        for owner in owners { compileService(ServiceReference(zone: index, owner: owner), interior) }
        zones[index].isChanged = true
    }

    private mutating func placeEmptyNonTerminals(zone index: Int) {
        for name in zones[index].between {
            if zones[index].content.hasDescendants(name) {
                var builder = RecordBlockBuilder()
                builder.add(name)
                zones[index].builder.insert(builder.build())
            } else {
                zones[index].builder.remove(name)
            }
        }
        zones[index].between = []
    }

    private mutating func compileService(_ reference: ServiceReference, _ interior: ZoneInterior) {
        guard let known = interior.service(reference) else {
            uses.forget(reference)
            zones[reference.zone].unnamed[reference.owner] = nil
            return
        }
        note(hostsOf: known.service, for: reference, interior)
        let book = book
        let compiler = ServiceCompiler(
            owner: reference.owner, content: zones[reference.zone].content, ttl: policy.ttl,
            addresses: { book.addresses(of: $0, in: interior) })
        let output = compiler.compile(known)
        zones[reference.zone].blocks[reference.owner] = output.block
        zones[reference.zone].builder.insert(output.block)
        report(Set(output.unnamed), of: reference)
    }

    private mutating func note(hostsOf service: MergedService, for reference: ServiceReference, _ interior: ZoneInterior) {
        let names = Set(service.members.compactMap { if case .name(let text) = $0.provider.host { text } else { nil } })
        var external: Set<String> = []
        var inside: Set<ServiceReference> = []
        for text in names {
            guard let name = DomainName(text: text) else { continue }
            guard let zone = interior.zoneIndex(of: name) else {
                external.insert(text)
                continue
            }
            inside.insert(ServiceReference(zone: zone, owner: name))
            if let parent = name.parent { inside.insert(ServiceReference(zone: zone, owner: parent)) }
        }
        uses.set(reference, external: external, inside: inside)
    }

    /// Says once of each provider that it has no name.
    private mutating func report(_ unnamed: Set<InstanceName>, of reference: ServiceReference) {
        let known = zones[reference.zone].unnamed[reference.owner] ?? []
        reports += unnamed.subtracting(known).map { .unnamed(instance: $0, owner: reference.owner) }
        zones[reference.zone].unnamed[reference.owner] = unnamed.isEmpty ? nil : unnamed
    }

    /// Puts the apex on top and takes the zone.
    private mutating func finish(zone index: Int, _ serial: (UInt32?) -> UInt32) {
        let apex = ApexCompiler(origin: zones[index].content.origin, policy: policy)
        guard let authority = apex.authority(serial: serial(zones[index].zone?.authority.serial)) else { return }
        let hasNameServer = !zones[index].content.hasService(at: authority.primary)
        zones[index].builder.insert(apex.compile(authority, hasNameServer: hasNameServer))
        for ancestor in ServiceNaming.ancestors(of: authority.primary, below: zones[index].content.origin)
        where zones[index].blocks[ancestor] == nil {
            var builder = RecordBlockBuilder()
            builder.add(ancestor)
            zones[index].builder.insert(builder.build())
        }
        zones[index].zone = zones[index].builder.build(
            authority, ttl: policy.ttl, hasUnknownServices: !zones[index].content.unknown.isEmpty)
        zones[index].isChanged = false
    }
}
