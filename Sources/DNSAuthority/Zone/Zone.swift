/// All names at and below an origin with their records: what queries are answered from (RFC 9499 §7). Never changes.
///
/// Names are spread by hash over shards; a new zone shares the shards and the blocks that a change does not touch.
///
/// Sendable although it holds pointers: nothing writes to the memory once `init` has returned.
package final class Zone: @unchecked Sendable {
    /// The name at the top.
    package let origin: DomainName
    /// What the SOA record says.
    package let authority: StartOfAuthority
    /// How long clients may keep positive answers, in seconds.
    package let ttl: UInt32
    /// How many names there are, empty non-terminals included.
    package let nameCount: Int
    let view: ZoneView
    private let shards: UnsafeMutablePointer<ZoneShard>
    private let shardCount: Int
    /// Keeps what this zone has and later ones have not.
    private let remains: ZoneRemains
    private let octets: UnsafeMutableRawPointer

    /// The shards' number is a power of two; the upper bits of a name's hash select its shard.
    init(
        origin: DomainName, authority: StartOfAuthority, ttl: UInt32, seed: UInt64, shards all: [ZoneShard], nameCount: Int,
        remains: ZoneRemains, hasUnknownServices: Bool
    ) {
        self.origin = origin
        self.authority = authority
        self.ttl = ttl
        self.nameCount = nameCount
        self.remains = remains
        shards = .allocate(capacity: all.count)
        for (index, shard) in all.enumerated() { (shards + index).initialize(to: shard) }
        shardCount = all.count
        let negative = NegativeAuthority.template(authority)
        let nameRoom = origin.octets.count.roundedUpToWord
        octets = .allocate(byteCount: nameRoom + negative.count, alignment: RecordBlock.alignment)
        octets.initializeMemory(as: UInt8.self, repeating: 0, count: nameRoom)
        octets.copyMemory(from: origin.octets, byteCount: origin.octets.count)
        (octets + nameRoom).copyMemory(from: negative, byteCount: negative.count)
        view = ZoneView(
            origin: FoldedName(folded: octets, length: origin.octets.count), seed: seed, shards: UnsafePointer(shards),
            shardBits: UInt64(all.count.trailingZeroBitCount), negativeAuthority: UnsafeRawPointer(octets + nameRoom),
            hasUnknownServices: hasUnknownServices)
    }

    deinit {
        shards.deallocate()
        octets.deallocate()
    }

    /// The names with what they have, in no order that matters.
    var nodes: [ZoneNode] { (0..<shardCount).flatMap { shards[$0].entries.compactMap(\.node) } }
}

/// A zone as the query path sees it: plain pointers, valid as long as the zone, so that no look-up counts references.
struct ZoneView {
    /// The name at the top.
    let origin: FoldedName
    let seed: UInt64
    let shards: UnsafePointer<ZoneShard>
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
        let shard = shards[Int(truncatingIfNeeded: ZoneView.shard(of: hash, bits: shardBits))]
        var index = Int(truncatingIfNeeded: hash) & shard.mask
        while let node = shard.slots[index].node {
            if shard.slots[index].hash == hash, name.equals(node.name) { return node }
            index = (index &+ 1) & shard.mask
        }
        return nil
    }

    /// The upper `bits` bits of a hash, at most 63. In two steps, as a shift by 64 would be none.
    @inline(__always)
    static func shard(of hash: UInt64, bits: UInt64) -> UInt64 { (hash &>> 1) &>> (63 &- bits) }
}
