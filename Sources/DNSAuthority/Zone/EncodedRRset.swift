/// One name's records of one type, as the octets that stand in responses (RFC 2181 §5).
///
/// A view into a `RecordBlock`, valid as long as the block. Each record begins with the pointer C0 0C: the owner of every answer is the
/// question's name. So an RRset is the same octets for every client.
package struct EncodedRRset {
    /// The type of all records.
    let type: RecordType
    /// Whether a provider that has vanished is still among the records.
    let isHeld: Bool
    /// Whether records may exist that nobody has told us yet; there are none here then.
    let isUnknown: Bool
    /// Octets of every record if they are equally long, else 0.
    let recordLength: UInt16
    /// Octets of each record at `glue`.
    let glueLength: UInt16
    /// How many records there are.
    let count: UInt32
    /// Octets of all records together.
    let length: UInt32
    /// The records one after another.
    let octets: UnsafeRawPointer
    /// Where each record ends in `octets`; nil when they are equally long.
    let ends: UnsafePointer<UInt32>?
    /// The sums of the weights up to and with each record; nil when each may come first equally often.
    let cumulativeWeights: UnsafePointer<UInt64>?
    /// The addresses of each record's target, one entry a record; nil where the type has no targets.
    let targets: UnsafePointer<TargetAddresses>?
    /// The same, where each target has one address, all of one type: their records one after another, in the order of the targets.
    let glue: UnsafeRawPointer?

    /// The offset in `octets` at which a record begins; `count` gives the end of the last.
    @inline(__always)
    func start(ofRecord index: Int) -> Int {
        guard let ends else { return index * Int(recordLength) }
        return index == 0 ? 0 : Int(ends[index - 1])
    }
}

/// The address records that go along with one SRV record (RFC 2782, "additional data").
struct TargetAddresses {
    /// The target's A records; nil if none are known, or if an earlier record has the same target.
    let ipv4: UnsafePointer<EncodedRRset>?
    /// Its AAAA records, likewise.
    let ipv6: UnsafePointer<EncodedRRset>?
}

/// A name of a zone with its RRsets; one without any is an empty non-terminal or has no data at present (RFC 8020).
struct ZoneNode {
    /// The name's wire form in lower case, padded with zeros to a multiple of eight octets.
    let name: UnsafeRawPointer
    /// Octets of the name without the padding.
    let nameLength: UInt8
    /// How many RRsets there are.
    let count: UInt8
    /// The RRsets, each of another type.
    let rrsets: UnsafePointer<UnsafePointer<EncodedRRset>>
    /// The block that all of this lies in; whoever keeps a node keeps its block.
    let block: Unmanaged<RecordBlock>

    /// The name.
    var foldedName: FoldedName { FoldedName(folded: name, length: Int(nameLength)) }
}
