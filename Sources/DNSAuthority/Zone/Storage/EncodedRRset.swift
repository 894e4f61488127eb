/// One name's records of one type, as the octets that stand in responses (RFC 2181 §5).
///
/// A view into a `RecordBlock`, valid as long as the block. Each record begins with the pointer C0 0C: the owner of almost every answer is
/// the question's name. Such an RRset is the same octets for every client.
package struct EncodedRRset {
    /// What is true of all records together.
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let isHeld = Flags(rawValue: 1)
        static let isUnknown = Flags(rawValue: 2)
        /// Each record's place on the ring stands before the records.
        static let hasPlaces = Flags(rawValue: 4)
        /// There is one record, and before it stands where names in its RDATA end in pointers to its owner.
        static let hasLinks = Flags(rawValue: 8)
        /// Each answer has one of the records.
        static let givesOne = Flags(rawValue: 16)
        /// Clients may keep the records for `briefTTL` at most, whatever the octets say.
        static let isBrief = Flags(rawValue: 32)
    }

    /// What stands in the block: 32 octets. Offsets count octets from the entry's own beginning, 0 for what it does not have.
    struct Entry {
        let type: RecordType
        let flags: Flags
        /// Where in each record the name of a host begins whose addresses go along; 0 for a type without.
        let hostOffset: UInt8
        let recordLength: UInt16
        let addressLength: UInt16
        let count: UInt32
        let length: UInt32
        let octets: Int32
        let ends: Int32
        let cumulativeWeights: Int32
        /// The addresses themselves if `addressLength` is not 0, else an entry for each record.
        let additional: Int32
    }

    /// Octets of a record before its RDATA: owner, type, class, TTL, RDLENGTH have 2 + 2 + 2 + 4 + 2.
    static let headerLength = 12
    /// Where in a record its TTL stands.
    static let ttlOffset = 6
    /// The longest TTL of brief RRsets, in seconds.
    static let briefTTL: UInt32 = 1
    /// Where in a record RDLENGTH stands.
    static let dataLengthOffset = 10
    /// The owner of every record: a pointer to the question's name, right after the header (RFC 1035 §4.1.4).
    static let owner: UInt16 = 0xC00C

    private let entry: UnsafePointer<Entry>

    @inline(__always)
    init(_ entry: UnsafePointer<Entry>) { self.entry = entry }

    /// The type of all records.
    var type: RecordType { entry.pointee.type }
    /// Whether a provider that has vanished is still among the records.
    var isHeld: Bool { entry.pointee.flags.contains(.isHeld) }
    /// Whether records may exist that are not known; there are none here then.
    var isUnknown: Bool { entry.pointee.flags.contains(.isUnknown) }
    /// Whether each answer has one of the records, drawn by weight.
    @inline(__always)
    var givesOne: Bool { entry.pointee.flags.contains(.givesOne) }
    /// Whether clients may keep the records for `briefTTL` at most: only where each answer has one of them.
    var isBrief: Bool { entry.pointee.flags.contains(.isBrief) }
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

    /// Each record's place on the ring, of 32 bits, not aligned; nil if there are none.
    var places: UnsafeRawPointer? {
        entry.pointee.flags.contains(.hasPlaces) ? octets - count * MemoryLayout<UInt32>.stride : nil
    }

    /// Where in the only record names end in pointers to its owner, 0 for none; nil if there are no such names.
    @inline(__always)
    var links: (UInt16, UInt16)? {
        guard entry.pointee.flags.contains(.hasLinks) else { return nil }
        return ((octets - 4).loadUnaligned(as: UInt16.self), (octets - 2).loadUnaligned(as: UInt16.self))
    }

    /// The addresses of the hosts that records name: their additional data (RFC 2782; RFC 1035 §3.3.9, §3.3.11).
    enum AdditionalData {
        /// There are none.
        case none
        /// Each host has one address, all of one type: these records of `length` octets one after another, in the order of the hosts.
        case oneEach(UnsafeRawPointer, length: Int)
        /// One entry for each record.
        case rrsets(UnsafePointer<AdditionalRRsets>)
    }

    /// The records' additional data.
    @inline(__always)
    var additional: AdditionalData {
        guard let start = UnsafeRawPointer(entry, offset: entry.pointee.additional) else { return .none }
        let length = Int(entry.pointee.addressLength)
        return length > 0 ? .oneEach(start, length: length) : .rrsets(start.assumingMemoryBound(to: AdditionalRRsets.self))
    }

    /// Where in each record the name of a host begins that has additional data; the name ends the record.
    var hostOffset: Int { Int(entry.pointee.hostOffset) }

    /// The offset in `octets` at which a record begins; `count` gives the end of the last.
    @inline(__always)
    func start(ofRecord index: Int) -> Int {
        guard let ends: UnsafePointer<UInt32> = table(entry.pointee.ends) else { return index &* recordLength }
        return index == 0 ? 0 : Int(ends[index - 1])
    }

    /// The octets of one record.
    func record(_ index: Int) -> UnsafeRawBufferPointer {
        let start = start(ofRecord: index)
        return UnsafeRawBufferPointer(start: octets + start, count: self.start(ofRecord: index + 1) - start)
    }

    /// How long clients may keep one of the records, in seconds.
    func ttl(ofRecord index: Int) -> UInt32 {
        let ttl = UInt32(bigEndian: record(index).loadUnaligned(fromByteOffset: Self.ttlOffset, as: UInt32.self))
        return isBrief ? min(ttl, Self.briefTTL) : ttl
    }

    /// Most octets that an answer has of it.
    var mostOctets: Int {
        guard givesOne, recordLength == 0 else { return givesOne ? recordLength : length }
        return (0..<count).reduce(0) { max($0, record($1).count) }
    }

    @inline(__always)
    private func table<Element>(_ offset: Int32) -> UnsafePointer<Element>? {
        UnsafeRawPointer(entry, offset: offset)?.assumingMemoryBound(to: Element.self)
    }
}

/// The address records of one host, in the same block. Offsets count octets from this entry's own beginning.
struct AdditionalRRsets {
    /// The host's A records; 0 if none are known, or if an earlier record names the same host.
    let ipv4: Int32
    /// Its AAAA records, likewise.
    let ipv6: Int32
}

extension UnsafePointer<AdditionalRRsets> {
    /// The host's A records, if there are any.
    var ipv4: EncodedRRset? { rrset(pointee.ipv4) }
    /// The host's AAAA records, if there are any.
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
