/// One name's records of one type, before they are encoded (RFC 2181 §5).
package struct RRset: Sendable {
    /// The type of all records.
    package let type: RecordType
    /// How long clients may keep them, in seconds.
    package let ttl: UInt32
    /// The records' data, each of `type`.
    package var records: [RecordData]
    /// How often each record comes first in relation to the others, in the order of `records`; empty: equally often.
    package var weights: [UInt64] = []
    /// Where each record lies on a ring of 2³² places, ascending, in the order of `records`: where a response that has no room for all begins
    /// (`EncodedRRset.first(for:)`); empty: with the first record.
    package var places: [UInt32] = []
    /// Whether a provider that has vanished is still among the records.
    package var isHeld = false
    /// Whether records may exist that are not known: a question for them is answered with SERVFAIL while there are none.
    package var isUnknown = false

    package init(_ type: RecordType, ttl: UInt32, records: [RecordData] = []) {
        self.type = type
        self.ttl = ttl
        self.records = records
    }
}
