/// One name's records of one type, as the octets that stand in responses (RFC 2181 §5).
///
/// A view into a `RecordBlock`, valid as long as the block. Each record begins with the pointer C0 0C: the owner of every answer is the
/// question's name. So an RRset is the same octets for every client.
package struct EncodedRRset {
    /// What is true of all records together.
    struct Flags: OptionSet {
        let rawValue: UInt16
        static let isHeld = Flags(rawValue: 1)
        static let isUnknown = Flags(rawValue: 2)
        /// Each record's place on the ring stands before the records.
        static let hasPlaces = Flags(rawValue: 4)
    }

    /// What stands in the block: 32 octets. Offsets count octets from the entry's own beginning, 0 for what it does not have.
    struct Entry {
        let type: RecordType
        let flags: Flags
        let recordLength: UInt16
        let glueLength: UInt16
        let count: UInt32
        let length: UInt32
        let octets: Int32
        let ends: Int32
        let cumulativeWeights: Int32
        /// The glue if `glueLength` is not 0, else the targets.
        let addresses: Int32
    }

    /// Where in an SRV record its target begins: behind owner, type, class, TTL, RDLENGTH, priority, weight and port, which have
    /// 2 + 2 + 2 + 4 + 2 + 2 + 2 + 2 octets.
    static let targetOffset = 18

    private let entry: UnsafePointer<Entry>

    @inline(__always)
    init(_ entry: UnsafePointer<Entry>) { self.entry = entry }

    /// The type of all records.
    var type: RecordType { entry.pointee.type }
    /// Whether a provider that has vanished is still among the records.
    var isHeld: Bool { entry.pointee.flags.contains(.isHeld) }
    /// Whether records may exist that are not known; there are none here then.
    var isUnknown: Bool { entry.pointee.flags.contains(.isUnknown) }
    /// Octets of every record if they are equally long, else 0.
    var recordLength: Int { Int(entry.pointee.recordLength) }
    /// How many records there are.
    var count: Int { Int(entry.pointee.count) }
    /// Octets of all records together.
    var length: Int { Int(entry.pointee.length) }
    /// The records one after another.
    var octets: UnsafeRawPointer { UnsafeRawPointer(entry) + Int(entry.pointee.octets) }
    /// The sums of the weights up to and with each record; nil when each may come first equally often.
    var cumulativeWeights: UnsafePointer<UInt64>? { table(entry.pointee.cumulativeWeights) }

    /// The addresses that go along with an RRset's targets (RFC 2782, "additional data").
    enum Addresses {
        /// The type has no targets.
        case none
        /// Each target has one address, all of one type: these records of `length` octets one after another, in the order of the targets.
        case glue(UnsafeRawPointer, length: Int)
        /// One entry for each record.
        case targets(UnsafePointer<TargetAddresses>)
    }

    /// Its targets' addresses.
    @inline(__always)
    var addresses: Addresses {
        guard let start = UnsafeRawPointer(entry, offset: entry.pointee.addresses) else { return .none }
        let length = Int(entry.pointee.glueLength)
        return length > 0 ? .glue(start, length: length) : .targets(start.assumingMemoryBound(to: TargetAddresses.self))
    }

    /// The offset in `octets` at which a record begins; `count` gives the end of the last.
    @inline(__always)
    func start(ofRecord index: Int) -> Int {
        guard let ends: UnsafePointer<UInt32> = table(entry.pointee.ends) else { return index * recordLength }
        return index == 0 ? 0 : Int(ends[index - 1])
    }

    /// The record with which the part of a client begins, if a response has no room for all: the first at or behind the client's place on the ring.
    /// So each client keeps its part while others come and go, and clients spread over all records.
    @inline(never)
    func first(for client: UnsafeRawPointer) -> Int {
        guard entry.pointee.flags.contains(.hasPlaces) else { return 0 }
        let places = octets - count * MemoryLayout<UInt32>.stride
        let wanted = Ring.place(of: UnsafeRawBufferPointer(start: client, count: Responder.clientLength))
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            let place = places.loadUnaligned(fromByteOffset: middle * MemoryLayout<UInt32>.stride, as: UInt32.self)
            if place < wanted { low = middle + 1 } else { high = middle }
        }
        return low < count ? low : 0
    }

    @inline(__always)
    private func table<Element>(_ offset: Int32) -> UnsafePointer<Element>? {
        UnsafeRawPointer(entry, offset: offset)?.assumingMemoryBound(to: Element.self)
    }
}

/// The address records of one SRV record's target, in the same block. Offsets count octets from this entry's own beginning.
struct TargetAddresses {
    /// The target's A records; 0 if none are known, or if an earlier record has the same target.
    let ipv4: Int32
    /// Its AAAA records, likewise.
    let ipv6: Int32
}

extension UnsafePointer<TargetAddresses> {
    /// The target's A records, if there are any.
    var ipv4: EncodedRRset? { rrset(pointee.ipv4) }
    /// The target's AAAA records, if there are any.
    var ipv6: EncodedRRset? { rrset(pointee.ipv6) }

    private func rrset(_ offset: Int32) -> EncodedRRset? {
        UnsafeRawPointer(self, offset: offset).map { EncodedRRset($0.assumingMemoryBound(to: EncodedRRset.Entry.self)) }
    }
}

extension UnsafeRawPointer {
    /// What stands so many octets after `start`; nil for 0.
    @inline(__always)
    init?(_ start: UnsafeRawPointer, offset: Int32) {
        guard offset != 0 else { return nil }
        self = start + Int(offset)
    }
}
