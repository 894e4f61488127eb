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
    /// Names that may have to become, or to stop being, empty non-terminals.
    private var between: Set<DomainName> = []

    /// An empty zone. The seed spreads names over the tables: unpredictable in a server, fixed in a test.
    package init(origin: DomainName, seed: UInt64) {
        self.origin = origin
        self.seed = seed
    }

    /// Adds all names of a block, or puts them in the place of what those names held.
    package mutating func insert(_ block: RecordBlock) {
        makeUnique()
        tables.count(block.nodeCount, of: block)
        // Most names of a block lie below one, and most blocks take the place of one.
        var (parent, new) = (UnsafeRawBufferPointer(start: nil, count: 0), 0)
        var (replaced, old): (RecordBlock?, Int) = (nil, 0)
        Self.withMemory { memory in
            for index in 0..<block.nodeCount {
                let node = block.node(index)
                let name = FoldedName(padding: node.name, in: memory)
                if let block = tables.put(node, name, name.hash(seed: seed))?.block.takeUnretainedValue() {
                    if block !== replaced {
                        if let replaced { tables.count(-old, of: replaced) }
                        (replaced, old) = (block, 0)
                    }
                    old += 1
                    guard block.isBetween else { continue }
                }
                let above = UnsafeRawBufferPointer(rebasing: node.name.dropFirst(node.name.first.map { 1 + Int($0) } ?? 0))
                if !FoldedName(folded: memory + (name.length - above.count), length: above.count).equals(parent) {
                    count(new, below: parent)
                    (parent, new) = (above, 0)
                }
                new += 1
            }
        }
        if let replaced { tables.count(-old, of: replaced) }
        count(new, below: parent)
    }

    /// Takes a name away, unless something lies below it; nothing if it is not there.
    package mutating func remove(_ name: DomainName) {
        makeUnique()
        let old = name.octets.withUnsafeBytes { octets in
            Self.withMemory { memory in
                let name = FoldedName(padding: octets, in: memory)
                return tables.remove(name, name.hash(seed: seed))
            }
        }
        guard let block = old?.block.takeUnretainedValue() else { return }
        tables.count(-1, of: block)
        if !block.isBetween { count(-1, below: name.parent) }
        if below[name] != nil { between.insert(name) }
    }

    /// Has the names above one exist although it comes only later.
    package mutating func announce(_ name: DomainName) { count(1, below: name.parent) }

    /// Takes back that a name comes.
    package mutating func withdraw(_ name: DomainName) { count(-1, below: name.parent) }

    /// The block that has a name, nil if the name is not there or only names below it are.
    package func block(of name: DomainName) -> RecordBlock? {
        guard let block = node(of: name)?.block.takeUnretainedValue() else { return nil }
        return block.isBetween ? nil : block
    }

    /// Those names of a block that still lead to it.
    package func names(leadingTo block: RecordBlock) -> [DomainName] {
        guard tables.uses(block) else { return [] }
        return (0..<block.nodeCount).compactMap { index in
            let node = block.node(index)
            let isThere = Self.withMemory { memory in
                let name = FoldedName(padding: node.name, in: memory)
                return tables.node(name, name.hash(seed: seed))?.block.toOpaque() == Unmanaged.passUnretained(block).toOpaque()
            }
            return isThere ? node.owner : nil
        }
    }

    /// The zone as it is now with this SOA; the builder goes on from there. `hasUnknownServices`: some names have an unknown SRV RRset.
    /// Empty non-terminals below which nothing lies any more stay until the next zone where `isKept` says so.
    package mutating func build(
        _ authority: StartOfAuthority, ttl: UInt32, hasUnknownServices: Bool = false, isKept: (DomainName) -> Bool = { _ in false }
    ) -> Zone {
        makeUnique()
        placeEmptyNonTerminals(isKept)
        let remains = tables.share()
        return Zone(
            origin: origin, authority: authority, ttl: ttl, seed: seed, shards: tables.shards, nameCount: tables.nameCount,
            remains: remains, hasUnknownServices: hasUnknownServices)
    }
}

extension ZoneBuilder {
    private mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&tables) { tables = ZoneTables(copying: tables) }
    }

    private func node(of name: DomainName) -> ZoneNode? {
        name.octets.withUnsafeBytes { octets in
            Self.withMemory { memory in
                let name = FoldedName(padding: octets, in: memory)
                return tables.node(name, name.hash(seed: seed))
            }
        }
    }

    /// Counts names that come right below one, which is in lower case.
    private mutating func count(_ names: Int, below parent: UnsafeRawBufferPointer) {
        if names > 0, parent.count > origin.octets.count { count(names, below: DomainName(folded: parent)) }
    }

    /// Counts names that come right below one, or go if negative.
    private mutating func count(_ names: Int, below parent: DomainName?) {
        var next = parent
        while let name = next, name.octets.count > origin.octets.count {
            let sum = Self.add(names, to: &below[name, default: 0])
            if sum == 0 { below[name] = nil }
            if sum == names || sum == 0, block(of: name) == nil { between.insert(name) }
            next = name.parent
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
        Self.withMemory { memory in
            for index in 0..<block.nodeCount {
                let name = FoldedName(padding: block.node(index).name, in: memory)
                _ = tables.put(block.node(index), name, name.hash(seed: seed))
            }
        }
    }

    /// Memory for a name with what `FoldedName` wants behind it.
    private static func withMemory<Result>(_ body: (UnsafeMutableRawPointer) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: FoldedName.capacity * 8, alignment: 16) { memory in
            guard let start = memory.baseAddress else { preconditionFailure("a capacity above 0 has an address") }
            return body(start)
        }
    }
}

extension FoldedName {
    /// A name that is folded already, copied into memory of `capacity` words with zeros behind it.
    fileprivate init(padding name: UnsafeRawBufferPointer, in memory: UnsafeMutableRawPointer) {
        // A multiple of sixteen, with eight behind the name at least.
        let room = (name.count + 8 + 15) & ~15
        memory.copyMemory(from: name)
        (memory + name.count).initializeMemory(as: UInt8.self, repeating: 0, count: room - name.count)
        self.init(folded: UnsafeRawPointer(memory), length: name.count)
    }
}

extension UnsafeMutableRawPointer {
    fileprivate func copyMemory(from octets: UnsafeRawBufferPointer) {
        if let start = octets.baseAddress { copyMemory(from: start, byteCount: octets.count) }
    }
}
