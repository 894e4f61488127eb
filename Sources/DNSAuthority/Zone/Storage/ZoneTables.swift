/// The names of the zone that a `ZoneBuilder` makes next, spread by hash over shards.
///
/// It shares shards with the zones that were made before, and changes copies of them. Neither a shard nor a zone counts references to the
/// blocks that it leads to, as a change would then touch the memory of thousands: what the newest zone no longer needs goes to the
/// `ZoneRemains` of those before it.
final class ZoneTables {
    /// The number of shards is a power of two; the upper bits of a name's hash select its shard.
    @exclusivity(unchecked) private(set) var shards: [ZoneShard]
    /// How many names each shard has. Unchecked, as are its neighbours: each name would pay for a check of what one builder alone changes.
    @exclusivity(unchecked) private var counts = [0]
    /// Whether a zone shares each shard.
    @exclusivity(unchecked) private var isShared = [false]
    /// The shards that no zone shares.
    private var changed = [0]
    @exclusivity(unchecked) private(set) var nameCount = 0
    /// How many names have an answer for all names below them.
    @exclusivity(unchecked) private(set) var coveringCount = 0
    /// The blocks that names lead to, with the number of those names.
    private var uses: [ObjectIdentifier: (block: RecordBlock, names: Int)] = [:]
    /// Where shards and blocks go that the zones made so far need and the next one does not.
    private var remains = ZoneRemains()
    /// What `load` has read, so that the compiler does not leave the reading out.
    private var loaded: UInt64 = 0

    init() { shards = [ZoneShard(room: 0)] }

    /// The same names for another builder.
    init(copying other: ZoneTables) {
        shards = other.shards.map(ZoneShard.init(copying:))
        (counts, nameCount, coveringCount, uses) = (other.counts, other.nameCount, other.coveringCount, other.uses)
        isShared = counts.map { _ in false }
        changed = Array(counts.indices)
    }

    deinit {
        for shard in shards { remains.add(shard) }
        for use in uses.values { remains.add(use.block) }
    }

    /// The node of a name; nil if it is not there.
    func node(_ name: FoldedName, _ hash: UInt64) -> ZoneNode? {
        let shard = shards[index(of: hash)]
        return shard.slots[shard.place(of: name, hash)].node
    }

    /// Whether names lead to a block.
    func uses(_ block: RecordBlock) -> Bool { uses[ObjectIdentifier(block)] != nil }

    /// Puts a node at its name; gives the node that stood there. The caller counts the names of the blocks by `count`.
    func put(_ node: ZoneNode, _ name: FoldedName, _ hash: UInt64) -> ZoneNode? {
        let index = index(of: hash)
        let shard = ownShard(index)
        let place = shard.place(of: name, hash)
        if node.coversBelow { coveringCount += 1 }
        if let old = shard.slots[place].node {
            if old.coversBelow { coveringCount -= 1 }
            shard.slots[place].node = node
            return old
        }
        counts[index] += 1
        nameCount += 1
        let slot = ZoneShard.Slot(hash: hash, node: node)
        if shard.hasRoom(for: counts[index]) {
            shard.slots[place] = slot
        } else {
            shards[index] = ZoneShard(copying: shard, room: counts[index])
            shard.slots.deallocate()
            shards[index].insert(slot)
        }
        return nil
    }

    /// Takes a name away; gives the node that stood there. The caller counts the names of its block by `count`.
    func remove(_ name: FoldedName, _ hash: UInt64) -> ZoneNode? {
        guard node(name, hash) != nil else { return nil }
        let index = index(of: hash)
        let shard = ownShard(index)
        let place = shard.place(of: name, hash)
        let old = shard.slots[place].node
        if old?.coversBelow == true { coveringCount -= 1 }
        shard.remove(at: place)
        counts[index] -= 1
        nameCount -= 1
        return old
    }

    /// Has the memory of the places of names with these hashes loaded, all of it at once: one after another would wait for each.
    func load(_ hashes: UnsafeMutableBufferPointer<UInt64>) {
        var sum: UInt64 = 0
        for hash in hashes {
            let shard = shards[index(of: hash)]
            sum ^= shard.slots[Int(truncatingIfNeeded: hash) & shard.mask].hash
        }
        loaded = sum
    }

