import DNSAuthority
import IPAddressing
import ProviderRegistry

/// Compiles the registries of all zones of a server into zones; after a change, only what the change concerns, and as much at once as the
/// caller has time for.
package struct ZoneCompiler {
    /// Something that could not be served.
    package enum Report: Hashable, Sendable {
        /// A service's name cannot be a domain name in this zone, or has too many labels.
        case unreachable(ServiceName, origin: DomainName)
        /// A provider cannot be named in SRV records: neither label fits.
        case unnamed(instance: InstanceName, owner: DomainName)
        /// Something that a provider of a service says can be in no name or record.
        case omitted(OmittedDetail, owner: DomainName)
        /// So many providers of a service, the youngest, are left out: the service takes too many octets.
        case oversized(owner: DomainName, leftOut: Int)
        /// A service has so many providers, or addresses, that an RRset would have more records than it may: some are left out.
        case limited(owner: DomainName, records: Int)
        /// So many reports more.
        case more(Int)
    }

    /// Most reports that are kept until they are taken; the others are counted. So many fit on a screen.
    static let mostReports = 50

    /// Most octets of a service's block.
    private let limit: Int
    /// Spreads the names of zones over tables.
    private let seed: UInt64
    /// The zones by their origins.
    private var zones: [DomainName: ZoneState]
    private var book = AddressBook()
    private var uses = HostUses()
    private var reverse: ReverseCompiler
    private var memo = InZoneNames.Memo()
    /// Memory for the blocks of services, one after another.
    private var builder = RecordBlockBuilder()
    /// Services to compile before the zones are up to date.
    private var queue = CompilationQueue()
    private var reports: [Report] = []
    private var furtherReports = 0
    /// Hosts that the resolver has spoken of although no service named them.
    private var strayHosts: Set<String> = []
    /// Slices since the hosts that no service names any more were last forgotten.
    private var slicesSinceForgetting = 0

    /// Most slices for which a host that no service names is kept while services wait: a few seconds, in which another may come to name it.
    private static let mostSlicesBeforeForgetting = 100

    /// Most octets of one service, 64 MiB: room for more than 100,000 providers at addresses of their own, and so little that several such
    /// services fit into any server. The youngest providers beyond it are left out.
    package static let mostOctetsOfService = 64 << 20

    /// Zones by their origins, none of them read yet, and those of addresses' names. The seed spreads names over tables: unpredictable in a
    /// server, fixed in tests. `limit` is the most octets that one service may take.
    package init(
        policies: [DomainName: ZonePolicy], reverse policy: ReversePolicy = .none, seed: UInt64, limit: Int = mostOctetsOfService
    ) {
        (self.limit, self.seed) = (limit, seed)
        reverse = ReverseCompiler(seed: seed)
        reverse.serve(policy, services: [])
        zones = Dictionary(uniqueKeysWithValues: policies.map { ($0, ZoneState(origin: $0, policy: $1, seed: seed)) })
    }

    /// What is different among the hosts that a resolver must be asked for, since it was last taken; at first that is all of them.
    package mutating func takeHostChange() -> HostChange { uses.takeChange() }

    /// Whether all changes have been compiled.
    package var isUpToDate: Bool { queue.isEmpty && reverse.isUpToDate }

    /// Whether queries see more of a zone than its last version has: it is to be compiled again once there may be another version.
    var isBehind: Bool { reverse.isBehind || zones.values.contains { $0.versions.isBehind } }

    /// What other servers may transfer of a zone, as it was compiled last; nil for nothing.
    func history(of origin: DomainName) -> ZoneHistory? { zones[origin].map(\.versions.history) ?? reverse.history(of: origin) }

    /// All addresses of hosts as the zones have them: a literal's own, what the resolver has said, what hosts inside the zones lead to.
    package func addresses(of hosts: some Sequence<ProviderHost>) -> [ProviderHost: HostAddresses] {
        var book = book
        let inZone = inZone
        return Dictionary(uniqueKeysWithValues: Set(hosts).map { ($0, book.addresses(of: $0, in: inZone)) })
    }

    private var inZone: InZoneNames {
        InZoneNames(zones.mapValues { .init($0.content, isRead: $0.isRead, nameServer: $0.policy.nameServer) }, memo)
    }

    /// What could not be served, each once; asking takes them away.
    package mutating func takeReports() -> [Report] {
        defer { (reports, furtherReports) = ([], 0) }
        return furtherReports > 0 ? reports + [.more(furtherReports)] : reports
    }

    private mutating func report(_ report: Report) {
        if reports.count < Self.mostReports { reports.append(report) } else { furtherReports += 1 }
    }
}

