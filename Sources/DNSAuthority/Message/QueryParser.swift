/// Reads queries from octets that nobody has checked. Every length is judged before it is used; only then octets are loaded, unchecked.
enum QueryParser {
    /// What in a message keeps it from being answered. Every case is FORMERR.
    enum ParseFailure: Error {
        /// A name, a record or the whole message is not as RFC 1035 §4.1 has it.
        case malformed
    }

    /// Reads a message of at least twelve octets into a query that has its flags only; what cannot be read is in its `verdict`.
    /// O(octets), no allocation.
    @inline(__always)
    static func parse(_ message: RawSpan, into query: inout Query) {
        if query.flags.opcode != 0 {
            // Judged before the counts: UPDATE and NOTIFY use them in their own way.
            query.verdict = .notImplemented
        }
        do throws(ParseFailure) {
            let counts = SectionCounts(message)
            try readQuestion(message, counts, &query)
            if counts.hasRecords || query.questionEnd != message.byteCount {
                if counts.isOneAdditional, isPlainOPT(message, from: query.questionEnd) {
                    query.edns = EDNS(message, fromType: query.questionEnd &+ 1)
                } else {
                    try readRecords(message, counts, &query)
                }
            }
        } catch {
            if query.verdict == .noError { query.verdict = .formatError }
        }
    }

    /// Reads the only question (RFC 9619: there is exactly one).
    @inline(__always)
    private static func readQuestion(_ message: RawSpan, _ counts: SectionCounts, _ query: inout Query) throws(ParseFailure) {
        guard counts.question == 1 else { throw .malformed }
        let end = try nameEnd(message, from: Header.length)
        guard message.byteCount &- end >= 4 else { throw .malformed }
        query.nameLength = end &- Header.length
        query.type = RecordType(rawValue: message.uint16(at: end))
        query.recordClass = message.uint16(at: end &+ 2)
        query.questionEnd = end &+ 4
    }

    /// The offset after a name that must not be compressed (RFC 1035 §3.1: labels to 63 octets, 255 in all).
    @inline(__always)
    private static func nameEnd(_ message: RawSpan, from start: Int) throws(ParseFailure) -> Int {
        var offset = start
        while true {
            guard offset < message.byteCount else { throw .malformed }
            let length = Int(message.uint8(at: offset))
            offset &+= 1 &+ length
            if length == 0 { return offset }
            // The root's octet is still to come, hence "less than".
            guard length <= DomainName.maximumLabelLength, offset &- start < DomainName.maximumLength else { throw .malformed }
        }
    }

    /// Reads what follows the question: in a query, at most additional records. Others are passed over first, so that an OPT record behind
    /// them is found and has its like in the response (RFC 6891 §6.1.1).
    private static func readRecords(_ message: RawSpan, _ counts: SectionCounts, _ query: inout Query) throws(ParseFailure) {
        var offset = query.questionEnd
        for _ in 0..<counts.answer + counts.authority {
            offset = try recordEnd(message, ownerEnd: compressedNameEnd(message, from: offset))
        }
        for _ in 0..<counts.additional { offset = try readAdditional(message, from: offset, &query) }
        guard offset == message.byteCount, counts.answer == 0 else { throw .malformed }
        // IXFR carries the SOA that the client has (RFC 1995 §3).
        guard counts.authority == 0 || query.type == .ixfr && counts.authority == 1 else { throw .malformed }
    }

    /// Reads a record of the additional section, which may hold one OPT (RFC 6891 §6.1.1); all else is passed over. The offset after it.
    @inline(__always)
    private static func readAdditional(_ message: RawSpan, from start: Int, _ query: inout Query) throws(ParseFailure) -> Int {
        let ownerEnd = try compressedNameEnd(message, from: start)
        let end = try recordEnd(message, ownerEnd: ownerEnd)
        if message.uint16(at: ownerEnd) == RecordType.opt.rawValue {
            // An owner of one octet is the root.
            guard query.edns == nil, ownerEnd == start &+ 1 else { throw .malformed }
            query.edns = try readOPT(message, from: ownerEnd, to: end)
        }
        return end
    }

