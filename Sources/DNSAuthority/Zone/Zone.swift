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
    private let storage: UnsafeMutablePointer<ZoneView.Storage>
    private let apex: RecordBlock

    /// The number of shards is a power of two; the upper bits of a name's hash say which shard it is in.
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
        apex = Self.apex(origin, authority)
        let node = apex.node(0)
        storage = .allocate(capacity: 1)
        storage.initialize(
            to: ZoneView.Storage(
                origin: node.wire, originLength: origin.octets.count, negativeAuthority: node[0], seed: seed, tables: UnsafePointer(tables),
                shardBits: UInt64(shards.count.trailingZeroBitCount), hasUnknownServices: hasUnknownServices))
        view = ZoneView(storage)
    }

    deinit {
        tables.deallocate()
        storage.deallocate()
    }

    /// The SOA record of negative answers: its TTL is MINIMUM (RFC 2308 §3), and its names are compressed, so that a negative answer to the
    /// longest question has at most 512 octets where MNAME and RNAME are a few labels below the origin.
    private static func apex(_ origin: DomainName, _ authority: StartOfAuthority) -> RecordBlock {
        var builder = RecordBlockBuilder()
        let soa = builder.add(compressed: .soa(authority), ttl: authority.minimum, owner: origin)
        builder.add(origin, [soa])
        return builder.build()
    }

    /// How many names there are, empty non-terminals included.
    package var nameCount: Int { shards.reduce(0) { $0 + $1.count } }
}
