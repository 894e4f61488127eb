/// One name's records of one type on their way into a block (RFC 2181 §5), encoded as they are appended.
package struct RRset: Sendable {
    /// The type of all records.
    package let type: RecordType
    /// How long clients may keep them, in seconds.
    package let ttl: UInt32
    /// How many records there are.
    package private(set) var count = 0
    /// The records one after another as they stand in responses, each with its header.
    private(set) var octets: [UInt8] = []
    /// Octets of every record if they are equally long; nil if they are not, or if there is none.
    private(set) var recordLength: Int?
    /// Whether each record's data has at most 65,535 octets; one that has more is left out.
    private(set) var isWritable = true
    /// Whether the data of some records was given as octets, of which nothing is known.
    private(set) var hasOpaqueData = false
    /// How often each record comes first in relation to the others, in the order of the records; empty: equally often.
    package var weights: [UInt64] = []
    /// Where each record lies on a ring of 2³² places, ascending, in the order of the records: where a response that has no room for all begins
    /// (`EncodedRRset.first(for:)`). Empty: it begins with the first record.
    package var places: [UInt32] = []
    /// Whether a provider that has vanished is still among the records.
    package var isHeld = false
    /// Whether there may be records that are not known. While there are none, a question for them is answered with SERVFAIL.
    package var isUnknown = false
    /// Whether each answer has one of the records, drawn by weight, along with the additional data of that record alone.
    package var givesOne = false

    package init(_ type: RecordType, ttl: UInt32, records: [RecordData] = []) {
        self.type = type
        self.ttl = ttl
        for record in records { append(record) }
    }

    /// Has room for so many records with so many octets of data together, where they are known before they are appended.
    package mutating func reserve(records count: Int, dataLength: Int) {
        octets.reserveCapacity(count * EncodedRRset.headerLength + dataLength)
    }

    /// Appends a record, whose data is of `type`.
    package mutating func append(_ record: RecordData) {
        switch record {
        case .a(let address): append(ipv4: address)
        case .aaaa(let address): append(ipv6: address)
        case .srv(let priority, let weight, let port, let target):
            target.octets.withUnsafeBytes { append(priority: priority, weight: weight, port: port, target: $0) }
        default: append(record.octets)
        }
    }

    /// Appends an IPv4 address.
    package mutating func append(ipv4 address: UInt32) {
        let (first, rest) = header(4)
        append((first, rest, address.bigEndian))
        noteRecord(4)
    }

    /// Appends an IPv6 address.
    package mutating func append(ipv6 address: UInt128) {
        append(header(16))
        append(address.bigEndian)
        noteRecord(16)
    }

    /// Appends a service's location (RFC 2782), the target being a name of at most 255 octets in its wire form.
    package mutating func append(priority: UInt16, weight: UInt16, port: UInt16, target: UnsafeRawBufferPointer) {
        let length = 3 * MemoryLayout<UInt16>.size + target.count
        let (first, rest) = header(UInt16(length))
        // Uncompressed: RFC 2782 forbids pointers in SRV targets.
        append((first, rest, (UInt32(priority) << 16 | UInt32(weight)).bigEndian, port.bigEndian))
        octets.append(contentsOf: target)
        noteRecord(length)
    }

    /// Appends a name that an address leads to (RFC 1035 §3.3.12), of at most 255 octets in its wire form.
    package mutating func append(pointer target: UnsafeRawBufferPointer) {
        append(header(UInt16(target.count)))
        octets.append(contentsOf: target)
        noteRecord(target.count)
    }

    private mutating func append(_ data: [UInt8]) {
        guard let length = UInt16(exactly: data.count) else { return isWritable = false }
        append(header(length))
        octets += data
        hasOpaqueData = true
        noteRecord(data.count)
    }

    /// Owner, type, class, TTL and RDLENGTH in network order.
    private func header(_ length: UInt16) -> (UInt64, UInt32) {
        let first = UInt64(EncodedRRset.owner) << 48 | UInt64(type.rawValue) << 32 | UInt64(RecordClass.internet) << 16 | UInt64(ttl >> 16)
        return (first.bigEndian, ((ttl & 0xFFFF) << 16 | UInt32(length)).bigEndian)
    }

    /// Appends the octets of numbers, between which there is no gap.
    private mutating func append<Numbers: BitwiseCopyable>(_ numbers: Numbers) {
        withUnsafeBytes(of: numbers) { octets.append(contentsOf: $0) }
    }

    private mutating func noteRecord(_ dataLength: Int) {
        let length = EncodedRRset.headerLength + dataLength
        recordLength = count == 0 || recordLength == length ? length : nil
        count += 1
    }

    /// Where each record ends.
    var ends: [UInt32] {
        var end = 0
        return (0..<count).map { _ in
            let length = end + EncodedRRset.dataLengthOffset
            end += EncodedRRset.headerLength + Int(octets[length]) << 8 + Int(octets[length + 1])
            return UInt32(end)
        }
    }
}
