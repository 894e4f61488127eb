/// A part of a zone's names: an open-addressing table (linear probing, at most two thirds full).
///
/// A view of memory that its owner frees. A shard that a zone is served from never changes: `ZoneTables` changes a copy.
struct ZoneShard: BitwiseCopyable {
    /// A place in the table, empty without a node.
    struct Slot: BitwiseCopyable {
        var hash: UInt64
        var node: ZoneNode?
    }

    let slots: UnsafeMutablePointer<Slot>
    /// The number of slots less one; they are a power of two.
    let mask: Int

    /// An empty table with room for so many names.
    init(room names: Int) {
        var capacity = 2
        while capacity * 2 < names * 3 + 2 { capacity *= 2 }
        mask = capacity - 1
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(hash: 0, node: nil), count: capacity)
    }

    /// The same names in other memory.
    init(copying other: ZoneShard) {
        mask = other.mask
        slots = .allocate(capacity: mask + 1)
        slots.initialize(from: other.slots, count: mask + 1)
    }

    /// The same names in other memory with room for so many.
    init(copying other: ZoneShard, room names: Int) {
        self.init(room: names)
        for slot in other.entries { insert(slot) }
    }

    /// Whether there is room for so many names.
    func hasRoom(for names: Int) -> Bool { (mask + 1) * 2 >= names * 3 + 2 }

    /// The place of a name with a hash, or the empty place that it would have.
    func place(of name: FoldedName, _ hash: UInt64) -> Int {
        var index = Int(truncatingIfNeeded: hash) & mask
        while let node = slots[index].node {
            if slots[index].hash == hash, name.equals(node.name) { return index }
            index = (index + 1) & mask
        }
        return index
    }

    /// Adds a name that is not there, where there is room.
    func insert(_ slot: Slot) {
        var index = Int(truncatingIfNeeded: slot.hash) & mask
        while slots[index].node != nil { index = (index + 1) & mask }
        slots[index] = slot
    }

    /// Empties a place, and moves those up that come after it only because it was taken.
    func remove(at place: Int) {
        var hole = place
        var index = (place + 1) & mask
        while slots[index].node != nil {
            let home = Int(truncatingIfNeeded: slots[index].hash) & mask
            if (index - home) & mask >= (index - hole) & mask {
                slots[hole] = slots[index]
                hole = index
            }
            index = (index + 1) & mask
        }
        slots[hole] = Slot(hash: 0, node: nil)
    }

    /// The occupied slots, in no order that matters.
    var entries: some Sequence<Slot> {
        UnsafeBufferPointer(start: UnsafePointer(slots), count: mask + 1).lazy.filter { $0.node != nil }
    }
}