// MARK: What changes

extension ZoneCompiler {
    /// Has these zones from now on, by their origins, and no others. A new one has not been read. Services are compiled again whose zone's
    /// policy makes other records, or whose hosts lie in a zone that has come or gone.
    package mutating func serve(_ policies: [DomainName: ZonePolicy], reverse policy: ReversePolicy = .none) {
        defer {
            reverse.serve(
                policy,
                services: zones.flatMap { origin, zone in zone.blocks.keys.map { ServiceReference(origin: origin, owner: $0) } })
        }
        guard policies != zones.mapValues(\.policy) else { return }
        memo = InZoneNames.Memo()
        for origin in Set(zones.keys).symmetricDifference(policies.keys) {
            for user in uses.services(usingNamesIn: origin) { markDirty(user, providers: providerCount(of: user)) }
        }
        for origin in Array(zones.keys) where policies[origin]?.hasRecords(of: zones[origin]?.policy) != true { compileAgain(origin) }
        for origin in Array(zones.keys) where policies[origin] == nil { zones[origin] = nil }
        for (origin, policy) in policies {
            if zones[origin] == nil { zones[origin] = ZoneState(origin: origin, policy: policy, seed: seed) }
            zones[origin]?.policy = policy
        }
        book.unsettleAll()
    }

    /// Has all services of a zone compiled again, and those of others that name its name server as a host.
    private mutating func compileAgain(_ origin: DomainName) {
        for (owner, providers) in zones[origin]?.content.all ?? [] {
            _ = queue.insert(ServiceReference(origin: origin, owner: owner), price: 1 + providers)
        }
        guard let nameServer = ApexCompiler.nameServer(of: origin) else { return }
        for user in uses.services(inside: ServiceReference(origin: origin, owner: nameServer)) {
            markDirty(user, providers: providerCount(of: user))
        }
    }

    /// Puts a registry that has been read in full in the place of what was known of a zone.
    package mutating func replace(with registry: Registry, for origin: DomainName) {
        guard let effect = zones[origin]?.content.replace(with: registry) else { return }
        take(effect, in: origin)
        guard zones[origin]?.isRead == false else { return }
        zones[origin]?.begin(services: effect.changed.count, providers: effect.changed.reduce(0) { $0 + $1.providers })
        queue.awaitServices(of: origin)
        // Until now nothing was known of their addresses.
        for host in uses.named(inZone: origin) { markDirty(host, providers: providerCount(of: host)) }
    }

    /// Takes in what is different in a zone's registry.
    package mutating func apply(_ change: RegistryChange, to origin: DomainName) {
        if let effect = zones[origin]?.content.apply(change) { take(effect, in: origin) }
    }

    private mutating func take(_ effect: ZoneContent.Effect, in origin: DomainName) {
        for name in effect.unreachable { report(.unreachable(name, origin: origin)) }
        zones[origin]?.announce(effect.new)
        queue.reserve(effect.changed.count)
        for (owner, providers) in effect.changed { markDirty(ServiceReference(origin: origin, owner: owner), providers: providers) }
    }

    /// Takes in all that the resolver knows of some hosts.
    package mutating func resolve(_ hosts: [String: HostAddresses]) {
        for (host, addresses) in hosts {
            if !uses.isUsed(host) { strayHosts.insert(host) }
            guard book.resolve(host, to: addresses) else { continue }
            for user in uses.services(using: host) { markDirty(user, providers: providerCount(of: user)) }
        }
    }

    /// Marks a service and all whose addresses hang on it. Together they pay for their change: the more of them come first, the less another
    /// has to cost to be compiled before.
    private mutating func markDirty(_ service: ServiceReference, providers: Int) {
        memo.forget(service)
        var pending: [ServiceReference] = []
        var next = service
        var price = 1 + providers
        while true {
            let isNew = queue.insert(next, price: price)
            // One that waits may have been looked at since by services that do not.
            let wasSettled = book.unsettle(next.owner)
            if isNew || wasSettled { pending += uses.services(inside: next) }
            guard let last = pending.popLast() else { return }
            next = last
            price += 1 + providerCount(of: next)
        }
    }

    private func providerCount(of service: ServiceReference) -> Int { zones[service.origin]?.content.providerCount(at: service.owner) ?? 0 }
}

