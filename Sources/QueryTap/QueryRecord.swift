/// What a query is recorded for.
package struct QueryPurposes: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The query log.
    package static let log = QueryPurposes(rawValue: 1)
    /// dnstap.
    package static let tap = QueryPurposes(rawValue: 2)
    /// The sample of what is asked most.
    package static let sample = QueryPurposes(rawValue: 4)
}

/// A query and its response, as they lie in a ring. Valid only while they are handed over.
package struct QueryRecord {
    /// When a batch of queries was received, and its responses sent: nanoseconds since 1970.
    package struct Times: BitwiseCopyable {
        package var received: Int64
        package var sent: Int64
    }

    package let times: Times
    package let purposes: QueryPurposes
    /// Whether it came over TCP.
    package let isStream: Bool
    /// RCODE with its extension; nil if there is no response.
    package let code: UInt16?
    /// Socket addresses, as the C types `sockaddr_in` and `sockaddr_in6` have them.
    package let client: UnsafeRawPointer
    package let local: UnsafeRawPointer
    package let query: UnsafeRawBufferPointer
    /// Empty if there is none.
    package let response: UnsafeRawBufferPointer

    init(_ entry: UnsafeRawPointer, _ times: Times) {
        self.times = times
        purposes = QueryPurposes(rawValue: entry.load(fromByteOffset: QueryEntry.purposes, as: UInt8.self))
        isStream = entry.load(fromByteOffset: QueryEntry.isStream, as: Bool.self)
        let hasResponse = entry.load(fromByteOffset: QueryEntry.hasResponse, as: Bool.self)
        code = hasResponse ? entry.load(fromByteOffset: QueryEntry.code, as: UInt16.self) : nil
        client = entry + QueryEntry.client
        local = entry + QueryEntry.local
        let queryLength = Int(entry.load(fromByteOffset: QueryEntry.queryLength, as: UInt32.self))
        let responseLength = Int(entry.load(fromByteOffset: QueryEntry.responseLength, as: UInt32.self))
        query = UnsafeRawBufferPointer(start: entry + QueryEntry.octets, count: queryLength)
        response = UnsafeRawBufferPointer(
            start: entry + QueryEntry.octets + QueryEntry.padded(queryLength), count: responseLength)
    }
}
