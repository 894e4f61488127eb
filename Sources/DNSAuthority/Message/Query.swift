/// The twelve octets that every message begins with (RFC 1035 §4.1.1).
enum Header {
    /// Octets of a header; the question follows.
    static let length = 12
    /// Where the second 16-bit field, the flags, stands.
    static let flagsOffset = 2
    /// Where the four section counts begin: QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT, 16 bits each.
    static let countsOffset = 4
}

/// The sections of a message, each by the place of its count in the four of a header.
enum Section: UInt64 {
    case question = 48
    case answer = 32
    case authority = 16
    case additional = 0
}

/// The flags field of a header: QR, OPCODE, AA, TC, RD, RA, Z, AD, CD, RCODE (RFC 1035 §4.1.1, RFC 4035 §3).
struct HeaderFlags {
    static let response: UInt16 = 0x8000
    static let authoritative: UInt16 = 0x0400
    static let truncated: UInt16 = 0x0200
    /// OPCODE, RD and CD: what a response repeats of its query. AD, Z and RA stay clear.
    static let copied: UInt16 = 0x7910
    static let recursionDesired: UInt16 = 0x0100
    static let recursionAvailable: UInt16 = 0x0080

    /// The field in host order.
    let bits: UInt16

    init(bits: UInt16) { self.bits = bits }

    /// The flags of a message of at least `Header.length` octets.
    @inline(__always)
    init(of message: UnsafeRawPointer) {
        bits = UInt16(bigEndian: message.loadUnaligned(fromByteOffset: Header.flagsOffset, as: UInt16.self))
    }

    /// Sets a bit in the flags of a message.
    @inline(__always)
    static func set(_ bit: UInt16, in message: UnsafeMutableRawPointer) {
        message.storeBytes(of: (HeaderFlags(of: message).bits | bit).bigEndian, toByteOffset: Header.flagsOffset, as: UInt16.self)
    }

    var isResponse: Bool { bits & Self.response != 0 }
    /// OPCODE; 0 is QUERY.
    var opcode: UInt8 { UInt8(truncatingIfNeeded: bits >> 11 & 15) }
}

/// A query as far as it could be read, of fixed size. Offsets count octets of the message.
struct Query {
    let flags: HeaderFlags
    /// The first octet after the question; `Header.length` if there is no question that can be repeated.
    var questionEnd = Header.length
    /// QTYPE.
    var type = RecordType(rawValue: 0)
    /// QCLASS.
    var recordClass: UInt16 = 0
    /// What the OPT record says.
    var edns = EDNS.absent
    /// Whether something keeps the message from being a query as RFC 1035 §4.1 has it.
    var isMalformed = false

    init(flags: HeaderFlags) { self.flags = flags }

    /// Whether the message asks for nothing but a server cookie: it has no question (RFC 7873 §5.4).
    var asksForCookieAlone: Bool { isMalformed && edns.hasCookie && questionEnd == Header.length && flags.opcode == 0 }

    /// Whether it asks for a zone, or for what is different in it, in a form that can be answered. An incremental transfer needs its question
    /// alone, as some servers ask no more for hours after FORMERR.
    @inline(__always)
    var isTransfer: Bool {
        guard flags.opcode == 0, questionEnd > Header.length, edns.version <= EDNS.version else { return false }
        return type == .ixfr || type == .axfr && !isMalformed
    }

    /// Octets of QNAME, which begins right after the header, if there is a question.
    var nameLength: Int { questionEnd &- Header.length &- Self.octetsBehindName }

    /// Octets of QTYPE and QCLASS.
    static let octetsBehindName = 4
}

/// What the OPT record of a query says (RFC 6891 §6.1).
struct EDNS {
    /// Whether the query had a well-formed one.
    let isPresent: Bool
    let payloadSize: UDPPayloadSize
    let version: UInt8
    /// DO: the client wants DNSSEC records (RFC 3225 §3). Copied into the response.
    let wantsSecurity: Bool
    /// Where the data of the first COOKIE option begin, behind their length; without one 0, or `signature`.
    var cookieStart: UInt16 = 0

    /// Stands for a message without a cookie that has a TSIG record: one look for both.
    static let signature: UInt16 = 1

    /// A query without an OPT record.
    static var absent: EDNS { EDNS(isPresent: false, payloadSize: UDPPayloadSize(advertised: 0), version: 0, wantsSecurity: false) }

    /// Whether there is a COOKIE option, well formed or not.
    var hasCookie: Bool { cookieStart > Self.signature }

    /// Whether the message has a COOKIE option or a TSIG record.
    @inline(__always)
    var isRare: Bool { cookieStart != 0 }

    /// Octets of an OPT record without options.
    static let recordLength = 11
    /// Octets that an extended error without text adds to an OPT record (RFC 8914 §2).
    static let extendedErrorLength = 6
    /// The only version there is.
    static let version: UInt8 = 0
    /// The option that carries extended errors (RFC 8914 §2).
    static let extendedErrorOption: UInt16 = 15
}

/// The largest UDP response that a client says it can take, in octets: never below 512.
package struct UDPPayloadSize {
    let octets: Int

    /// Values below 512 mean 512 (RFC 6891 §6.2.3).
    init(advertised: UInt16) { octets = max(Int(advertised), Self.withoutEDNS) }

    /// The most that the server sends: never below 512 either.
    init(limit: Int) { octets = min(max(limit, Self.withoutEDNS), Self.longest) }

    /// What IPv4 can carry in one datagram: 65,535 octets less the headers of IP and UDP. IPv6 carries a little more.
    package static let longest = 65_507
    /// What every client takes (RFC 1035 §4.2.1).
    package static let withoutEDNS = 512
    /// Octets to which UDP responses keep so that no router has to fragment them (DNS Flag Day 2020, RFC 9715 §3.1).
    package static let unfragmented = 1232
}
