/// Makes zones, each from the names of the one before and what is different; the cost follows the difference, not the zone.
///
/// Empty non-terminals are its business (RFC 8020): it finds them from the names that it is given.
package struct ZoneBuilder {
    /// The zone's origin.
    package let origin: DomainName
    private let seed: UInt64
    private var tables = ZoneTables()
    /// How many names with blocks, or announced ones, lie below each name that is below the origin itself.
    private var below: [DomainName: Int] = [:]
    /// The last names without blocks below which names came, with how many came that are not counted yet: names of many blocks lie below few.
    private var uncounted: [(name: DomainName, count: Int)] = []
    /// Names that may have to become, or to stop being, empty non-terminals.
    private var between: Set<DomainName> = []
    /// What has changed since it was last taken; nil where no caller takes it.
    private var changes: ZoneChanges?

    /// An empty zone. The seed spreads names over the tables: unpredictable in a server, fixed in a test.
    package init(origin: DomainName, seed: UInt64) {
        self.origin = origin
        self.seed = seed
    }

    /// Has room for so many names and blocks at once, where that is known before they come.
    package mutating func reserve(names count: Int, blocks blockCount: Int) {
        makeUnique()
        tables.reserve(names: count, blocks: blockCount)
        // Most blocks have a name that others lie below.
        below.reserveCapacity(blockCount)
    }

    /// Adds all names of a block, or puts them in the place of what those names held.
    package mutating func insert(_ block: RecordBlock) {
        makeUnique()
        changes?.note(block)
        tables.count(block.nodeCount, of: block)
        // Most names of a block lie below one, and most blocks take the place of one.
        var (parent, new) = (UnsafeRawBufferPointer(start: nil, count: 0), 0)
        var (replaced, old): (RecordBlock?, Int) = (nil, 0)
        Self.forEachNode(of: block, tables, seed: seed) { node, hash in
            let name = node.folded
            if let block = tables.put(node, name, hash)?.block.takeUnretainedValue() {
                if block !== replaced {
                    if let replaced { tables.count(-old, of: replaced) }
                    (replaced, old) = (block, 0)
                }
                old += 1
                guard block.isBetween else { return }
            }
            let above = UnsafeRawBufferPointer(rebasing: node.name.dropFirst(node.name.first.map { 1 + Int($0) } ?? 0))
            if !FoldedName(folded: name.octets + (name.length - above.count), length: above.count).equals(parent) {
                count(new, below: parent)
                (parent, new) = (above, 0)
            }
            new += 1
        }
        if let replaced { tables.count(-old, of: replaced) }
        count(new, below: parent)
    }

    /// Takes a name away, unless something lies below it; nothing if it is not there.
    package mutating func remove(_ name: DomainName) {
        makeUnique()
        let old = name.octets.withUnsafeBytes { octets in
            FoldedName.withMemory { memory in
                let name = FoldedName(padding: octets, in: memory)
                return tables.remove(name, name.hash(seed: seed))
            }
        }
        guard let block = old?.block.takeUnretainedValue() else { return }
        changes?.note(removed: name)
        tables.count(-1, of: block)
        if !block.isBetween { count(-1, below: name.parent) }
        if below[name] != nil { between.insert(name) }
    }

    /// Has the names above one exist although it comes only later.
    package mutating func announce(_ name: DomainName) { count(1, below: name.parent) }

    /// Takes back that a name comes.
    package mutating func withdraw(_ name: DomainName) { count(-1, below: name.parent) }

    /// What has changed since this was called last, and has the changes to come noted if `isKept`; nil if they were not.
    package mutating func takeChanges(isKept: Bool) -> ZoneChanges? {
        defer { changes = isKept ? ZoneChanges() : nil }
        return changes
    }

    /// How many names with blocks, or announced ones, lie below a name that is below the origin.
    package func namesBelow(_ name: DomainName) -> Int { below[name] ?? 0 }

    /// The block that has a name, nil if the name is not there or only names below it are.
    package func block(of name: DomainName) -> RecordBlock? {
        guard let block = node(of: name)?.block.takeUnretainedValue() else { return nil }
        return block.isBetween ? nil : block
    }

    /// Those names of a block that still lead to it.
    package func names(leadingTo block: RecordBlock) -> [DomainName] {
        guard tables.uses(block) else { return [] }
        var names: [DomainName] = []
        Self.forEachNode(of: block, tables, seed: seed) { node, hash in
            let isThere = tables.node(node.folded, hash)?.block.toOpaque() == Unmanaged.passUnretained(block).toOpaque()
            if isThere { names.append(node.owner) }
        }
        return names
    }

    /// The zone as it is now with this SOA; the builder goes on from there. `hasUnknownServices`: some names have an unknown SRV RRset.
    /// Empty non-terminals below which nothing lies any more stay until the next zone where `isKept` says so.
    package mutating func build(
        _ authority: StartOfAuthority, ttl: UInt32, hasUnknownServices: Bool = false, isKept: (DomainName) -> Bool = { _ in false }
    ) -> Zone {
        makeUnique()
        countRest()
        placeEmptyNonTerminals(isKept)
        // Nothing lies below them that would have them compared.
        for name in between { changes?.note(removed: name) }
        let remains = tables.share()
        var exceptions: ZoneView.Exceptions = hasUnknownServices ? .unknownServices : []
        if tables.coveringCount > 0 { exceptions.insert(.coveringNames) }
        return Zone(
            origin: origin, authority: authority, ttl: ttl, seed: seed, shards: tables.shards, nameCount: tables.nameCount,
            remains: remains, exceptions: exceptions)
    }
}

