/// A name of a zone with its RRsets; one without any is an empty non-terminal or has no data at present (RFC 8020).
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

    /// The name's wire form in lower case; anything may stand behind it.
    @inline(__always)
    var name: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: UnsafeRawPointer(entry) + Int(entry.pointee.name), count: Int(entry.pointee.nameLength))
    }

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

    /// Whether this is a service of which nothing is known: SRV records are unknown only there.
    var isUnknownService: Bool { (0..<count).contains { self[$0].type == .srv && self[$0].isUnknown } }

    /// The name.
    var owner: DomainName { DomainName(folded: name) }

    /// The block that all of this lies in; whoever keeps a node keeps its block.
    var block: Unmanaged<RecordBlock> { RecordBlock.owner(ofMemory: UnsafeRawPointer(entry) + Int(entry.pointee.block)) }
}
