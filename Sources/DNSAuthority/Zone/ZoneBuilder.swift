/// Makes a zone from names, or from another zone and what is different; the cost follows the difference, not the zone.
package struct ZoneBuilder {
    /// The zone's origin.
    package let origin: DomainName
    private let seed: UInt64
    private var shards: [ZoneShard]
    private var nameCount: Int
    /// What becomes of names, by hash; names of one hash are told apart by their octets.
    private var edits: [UInt64: [Edit]] = [:]

    /// What becomes of one name.
    private enum Edit {
        /// It gets a node, whose block is kept until a shard keeps it.
        case put(ZoneNode, RecordBlock)
        case remove(DomainName)

        /// The name's octets and as many zeros as `FoldedName` wants behind them.
        func withFoldedName<Result>(_ body: (FoldedName) -> Result) -> Result {
            switch self {
            case .put(let node, _):
                Self.withFoldedName(node.name, body)
            case .remove(let name): name.octets.withUnsafeBytes { Self.withFoldedName($0, body) }
            }
        }

        static func withFoldedName<Result>(_ octets: UnsafeRawBufferPointer, _ body: (FoldedName) -> Result) -> Result {
            withUnsafeTemporaryAllocation(byteCount: FoldedName.capacity * 8, alignment: 16) { memory in
                guard let start = UnsafeRawPointer(memory.baseAddress) else { preconditionFailure("a capacity above 0 has an address") }
                memory.initializeMemory(as: UInt8.self, repeating: 0)
                memory.copyMemory(from: octets)
                return body(FoldedName(folded: start, length: octets.count))
            }
        }

        func isAbout(_ name: UnsafeRawBufferPointer) -> Bool { withFoldedName { $0.equals(name) } }

        var node: ZoneNode? { if case .put(let node, _) = self { node } else { nil } }
        var block: RecordBlock? { if case .put(_, let block) = self { block } else { nil } }
    }

    /// Names that a shard holds on average after they have been dealt out; with far more or far fewer they are dealt out anew.
    private static let namesPerShard = 64

    /// An empty zone. The seed spreads names over the tables: unpredictable in a server, fixed in a test.
    package init(origin: DomainName, seed: UInt64) {
        self.origin = origin
        self.seed = seed
        shards = [ZoneShard([])]
        nameCount = 0
    }

    /// Adds all names of a block, or puts them in the place of what those names held.
    package mutating func insert(_ block: RecordBlock) {
        for index in 0..<block.nodeCount { insert(block, index) }
    }

    /// Adds one name of a block, told by the order in which they were added.
    package mutating func insert(_ block: RecordBlock, _ index: Int) {
        record(.put(block.node(index), block))
    }

    /// Takes a name away; nothing if it is not there.
    package mutating func remove(_ name: DomainName) { record(.remove(name)) }

    /// The block that has a name; nil if the name is not there.
    package func block(of name: DomainName) -> RecordBlock? {
        name.octets.withUnsafeBytes { octets in
            Edit.withFoldedName(octets) { name in
                let hash = name.hash(seed: seed)
                if let edit = edits[hash]?.first(where: { $0.isAbout(name.wire) }) { return edit.block }
                let shard = Int(truncatingIfNeeded: ZoneView.shard(of: hash, bits: UInt64(shards.count.trailingZeroBitCount)))
                return shards[shard].node(name, hash)?.block.takeUnretainedValue()
            }
        }
    }

    /// The last word about a name counts.
    private mutating func record(_ edit: Edit) {
        edit.withFoldedName { name in
            let hash = name.hash(seed: seed)
            edits[hash]?.removeAll { $0.isAbout(name.wire) }
            edits[hash, default: []].append(edit)
        }
    }

    /// The zone as it is now with this SOA; the builder goes on from there. `hasUnknownServices`: some names have an unknown SRV RRset.
    package mutating func build(_ authority: StartOfAuthority, ttl: UInt32, hasUnknownServices: Bool = false) -> Zone {
        let bits = UInt64(shards.count.trailingZeroBitCount)
        for (index, hashes) in Dictionary(grouping: edits.keys, by: { Int(ZoneView.shard(of: $0, bits: bits)) }) {
            apply(hashes, to: index)
        }
        edits.removeAll()
        let room = shards.count * Self.namesPerShard
        if nameCount > 2 * room || shards.count > 1 && nameCount < room / 8 { spread() }
        return Zone(origin: origin, authority: authority, ttl: ttl, seed: seed, shards: shards, hasUnknownServices: hasUnknownServices)
    }

    private mutating func apply(_ hashes: [UInt64], to index: Int) {
        let kept = shards[index].entries.filter { slot in
            guard let node = slot.node, let edits = edits[slot.hash] else { return true }
            return !edits.contains { $0.isAbout(node.name) }
        }
        let added = hashes.flatMap { hash in
            (edits[hash] ?? []).filter { $0.node != nil }.map { ZoneShard.Slot(hash: hash, node: $0.node) }
        }
        nameCount += kept.count + added.count - shards[index].count
        shards[index] = ZoneShard(kept + added)
    }

    /// Deals all names out again over so many shards that each holds some.
    private mutating func spread() {
        var bits: UInt64 = 0
        while nameCount > (Self.namesPerShard << bits) { bits += 1 }
        var entries = [[ZoneShard.Slot]](repeating: [], count: 1 << bits)
        for shard in shards {
            for slot in shard.entries { entries[Int(ZoneView.shard(of: slot.hash, bits: bits))].append(slot) }
        }
        // The old shards keep the blocks until the new ones do.
        shards = entries.map(ZoneShard.init)
    }
}
