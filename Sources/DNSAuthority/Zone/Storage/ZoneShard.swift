/// A part of a zone's names: an open-addressing table that never changes (linear probing, at most two thirds full).
final class ZoneShard: @unchecked Sendable {
    // Sendable although it holds pointers: nothing writes to the memory once `init` has returned.

    /// A place in the table, empty without a node.
    struct Slot {
        var hash: UInt64
        var node: ZoneNode?
    }

    let slots: UnsafeMutablePointer<Slot>
    /// The number of slots less one; they are a power of two.
    let mask: Int
    /// How many names there are.
    let count: Int

    /// Takes hold of the blocks of all entries, whose hashes and nodes are given; no name may be there twice.
    init(_ entries: [Slot]) {
        count = entries.count
        var capacity = 2
        while capacity * 2 < count * 3 + 2 { capacity *= 2 }
        mask = capacity - 1
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(hash: 0, node: nil), count: capacity)
        for entry in entries {
            guard let node = entry.node else { continue }
            _ = node.block.retain()
            var index = Int(truncatingIfNeeded: entry.hash) & mask
            while slots[index].node != nil { index = (index + 1) & mask }
            slots[index] = entry
        }
    }

    deinit {
        for index in 0...mask { slots[index].node?.block.release() }
        slots.deallocate()
    }

    /// The node of a name with a hash; nil if there is none.
    func node(_ name: FoldedName, _ hash: UInt64) -> ZoneNode? {
        var index = Int(truncatingIfNeeded: hash) & mask
        while let node = slots[index].node {
            if slots[index].hash == hash, name.equals(node.name) { return node }
            index = (index &+ 1) & mask
        }
        return nil
    }

    /// The occupied slots, in no order that matters.
    var entries: [Slot] {
        var entries: [Slot] = []
        entries.reserveCapacity(count)
        for index in 0...mask where slots[index].node != nil { entries.append(slots[index]) }
        return entries
    }
}
