/// All names at and below an origin with their records: what queries are answered from (RFC 9499 §7). Never changes.
///
/// Names are spread by hash over shards; a new zone shares the shards, and within a new shard the blocks, that a change does not touch.
///
/// Sendable although it holds pointers: nothing writes to the memory once `init` has returned.
package final class Zone: @unchecked Sendable {
    /// The name at the top.
    package let origin: DomainName
    /// What the SOA record says.
    package let authority: StartOfAuthority
    /// How long clients may keep positive answers, in seconds.
    package let ttl: UInt32
    let shards: [ZoneShard]
    let view: ZoneView
    private let tables: UnsafeMutablePointer<ZoneView.Table>
    private let octets: UnsafeMutableRawPointer

    /// The shards' number is a power of two; a name's shard is told by the upper bits of its hash.
    init(
        origin: DomainName, authority: StartOfAuthority, ttl: UInt32, seed: UInt64, shards: [ZoneShard], hasUnknownServices: Bool
    ) {
        self.origin = origin
        self.authority = authority
        self.ttl = ttl
        self.shards = shards
        tables = .allocate(capacity: shards.count)
        for (index, shard) in shards.enumerated() {
            (tables + index).initialize(to: ZoneView.Table(slots: UnsafePointer(shard.slots), mask: shard.mask))
        }
        let negative = NegativeAuthority.template(authority)
        let nameRoom = origin.octets.count.roundedUpToWord
        octets = .allocate(byteCount: nameRoom + negative.count, alignment: RecordBlock.alignment)
        octets.initializeMemory(as: UInt8.self, repeating: 0, count: nameRoom)
        octets.copyMemory(from: origin.octets, byteCount: origin.octets.count)
        (octets + nameRoom).copyMemory(from: negative, byteCount: negative.count)
        view = ZoneView(
            origin: FoldedName(folded: octets, length: origin.octets.count), seed: seed, tables: UnsafePointer(tables),
            shardBits: UInt64(shards.count.trailingZeroBitCount), negativeAuthority: UnsafeRawPointer(octets + nameRoom),
            hasUnknownServices: hasUnknownServices)
    }

    deinit {
        tables.deallocate()
        octets.deallocate()
    }

    /// How many names there are, empty non-terminals included.
    package var nameCount: Int { shards.reduce(0) { $0 + $1.count } }
}

/// A zone as the query path sees it: plain pointers, valid as long as the zone, so that no look-up counts references.
struct ZoneView {
    /// The slots of one shard.
    struct Table {
        let slots: UnsafePointer<ZoneShard.Slot>
        let mask: Int
    }

    /// The name at the top.
    let origin: FoldedName
    let seed: UInt64
    let tables: UnsafePointer<Table>
    /// How many bits of a hash tell the shard.
    let shardBits: UInt64
    /// The template of the SOA record in negative answers (`NegativeAuthority`).
    let negativeAuthority: UnsafeRawPointer
    /// Whether names that do not exist may lie below a service of which nothing is known.
    let hasUnknownServices: Bool

    /// The node of a name at or below the origin; nil if there is no such name. O(octets), no allocation.
    @inline(__always)
    func node(_ name: FoldedName) -> ZoneNode? {
        let hash = name.hash(seed: seed)
        let table = tables[Int(truncatingIfNeeded: ZoneView.shard(of: hash, bits: shardBits))]
        var index = Int(truncatingIfNeeded: hash) & table.mask
        while let node = table.slots[index].node {
            if table.slots[index].hash == hash, name.equals(node.name) { return node }
            index = (index &+ 1) & table.mask
        }
        return nil
    }

    /// The upper `bits` bits of a hash, at most 63. In two steps, as a shift by 64 would be none.
    @inline(__always)
    static func shard(of hash: UInt64, bits: UInt64) -> UInt64 { (hash &>> 1) &>> (63 &- bits) }
}
