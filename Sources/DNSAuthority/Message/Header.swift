/// The twelve octets that every message begins with (RFC 1035 §4.1.1).
enum Header {
    /// Octets of a header; the question follows.
    static let length = 12

    /// Where the second 16-bit field, the flags, stands.
    static let flagsOffset = 2
    /// Where the four section counts begin: QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT, 16 bits each.
    static let countsOffset = 4
}

/// The flags field of a header: QR, OPCODE, AA, TC, RD, RA, Z, AD, CD, RCODE (RFC 1035 §4.1.1, RFC 4035 §3).
struct HeaderFlags {
    static let response: UInt16 = 0x8000
    static let authoritative: UInt16 = 0x0400
    static let truncated: UInt16 = 0x0200
    /// OPCODE, RD and CD: what a response repeats of its query. AD, Z and RA stay clear.
    static let copied: UInt16 = 0x7910

    /// The field in host order.
    let bits: UInt16

    var isResponse: Bool { bits & Self.response != 0 }
    var opcode: UInt8 { UInt8(truncatingIfNeeded: bits >> 11 & 15) }
}

/// How a response says whether a query succeeded (RFC 1035 §4.1.1, RFC 6891 §9).
package enum ResponseCode: UInt16, Sendable {
    /// No error.
    case noError = 0
    /// The query is not well formed.
    case formatError = 1
    /// The answer is not to be had at present.
    case serverFailure = 2
    /// The name does not exist.
    case nameError = 3
    /// This kind of query is not supported.
    case notImplemented = 4
    /// The server does not answer this for policy's sake.
    case refused = 5
    /// The query's EDNS version is not supported.
    case badVersion = 16

    /// The four bits that stand in the header.
    var headerBits: UInt16 { rawValue & 15 }
    /// The eight bits that stand in the OPT record.
    var extendedBits: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 4) }
}
