import DNSAuthority
import ProviderRegistry

/// One zone on its way: what it holds, and the names of it that are handed out next.
///
/// Services are compiled one after another, and a name may pass from one to another: it never vanishes on its way.
struct ZoneState {
    var content: ZoneContent
    private(set) var builder: ZoneBuilder
    private var blocks: [DomainName: RecordBlock] = [:]
    /// Names that may have to become, or to stop being, empty non-terminals.
    var between: Set<DomainName> = []
    /// Names that stay as they were in a block until a service has been compiled that may have them now.
    private var left: [DomainName: [(name: DomainName, block: RecordBlock)]] = [:]
    /// Providers of services that have been reported to have no name.
    var unnamed: [DomainName: Set<InstanceName>] = [:]
    /// Services that have been reported to be too large.
    var oversized: Set<DomainName> = []
    /// Services that have been reported to have more records than an RRset may.
    var limited: Set<DomainName> = []
    /// Services without which the zone that has just been read for the first time is not whole.
    var awaited: Set<DomainName> = []
    var isRead = false
    var isChanged = false
    private(set) var zone: Zone?

    init(origin: DomainName, seed: UInt64) {
        content = ZoneContent(origin: origin)
        builder = ZoneBuilder(origin: origin, seed: seed)
    }

    /// Puts a service's block in the place of the one that it had; nil if the service is gone. `isWaiting` tells which services are compiled
    /// later.
    mutating func set(_ owner: DomainName, to block: RecordBlock?, _ isWaiting: (DomainName) -> Bool) {
        let old = blocks.removeValue(forKey: owner)
        blocks[owner] = block
        if let block { builder.insert(block) }
        if let old { for name in old.names { release(name, of: old, isWaiting) } }
        for (name, block) in left.removeValue(forKey: owner) ?? [] { release(name, of: block, isWaiting) }
        awaited.remove(owner)
        isChanged = true
    }

    /// Takes a name away that is still as it was in a block. It stays for now if a service that waits may have it, and then as an empty
    /// non-terminal if something lies below it.
    private mutating func release(_ name: DomainName, of block: RecordBlock, _ isWaiting: (DomainName) -> Bool) {
        guard builder.block(of: name) === block else { return }
        if let heir = content.claimants(of: name).first(where: isWaiting) {
            left[heir, default: []].append((name, block))
        } else if !content.hasDescendants(name) {
            builder.remove(name)
        } else if !block.isBetween {
            insertEmptyNonTerminals([name])
        }
    }

    /// Puts empty non-terminals where something lies below and nothing stands, and takes away those below which nothing lies any more.
    mutating func placeEmptyNonTerminals(_ isWaiting: (DomainName) -> Bool) {
        guard !between.isEmpty else { return }
        var new: [DomainName] = []
        for name in between {
            let block = builder.block(of: name)
            if let block, block.isBetween {
                release(name, of: block, isWaiting)
            } else if block == nil, content.hasDescendants(name) {
                new.append(name)
            }
        }
        for start in stride(from: 0, to: new.count, by: Self.mostInBlock) {
            insertEmptyNonTerminals(new[start..<min(start + Self.mostInBlock, new.count)])
        }
        between = []
        isChanged = true
    }

    /// Empty non-terminals in one block: enough to share what a block costs, and so few that the last one left keeps little.
    private static let mostInBlock = 32

    private mutating func insertEmptyNonTerminals(_ names: some Sequence<DomainName>) {
        var block = RecordBlockBuilder()
        for name in names { block.add(name) }
        builder.insert(block.build(isBetween: true))
    }

    /// Takes the zone with the apex on top, if it is whole and different from the last; `serial` numbers it, given the last one's number.
    mutating func finish(_ policy: ZonePolicy, _ serial: (UInt32?) -> UInt32) {
        guard isRead, isChanged, awaited.isEmpty else { return }
        let apex = ApexCompiler(origin: content.origin, policy: policy)
        guard let nameServer = content.nameServer, let authority = apex.authority(serial: serial(zone?.authority.serial)) else { return }
        builder.insert(apex.compile(authority, nameServer: nameServer, hasNameServer: !content.hasService(at: nameServer)))
        for ancestor in ServiceNaming.ancestors(of: nameServer, below: content.origin) where builder.block(of: ancestor) == nil {
            insertEmptyNonTerminals([ancestor])
        }
        zone = builder.build(authority, ttl: policy.ttl, hasUnknownServices: !content.unknown.isEmpty)
        isChanged = false
    }
}