// MARK: Compiling

extension ZoneCompiler {
    /// The zones with all changes, by their origins; those that have not been read are missing. `serial` numbers those that changed, given
    /// the number of their last state.
    package mutating func compile(serial: @escaping (UInt32?) -> UInt32?) -> [DomainName: Zone] {
        compile(VersionNumbering(serial: serial), while: { true })
    }

    /// The zones with as many changes as there is time for, those that cost little first; one service at least. A zone that was not read
    /// before is missing until it is whole.
    package mutating func compile(_ numbering: VersionNumbering, while hasTime: () -> Bool) -> [DomainName: Zone] {
        let inZone = inZone
        while let next = queue.popFirst() {
            let output = compileService(next, inZone)
            // In place: by its key the whole zone would be moved out and back.
            if let index = zones.index(forKey: next.origin) {
                let new = zones.values[index].set(next.owner, to: output) { [queue] in
                    queue.contains(ServiceReference(origin: next.origin, owner: $0))
                }
                for report in new { self.report(report) }
            }
            reverse.set(next, to: output?.block)
            guard hasTime() else { break }
        }
        memo = inZone.memo
        for origin in Array(zones.keys) where !queue.isAwaitingServices(of: origin) {
            zones[origin]?.finish(numbering) { [queue] in queue.contains(ServiceReference(origin: origin, owner: $0)) }
        }
        let reverse = compileReverse(while: hasTime, numbering)
        endSlice()
        return zones.compactMapValues(\.zone).merging(reverse) { zone, _ in zone }
    }

    /// The zones of addresses' names: none before all zones have been whole once that their records come from, as an address may be one of any.
    /// A zone that comes later does not take away what is known.
    private mutating func compileReverse(while hasTime: () -> Bool, _ numbering: VersionNumbering) -> [DomainName: Zone] {
        while queue.isEmpty, let next = reverse.nextPending() {
            if let block = zones[next.origin]?.blocks[next.owner] { reverse.set(next, to: block) }
            guard hasTime() else { break }
        }
        reverse.finish(isWhole: reverse.hasBeenWhole || zones.values.allSatisfy { $0.zone != nil }, numbering)
        return reverse.zones
    }

    /// Forgets what nothing needs any more: hosts that no provider names, and if all is compiled, what was worked out on the way.
    private mutating func endSlice() {
        slicesSinceForgetting += 1
        guard isUpToDate || slicesSinceForgetting > Self.mostSlicesBeforeForgetting else { return }
        slicesSinceForgetting = 0
        for host in uses.takeUnused().union(strayHosts) where !uses.isUsed(host) { book.forget(host: host) }
        strayHosts = []
        guard isUpToDate else {
            // The others are known to no service that waits: a change of theirs is one more reason to compile those that hang on them.
            return book.unsettle { [queue, zones] name in
                zones.keys.contains { queue.contains(ServiceReference(origin: $0, owner: name)) }
            }
        }
        memo = InZoneNames.Memo()
        book.unsettleAll()
    }

    /// What comes of a service; nil if it is gone.
    private mutating func compileService(_ reference: ServiceReference, _ inZone: InZoneNames) -> ServiceCompiler.Output? {
        guard let policy = zones[reference.origin]?.policy, let known = inZone.service(reference) else {
            uses.forget(reference)
            return nil
        }
        note(known.hosts, of: reference, inZone)
        let compiler = ServiceCompiler(owner: reference.owner, policy: policy, limit: limit)
        let output = compiler.compile(known, with: &builder) { book.addresses(of: $0, in: inZone) }
        // Whose hosts change what these addresses are, although it may not have been compiled yet.
        for (service, hosts) in inZone.takeMet() { note(hosts, of: service, inZone) }
        return output
    }

    private mutating func note(_ hosts: some Sequence<ProviderHost>, of reference: ServiceReference, _ inZone: InZoneNames) {
        var external: Set<String> = []
        var inside: Set<ServiceReference> = []
        for case .name(let text) in hosts {
            guard let name = DomainName(host: text) else { continue }
            guard let origin = inZone.origin(of: name) else {
                external.insert(text)
                continue
            }
            inside.insert(ServiceReference(origin: origin, owner: name))
            if let parent = name.parent { inside.insert(ServiceReference(origin: origin, owner: parent)) }
        }
        uses.set(reference, external: external, inside: inside)
    }
}
