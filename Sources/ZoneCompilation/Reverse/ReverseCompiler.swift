import DNSAuthority

/// Compiles what the services of all zones have at addresses into zones of the addresses' names; after a change, only the names near the
/// addresses that it concerns.
struct ReverseCompiler {
    /// One zone on its way.
    private struct Part {
        let prefix: ReversePrefix
        let origin: DomainName
        var builder: ZoneBuilder
        /// The PTR RRset of the origin, where that is an address's name.
        var pointer: RRset?
        var isChanged = true
        /// The zone as it was handed out last; nil until it was whole once.
        var zone: Zone?
        /// What other servers may transfer of it.
        var versions = ZoneVersions()
    }

    private(set) var policy = ReversePolicy.none
    private let seed: UInt64
    private var parts: [Part] = []
    /// The places of the zones.
    private var places: [ReversePrefix: Int32] = [:]
    /// The lengths that prefixes of either family have.
    private var lengths: (ipv4: [Int], ipv6: [Int]) = ([], [])
    private var claims = ReverseClaims(ofOneAddress: [])
    private var blocks: [ReverseClaims.Group: RecordBlock] = [:]
    /// The services whose addresses have not been looked at since the zones became others.
    private var pending: [ServiceReference] = []
    private var builder = RecordBlockBuilder()

    /// Most records of an RRset whatever the policy allows: no response has room for more.
    private static let mostRecords = 1000

    /// No zones.
    init(seed: UInt64) { self.seed = seed }

    /// The zones that have been whole, by their origins.
    var zones: [DomainName: Zone] {
        Dictionary(uniqueKeysWithValues: parts.compactMap { part in part.zone.map { (part.origin, $0) } })
    }

    /// What other servers may transfer of a zone; nil for nothing.
    func history(of origin: DomainName) -> ZoneHistory? { parts.first { $0.origin == origin }?.versions.history }

    /// Whether queries see more of a zone than other servers may transfer.
    var isBehind: Bool { parts.contains { $0.versions.isBehind } }

    /// Whether a zone has been whole.
    var hasBeenWhole: Bool { parts.contains { $0.zone != nil } }

    /// The service whose addresses are to be looked at next.
    mutating func nextPending() -> ServiceReference? { pending.popLast() }

    /// Whether the addresses of all services have been looked at.
    var isUpToDate: Bool { pending.isEmpty }

    /// Has these zones from now on, and no others, from the services that there are. Zones that stay are handed out as they are until they
    /// are whole again.
    mutating func serve(_ policy: ReversePolicy, services: @autoclosure () -> [ServiceReference]) {
        guard policy != self.policy else { return }
        let known = Dictionary(uniqueKeysWithValues: parts.map { ($0.origin, $0) })
        let seed = seed
        self.policy = policy
        parts = policy.prefixes.map { prefix in
            let origin = prefix.origin
            var part = Part(prefix: prefix, origin: origin, builder: ZoneBuilder(origin: origin, seed: seed))
            if let known = known[origin] { (part.zone, part.versions) = (known.zone, known.versions) }
            return part
        }
        places = Dictionary(uniqueKeysWithValues: parts.enumerated().map { ($1.prefix, Int32($0)) })
        func lengths(isIPv4: Bool) -> [Int] { Set(policy.prefixes.filter { $0.isIPv4 == isIPv4 }.map(\.length)).sorted() }
        self.lengths = (lengths(isIPv4: true), lengths(isIPv4: false))
        claims = ReverseClaims(ofOneAddress: Set(places.filter { $0.key.isOneAddress }.values))
        blocks = [:]
        pending = parts.isEmpty ? [] : services()
    }

    /// Takes in what a service has been compiled to; nil if it is gone.
    mutating func set(_ service: ServiceReference, to block: RecordBlock?) {
        guard !parts.isEmpty else { return }
        claims.set(service, to: block) { [places, lengths] address in
            let width = ReversePrefix.width(isIPv4: address.isIPv4)
            for length in address.isIPv4 ? lengths.ipv4 : lengths.ipv6 {
                let bits = address.value >> UInt128(width - length)
                if let place = places[ReversePrefix(isIPv4: address.isIPv4, length: length, bits: bits)] { return place }
            }
            return nil
        }
    }

    /// Compiles what is different, and if all services of all zones have been compiled, takes the zones that are different from the last, or
    /// become versions.
    mutating func finish(isWhole: Bool, _ numbering: VersionNumbering) {
        guard !parts.isEmpty else { return }
        for group in claims.takeChanged() { compile(group) }
        guard isWhole, isUpToDate else { return }
        for index in parts.indices { Self.finish(&parts[index], policy, numbering) }
    }

    private mutating func compile(_ group: ReverseClaims.Group) {
        let most = policy.policy.mostAnswers
        let pointers = claims.pointers(
            of: group, ttl: policy.policy.ttl, most: most > 0 ? min(most, Self.mostRecords) : Self.mostRecords)
        parts[group.zone].isChanged = true
        let prefix = parts[group.zone].prefix
        if prefix.isOneAddress {
            parts[group.zone].pointer = pointers.first?.rrset
            return
        }
        let old = blocks.removeValue(forKey: group)
        if !pointers.isEmpty {
            builder.removeAll()
            for (address, rrset) in pointers {
                builder.add(ReversePrefix.name(of: address, isIPv4: prefix.isIPv4), [builder.add(rrset)])
            }
            let block = builder.build()
            parts[group.zone].builder.insert(block)
            blocks[group] = block
        }
        guard let old else { return }
        for name in parts[group.zone].builder.names(leadingTo: old) { parts[group.zone].builder.remove(name) }
    }

    /// Takes a zone as it is now, with the apex on top. Static, as a copy of the compiler would have all names of the zone copied.
    private static func finish(_ part: inout Part, _ policy: ReversePolicy, _ numbering: VersionNumbering) {
        let apex = ApexCompiler(origin: part.origin, policy: policy.policy)
        guard let serial = part.versions.serial(of: part.zone, isChanged: part.isChanged, numbering),
            let authority = apex.authority(serial: serial)
        else { return }
        part.builder.insert(apex.compile(authority, nameServer: policy.nameServer, hasNameServer: false, pointer: part.pointer))
        let zone = part.builder.build(authority, ttl: policy.policy.ttl)
        part.versions.take(zone, after: part.zone, from: &part.builder, numbering)
        part.zone = zone
        part.isChanged = false
    }
}