extension ZoneBuilder {
    private mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&tables) { tables = ZoneTables(copying: tables) }
    }

    /// Names whose places in the tables are loaded at once: as many as a core waits for memory at a time.
    private static let namesAtOnce = 16

    /// Calls a function with each name of a block and its hash. Static, as a copy of the builder would have its parts copied by a change.
    private static func forEachNode(of block: RecordBlock, _ tables: ZoneTables, seed: UInt64, _ body: (ZoneNode, UInt64) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: namesAtOnce) { hashes in
            for start in stride(from: 0, to: block.nodeCount, by: namesAtOnce) {
                let count = min(namesAtOnce, block.nodeCount - start)
                FoldedName.withMemory { memory in
                    for index in 0..<count {
                        hashes[index] = FoldedName(padding: block.node(start + index).name, in: memory).hash(seed: seed)
                    }
                }
                tables.load(UnsafeMutableBufferPointer(rebasing: hashes[..<count]))
                for index in 0..<count { body(block.node(start + index), hashes[index]) }
            }
        }
    }

    private func node(of name: DomainName) -> ZoneNode? {
        name.octets.withUnsafeBytes { octets in
            FoldedName.withMemory { memory in
                let name = FoldedName(padding: octets, in: memory)
                return tables.node(name, name.hash(seed: seed))
            }
        }
    }

    /// Counts names that come right below one, which is in lower case.
    private mutating func count(_ names: Int, below parent: UnsafeRawBufferPointer) {
        guard names > 0, parent.count > origin.octets.count else { return }
        let place = uncounted.firstIndex { $0.name.octets.withUnsafeBytes { $0.count == parent.count && $0.elementsEqual(parent) } }
        if let place { return uncounted[place].count += names }
        let name = DomainName(folded: parent)
        count(names, below: name)
        // A service has its block already, and no other names come below it.
        guard block(of: name) == nil else { return }
        if uncounted.count == Self.mostUncounted { countRest() }
        uncounted.append((name, 0))
    }

    /// Protocols, of which there are two, and few others.
    private static let mostUncounted = 4

    /// Counts what has come below names and is not counted yet.
    private mutating func countRest() {
        for (name, names) in uncounted where names > 0 { count(names, below: name) }
        uncounted = []
    }

    /// Counts names that come right below one, or go if negative.
    private mutating func count(_ names: Int, below parent: DomainName?) {
        var next = parent
        while let name = next, name.octets.count > origin.octets.count {
            let sum = Self.add(names, to: &below[name, default: 0])
            if sum == 0 { below[name] = nil }
            if sum == names || sum == 0, block(of: name) == nil { between.insert(name) }
            // Most names are right below the origin.
            next = 1 + Int(name.octets[0]) + origin.octets.count == name.octets.count ? nil : name.parent
        }
    }

    private static func add(_ names: Int, to sum: inout Int) -> Int {
        sum += names
        return sum
    }

    /// Puts empty non-terminals where something lies below and nothing stands, and takes away those below which nothing lies any more.
    private mutating func placeEmptyNonTerminals(_ isKept: (DomainName) -> Bool) {
        var new: [DomainName] = []
        var kept: Set<DomainName> = []
        for name in between {
            let block = node(of: name)?.block.takeUnretainedValue()
            let isAbove = below[name] != nil
            if block == nil, isAbove { new.append(name) }
            guard block?.isBetween == true, !isAbove else { continue }
            if isKept(name) { kept.insert(name) } else { remove(name) }
        }
        between = kept
        for start in stride(from: 0, to: new.count, by: Self.mostInBlock) {
            var block = RecordBlockBuilder()
            for name in new[start..<min(start + Self.mostInBlock, new.count)] { block.add(name) }
            insertEmptyNonTerminals(block.build(isBetween: true))
        }
    }

    /// Empty non-terminals in one block: enough to share what a block costs, and so few that the last one left keeps little.
    private static let mostInBlock = 32

    private func insertEmptyNonTerminals(_ block: RecordBlock) {
        tables.count(block.nodeCount, of: block)
        Self.forEachNode(of: block, tables, seed: seed) { node, hash in _ = tables.put(node, node.folded, hash) }
    }
}
