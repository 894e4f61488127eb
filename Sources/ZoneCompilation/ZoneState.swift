import DNSAuthority
import ProviderRegistry

/// One zone on its way: what it holds, and the names of it that are handed out next.
///
/// Services are compiled one after another, and a name may pass from one to another: it never vanishes on its way.
struct ZoneState {
    var policy: ZonePolicy {
        didSet { if !policy.hasRecords(of: oldValue) { isChanged = true } }
    }
    var content: ZoneContent
    private var builder: ZoneBuilder
    /// What each service has been compiled to.
    private(set) var blocks: [DomainName: RecordBlock] = [:]
    /// Names that stay as they were in a block until a service has been compiled that may have them now.
    private var left: [DomainName: [(name: DomainName, block: RecordBlock)]] = [:]
    /// Names of services that come when they have been compiled; names above them exist already.
    private var announced: [DomainName: [DomainName]] = [:]
    /// Providers of services that have been reported to have no name.
    private var unnamed: [DomainName: Set<InstanceName>] = [:]
    /// What providers of services have been reported to say in vain.
    private var omitted: [DomainName: Set<OmittedDetail>] = [:]
    /// Services that have been reported to be too large.
    private var oversized: Set<DomainName> = []
    /// Services that have been reported to have more records than an RRset may.
    private var limited: Set<DomainName> = []
    /// Whether the registry has been read in full.
    private(set) var isRead = false
    private var isChanged = false
    /// The zone as it was handed out last; nil until it was whole once.
    private(set) var zone: Zone?
    /// What other servers may transfer of it.
    private(set) var versions = ZoneVersions()

    init(origin: DomainName, policy: ZonePolicy, seed: UInt64) {
        self.policy = policy
        content = ZoneContent(origin: origin)
        builder = ZoneBuilder(origin: origin, seed: seed)
    }

    /// The registry has been read in full for the first time, with so many services and providers.
    mutating func begin(services: Int, providers: Int) {
        (isRead, isChanged) = (true, true)
        blocks.reserveCapacity(services)
        builder.reserve(names: services * (2 + ServiceNaming.protocols.count) + providers, blocks: services)
    }

    /// Has the names above new services exist from now on, if clients may have seen them.
    mutating func announce(_ owners: [DomainName]) {
        guard zone != nil else { return }
        for owner in owners where announced[owner] == nil {
            let names = [owner] + content.names.serviceNames(of: owner)
            for name in names { builder.announce(name) }
            announced[owner] = names
        }
    }

    /// Puts what a service has been compiled to in the place of what it had, nil if the service is gone; gives what is to be reported.
    /// `isWaiting` tells which services are compiled later.
    mutating func set(
        _ owner: DomainName, to output: ServiceCompiler.Output?, _ isWaiting: (DomainName) -> Bool
    ) -> [ZoneCompiler.Report] {
        let block = output?.block
        let old = block.map { blocks.updateValue($0, forKey: owner) } ?? blocks.removeValue(forKey: owner)
        if let block { builder.insert(block) }
        if !announced.isEmpty { for name in announced.removeValue(forKey: owner) ?? [] { builder.withdraw(name) } }
        if let old { for name in builder.names(leadingTo: old) { release(name, of: old, isWaiting) } }
        if !left.isEmpty {
            for (name, block) in left.removeValue(forKey: owner) ?? [] where builder.block(of: name) === block {
                release(name, of: block, isWaiting)
            }
        }
        isChanged = true
        guard let output else {
            forgetReports(of: owner)
            return []
        }
        return reports(on: output, of: owner)
    }

    /// Takes a name away that is still as it was in a block. It stays for now if a service that waits may have it.
    private mutating func release(_ name: DomainName, of block: RecordBlock, _ isWaiting: (DomainName) -> Bool) {
        if let heir = content.names.claimants(of: name).first(where: isWaiting) {
            left[heir, default: []].append((name, block))
        } else {
            builder.remove(name)
        }
    }

    /// Takes the zone, which is whole, with the apex on top if it is different from the last, or becomes a version.
    mutating func finish(_ numbering: VersionNumbering, _ isWaiting: (DomainName) -> Bool) {
        guard isRead, let serial = versions.serial(of: zone, isChanged: isChanged, numbering) else { return }
        let apex = ApexCompiler(origin: content.origin, policy: policy)
        guard let nameServer = content.names.nameServer, let authority = apex.authority(serial: serial) else { return }
        builder.insert(apex.compile(authority, nameServer: nameServer, hasNameServer: !content.names.hasService(at: nameServer)))
        let zone = builder.build(authority, ttl: policy.ttl, hasUnknownServices: !content.unknown.isEmpty) { [content] name in
            content.names.claimants(of: name).contains(where: isWaiting)
        }
        versions.take(zone, after: self.zone, from: &builder, numbering)
        self.zone = zone
        isChanged = false
    }
}

// MARK: What has been reported

extension ZoneState {
    /// What is to be reported of a service that has been compiled: once of each provider that it has no name, and once of the service that it
    /// is too large, or has more than answers hold.
    private mutating func reports(on output: ServiceCompiler.Output, of owner: DomainName) -> [ZoneCompiler.Report] {
        var reports: [ZoneCompiler.Report] = []
        if !output.unnamed.isEmpty || !unnamed.isEmpty {
            let new = Set(output.unnamed)
            reports += new.subtracting(unnamed[owner] ?? []).map { .unnamed(instance: $0, owner: owner) }
            unnamed[owner] = new.isEmpty ? nil : new
        }
        if !output.omitted.isEmpty || !omitted.isEmpty {
            let new = Set(output.omitted)
            reports += new.subtracting(omitted[owner] ?? []).map { .omitted($0, owner: owner) }
            omitted[owner] = new.isEmpty ? nil : new
        }
        if output.leftOut == 0 {
            if !oversized.isEmpty { oversized.remove(owner) }
        } else if oversized.insert(owner).inserted {
            reports.append(.oversized(owner: owner, leftOut: output.leftOut))
        }
        if let records = output.records {
            if limited.insert(owner).inserted { reports.append(.limited(owner: owner, records: records)) }
        } else if !limited.isEmpty {
            limited.remove(owner)
        }
        return reports
    }

    /// Has everything reported again of a service that is gone, should it come back.
    private mutating func forgetReports(of owner: DomainName) {
        unnamed[owner] = nil
        omitted[owner] = nil
        oversized.remove(owner)
        limited.remove(owner)
    }
}