    /// Reads an OPT record from its type field to its end (RFC 6891 §6.1.2).
    @inline(__always)
    private static func readOPT(_ message: RawSpan, from start: Int, to end: Int) throws(ParseFailure) -> EDNS {
        var option = start &+ 10
        while option < end {
            guard end &- option >= 4 else { throw .malformed }
            option &+= 4 &+ Int(message.uint16(at: option &+ 2))
        }
        guard option == end else { throw .malformed }
        return EDNS(message, fromType: start)
    }

    /// Whether an OPT record without options is all that is left, as most resolvers have it: a short way to what `readRecords` finds.
    @inline(__always)
    private static func isPlainOPT(_ message: RawSpan, from start: Int) -> Bool {
        guard message.byteCount &- start == EDNS.recordLength else { return false }
        return message.uint8(at: start) == 0 && message.uint16(at: start &+ 1) == RecordType.opt.rawValue
            && message.uint16(at: start &+ 9) == 0
    }

    /// The offset after a record whose type field begins at `ownerEnd` (RFC 1035 §4.1.3).
    @inline(__always)
    private static func recordEnd(_ message: RawSpan, ownerEnd: Int) throws(ParseFailure) -> Int {
        guard message.byteCount &- ownerEnd >= 10 else { throw .malformed }
        let end = ownerEnd &+ 10 &+ Int(message.uint16(at: ownerEnd &+ 8))
        guard end <= message.byteCount else { throw .malformed }
        return end
    }

    /// The offset after a name that may end in a pointer, which is not followed (RFC 1035 §4.1.4).
    @inline(__always)
    private static func compressedNameEnd(_ message: RawSpan, from start: Int) throws(ParseFailure) -> Int {
        var offset = start
        while offset < message.byteCount {
            let length = Int(message.uint8(at: offset))
            if length == 0 { return offset &+ 1 }
            if length >= 0xC0 { return offset &+ 2 }
            guard length <= DomainName.maximumLabelLength, offset &- start < DomainName.maximumLength else { throw .malformed }
            offset &+= 1 &+ length
        }
        throw .malformed
    }
}

/// How many records the header says each section has (RFC 1035 §4.1.1).
private struct SectionCounts {
    /// The four counts as they stand, the question's in the upper sixteen bits.
    private let bits: UInt64

    @inline(__always)
    init(_ message: RawSpan) {
        bits = UInt64(bigEndian: message.unsafeLoadUnaligned(fromByteOffset: Header.countsOffset, as: UInt64.self))
    }

    var question: Int { Int(truncatingIfNeeded: bits >> 48) }
    var answer: Int { Int(truncatingIfNeeded: bits >> 32 & 0xFFFF) }
    var authority: Int { Int(truncatingIfNeeded: bits >> 16 & 0xFFFF) }
    var additional: Int { Int(truncatingIfNeeded: bits & 0xFFFF) }
    /// Whether there is one record besides the question, in the additional section.
    var isOneAdditional: Bool { bits & 0xFFFF_FFFF_FFFF == 1 }
    /// Whether anything but the question is there.
    var hasRecords: Bool { bits & 0xFFFF_FFFF_FFFF != 0 }
}

extension EDNS {
    /// What a whole OPT record says whose type field begins at `start` (RFC 6891 §6.1.2).
    @inline(__always)
    fileprivate init(_ message: RawSpan, fromType start: Int) {
        self.init(
            payloadSize: UDPPayloadSize(advertised: message.uint16(at: start &+ 2)), version: message.uint8(at: start &+ 5),
            wantsSecurity: message.uint8(at: start &+ 6) & 0x80 != 0)
    }
}

extension RawSpan {
    /// One octet; the offset has been judged.
    @inline(__always)
    fileprivate func uint8(at offset: Int) -> UInt8 { unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self) }

    /// Two octets in network order; the offset has been judged.
    @inline(__always)
    fileprivate func uint16(at offset: Int) -> UInt16 {
        UInt16(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self))
    }
}