    /// Counts names that lead to a block from now on, or no longer if negative.
    func count(_ names: Int, of block: RecordBlock) {
        let key = ObjectIdentifier(block)
        guard Self.add(names, to: &uses[key, default: (block, 0)]) <= 0 else { return }
        uses[key] = nil
        remains.add(block)
    }

    private static func add(_ names: Int, to use: inout (block: RecordBlock, names: Int)) -> Int {
        use.names += names
        return use.names
    }

    /// Has a zone share all shards; gives the remains that the zone must keep.
    func share() -> ZoneRemains {
        spread()
        for index in changed { isShared[index] = true }
        changed = []
        let next = ZoneRemains()
        remains.next = next
        remains = next
        return next
    }

    private func index(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: ZoneView.shard(of: hash, bits: UInt64(shards.count.trailingZeroBitCount)))
    }

    /// A shard that no zone shares.
    private func ownShard(_ index: Int) -> ZoneShard {
        guard isShared[index] else { return shards[index] }
        remains.add(shards[index])
        shards[index] = ZoneShard(copying: shards[index])
        isShared[index] = false
        changed.append(index)
        return shards[index]
    }

    /// Names that a shard holds on average after they have been dealt out. A zone copies the list of shards, and a change copies some
    /// shards: both grow with the root of the number of names.
    private static func namesPerShard(bits: Int) -> Int { 64 << max(0, bits - 10) }

    /// Deals all names out again over so many shards that each holds some, if there are far more or far fewer than before.
    private func spread() {
        let room = shards.count * Self.namesPerShard(bits: shards.count.trailingZeroBitCount)
        guard nameCount > 2 * room || shards.count > 1 && nameCount < room / 8 else { return }
        deal(room: nameCount)
    }

    /// Has room for so many names and blocks at once.
    func reserve(names count: Int, blocks: Int) {
        if count > nameCount { deal(room: count) }
        uses.reserveCapacity(blocks)
    }

    /// Deals all names out again over so many shards that each holds some once there are `count` names.
    private func deal(room count: Int) {
        var bits = 0
        while count > Self.namesPerShard(bits: bits) << bits { bits += 1 }
        var new = [Int](repeating: 0, count: 1 << bits)
        func index(_ slot: ZoneShard.Slot) -> Int { Int(truncatingIfNeeded: ZoneView.shard(of: slot.hash, bits: UInt64(bits))) }
        for shard in shards { for slot in shard.entries { new[index(slot)] += 1 } }
        let dealt = new.map { ZoneShard(room: max($0, count >> bits)) }
        for shard in shards { for slot in shard.entries { dealt[index(slot)].insert(slot) } }
        for (index, shard) in shards.enumerated() { if isShared[index] { remains.add(shard) } else { shard.slots.deallocate() } }
        (shards, counts) = (dealt, new)
        isShared = new.map { _ in false }
        changed = Array(new.indices)
    }
}

/// What some zones of a builder need and later ones do not: kept until the last of those zones is gone.
///
/// Each zone keeps the remains of its own successor and so, by `next`, of all that follow: what goes when a zone is made may have been part
/// of every zone before it. Sendable although it changes: only the builder changes the newest, and nothing reads it but `deinit`.
final class ZoneRemains: @unchecked Sendable {
    private var shards: [ZoneShard] = []
    private var blocks: [RecordBlock] = []
    /// What later zones leave.
    fileprivate(set) var next: ZoneRemains?

    fileprivate func add(_ shard: ZoneShard) { shards.append(shard) }

    fileprivate func add(_ block: RecordBlock) { blocks.append(block) }

    deinit {
        for shard in shards { shard.slots.deallocate() }
        // One after another: as parts of each other many would overflow the stack.
        var rest = next.take()
        while isKnownUniquelyReferenced(&rest), let last = rest { rest = last.next.take() }
    }
}
