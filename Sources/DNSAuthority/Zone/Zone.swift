/// All names at and below an origin with their records: what queries are answered from (RFC 9499 §7). Never changes.
///
/// Names are spread by hash over shards; a new zone shares the shards and the blocks that a change does not touch.
///
/// A zone that is kept keeps all that later zones have dropped: for as long as a query takes, or a transfer of a version.
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
    let shardCount: Int
    /// Keeps what this zone has and later ones have not.
    private let remains: ZoneRemains
    private let storage: UnsafeMutablePointer<ZoneView.Storage>
    private let apex: RecordBlock

    /// The number of shards is a power of two; the upper bits of a name's hash say which shard it is in.
    init(
        origin: DomainName, authority: StartOfAuthority, ttl: UInt32, seed: UInt64, shards all: [ZoneShard], nameCount: Int,
        remains: ZoneRemains, exceptions: ZoneView.Exceptions
    ) {
        self.origin = origin
        self.authority = authority
        self.ttl = ttl
        self.nameCount = nameCount
        self.remains = remains
        shards = .allocate(capacity: all.count)
        for (index, shard) in all.enumerated() { (shards + index).initialize(to: shard) }
        shardCount = all.count
        apex = Self.apex(origin, authority)
        let node = apex.node(0)
        storage = .allocate(capacity: 1)
        storage.initialize(
            to: ZoneView.Storage(
                origin: node.wire, originLength: origin.octets.count, negativeAuthority: node[0], seed: seed, shards: UnsafePointer(shards),
                shardBits: UInt64(all.count.trailingZeroBitCount), exceptions: exceptions))
        view = ZoneView(storage)
    }

    deinit {
        shards.deallocate()
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

    /// The RDATA of the records that a name has of a type (RFC 1035 §3.3), in no order that matters; nil while they are not known. O(records).
    package func data(of type: RecordType, at name: DomainName) -> [[UInt8]]? { view.data(of: type, at: name.octets) }

    /// The names with what they have, in no order that matters.
    var nodes: [ZoneNode] { (0..<shardCount).flatMap(nodes(ofShard:)) }

    /// Those of one shard.
    func nodes(ofShard index: Int) -> [ZoneNode] { shards[index].entries.compactMap(\.node) }
}
