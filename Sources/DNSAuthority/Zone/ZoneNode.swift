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
        let flags: Flags
    }

    /// What is special about a name.
    struct Flags: OptionSet {
        let rawValue: UInt8
        /// It is an empty non-terminal.
        static let isBetween = Flags(rawValue: 1)
        /// The next entry of the block is the name that answers for all names below this one.
        static let coversBelow = Flags(rawValue: 2)
    }

    /// The label of names that answer for others (RFC 4592 §2.1.1).
    static let wildcardLabel: [UInt8] = [UInt8(ascii: "*")]

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

    /// Whether it is an empty non-terminal.
    @inline(__always)
    var isBetween: Bool { entry.pointee.flags.contains(.isBetween) }

    /// Whether another name answers for all names below this one.
    @inline(__always)
    var coversBelow: Bool { entry.pointee.flags.contains(.coversBelow) }

    /// What answers for all names below this one; nil if nothing does.
    var below: ZoneNode? { coversBelow ? ZoneNode(entry + 1) : nil }

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
