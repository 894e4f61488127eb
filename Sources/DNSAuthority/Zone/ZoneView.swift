/// A zone as the query path sees it: a plain pointer, valid as long as the zone, so that no look-up counts references.
struct ZoneView {
    /// What a look-up reads.
    struct Storage {
        /// The name at the top in lower case; seven octets of any kind stand behind it.
        let origin: UnsafeRawPointer
        /// Octets of the origin.
        let originLength: Int
        /// The SOA record of negative answers.
        let negativeAuthority: EncodedRRset
        let seed: UInt64
        let shards: UnsafePointer<ZoneShard>
        /// How many bits of a hash tell the shard.
        let shardBits: UInt64
        /// Whether names that do not exist may lie below a service of which nothing is known.
        let hasUnknownServices: Bool
    }

    private let storage: UnsafePointer<Storage>

    init(_ storage: UnsafePointer<Storage>) { self.storage = storage }

    /// Octets of the origin.
    var originLength: Int { storage.pointee.originLength }
    /// The SOA record of negative answers.
    var negativeAuthority: EncodedRRset { storage.pointee.negativeAuthority }

    /// Whether a name is the origin or below it. O(octets), no allocation.
    @inline(__always)
    func contains(_ name: FoldedName) -> Bool { name.isAtOrBelow(storage.pointee.origin, length: storage.pointee.originLength) }

    /// The node of a name at or below the origin; nil if there is no such name. O(octets), no allocation.
    @inline(__always)
    func node(_ name: FoldedName) -> ZoneNode? {
        let hash = name.hash(seed: storage.pointee.seed)
        let shard = storage.pointee.shards[Int(truncatingIfNeeded: ZoneView.shard(of: hash, bits: storage.pointee.shardBits))]
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

/// What a zone holds for a question (RFC 1034 §4.3.2, RFC 2308 §2). Views are valid as long as the zone.
enum LookupResult {
    /// The name exists and has records of the asked type.
    case data(EncodedRRset)
    /// The name exists, has records, and all of them are asked for.
    case all(ZoneNode)
    /// It is not known now whether the name exists, or whether it has records of the asked type.
    case unknown
    /// The name exists; it has no records of the asked type.
    case noData
    /// The name does not exist, nor does anything below it.
    case nameError
}

extension ZoneView {
    /// Looks up a name at or below the origin. O(octets), no allocation.
    @inline(__always)
    func lookup(_ name: FoldedName, _ type: RecordType) -> LookupResult {
        guard let node = node(name) else {
            return storage.pointee.hasUnknownServices && isBelowUnknownService(name) ? .unknown : .nameError
        }
        if type == .any { return Self.any(of: node) }
        for index in 0..<node.count where node[index].type == type {
            let rrset = node[index]
            if rrset.count > 0 { return .data(rrset) }
            return rrset.isUnknown ? .unknown : .noData
        }
        return .noData
    }

    @inline(never)
    private static func any(of node: ZoneNode) -> LookupResult {
        if (0..<node.count).contains(where: { node[$0].count > 0 }) { return .all(node) }
        return (0..<node.count).contains { node[$0].isUnknown } ? .unknown : .noData
    }

    /// Whether the closest name above one that does not exist is a service of which nothing is known: its instances are not known either.
    /// From the origin down, as names exist above each that does (RFC 8020): O(labels of that name), however many the one asked for has.
    @inline(never)
    private func isBelowUnknownService(_ name: FoldedName) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: FoldedName.capacity) { words in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: DomainName.maximumLength) { starts in
                guard let memory = words.baseAddress else { return false }
                var count = 0
                var start = 0
                while name.length - start > originLength, count < starts.count {
                    starts[count] = UInt8(truncatingIfNeeded: start)
                    count += 1
                    start += 1 + Int(name.octets.load(fromByteOffset: start, as: UInt8.self))
                }
                var closest: ZoneNode?
                while count > 0 {
                    count -= 1
                    let start = Int(starts[count])
                    guard let node = node(FoldedName(name.octets + start, length: name.length - start, in: memory)) else { break }
                    closest = node
                }
                return closest?.isUnknownService == true
            }
        }
    }
}

/// A name of a zone with its RRsets. Without any it is an empty non-terminal, or has no data now (RFC 8020).
///
/// A view into a `RecordBlock`, valid as long as the block.
struct ZoneNode {
    /// What stands in the block: 16 octets. Offsets count octets from the entry's own beginning.
    struct Entry {
        /// Where the block's beginning is.
        let block: Int32
        /// Where the name's wire form in lower case is.
        let name: Int32
        /// Where the RRsets' offsets are.
        let rrsets: Int32
        let nameLength: UInt8
        let count: UInt8
    }

    private let entry: UnsafePointer<Entry>

    @inline(__always)
    init(_ entry: UnsafePointer<Entry>) { self.entry = entry }

    /// Where the name's wire form in lower case begins; seven octets of any kind stand behind it.
    @inline(__always)
    var wire: UnsafeRawPointer { UnsafeRawPointer(entry) + Int(entry.pointee.name) }

    /// The name's wire form in lower case.
    @inline(__always)
    var name: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: wire, count: Int(entry.pointee.nameLength)) }

    /// How many RRsets there are.
    var count: Int { Int(entry.pointee.count) }

    /// One of the RRsets, each of another type.
    @inline(__always)
    subscript(index: Int) -> EncodedRRset {
        let start = UnsafeRawPointer(entry)
        let offset = (start + Int(entry.pointee.rrsets)).load(fromByteOffset: index &* 4, as: Int32.self)
        return EncodedRRset((start + Int(offset)).assumingMemoryBound(to: EncodedRRset.Entry.self))
    }

    /// All RRsets.
    var rrsets: [EncodedRRset] { (0..<count).map { self[$0] } }

    /// Whether a provider that has vanished is still among the records.
    var isHeld: Bool { (0..<count).contains { self[$0].isHeld } }

    /// Whether this is a service of which nothing is known: SRV records are unknown only there.
    var isUnknownService: Bool { (0..<count).contains { self[$0].type == .srv && self[$0].isUnknown } }

    /// The name.
    var owner: DomainName { DomainName(folded: name) }

    /// The block that the node lies in. To keep a node is to keep its block.
    var block: Unmanaged<RecordBlock> { RecordBlock.owner(ofMemory: UnsafeRawPointer(entry) + Int(entry.pointee.block)) }
}
