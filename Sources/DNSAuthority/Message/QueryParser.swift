/// Reads queries from octets that nobody has checked. Every read is bounds-checked by `RawSpan`; every length is judged first.
enum QueryParser {
    /// What in a message keeps it from being answered. Every case is FORMERR.
    enum ParseFailure: Error {
        /// A name, a record or the whole message is not as RFC 1035 §4.1 has it.
        case malformed
    }

    /// Reads a message of at least twelve octets; what cannot be read is in the result's `verdict`. O(octets), no allocation.
    static func parse(_ message: RawSpan, _ flags: HeaderFlags) -> Query {
        var query = Query(flags: flags)
        if flags.opcode != 0 {
            // Judged before the counts: UPDATE and NOTIFY use them in their own way.
            query.verdict = .notImplemented
        }
        do throws(ParseFailure) {
            try readQuestion(message, &query)
            try readRecords(message, &query)
        } catch {
            if query.verdict == .noError { query.verdict = .formatError }
        }
        return query
    }

    /// Reads the only question (RFC 9619: there is exactly one).
    @inline(__always)
    private static func readQuestion(_ message: RawSpan, _ query: inout Query) throws(ParseFailure) {
        guard message.count(.question) == 1 else { throw .malformed }
        let end = try nameEnd(message, from: Header.length)
        guard message.byteCount - end >= 4 else { throw .malformed }
        query.nameLength = end - Header.length
        query.type = RecordType(rawValue: message.uint16(at: end))
        query.recordClass = message.uint16(at: end + 2)
        query.questionEnd = end + 4
    }

    /// The offset after a name that must not be compressed (RFC 1035 §3.1: labels to 63 octets, 255 in all).
    @inline(__always)
    private static func nameEnd(_ message: RawSpan, from start: Int) throws(ParseFailure) -> Int {
        var offset = start
        while true {
            guard offset < message.byteCount else { throw .malformed }
            let length = Int(message.uint8(at: offset))
            offset += 1 + length
            if length == 0 { return offset }
            // The root's octet is still to come, hence "less than".
            guard length <= DomainName.maximumLabelLength, offset - start < DomainName.maximumLength else { throw .malformed }
        }
    }

    /// Reads what follows the question: in a query, at most additional records. Others are passed over first, so that an OPT record behind
    /// them is found and has its like in the response (RFC 6891 §6.1.1).
    @inline(__always)
    private static func readRecords(_ message: RawSpan, _ query: inout Query) throws(ParseFailure) {
        var offset = query.questionEnd
        let answerCount = message.count(.answer)
        let authorityCount = message.count(.authority)
        for _ in 0..<Int(answerCount) + Int(authorityCount) { offset = try recordEnd(message, from: offset) }
        if message.count(.additional) > 0 { offset = try readAdditional(message, from: offset, &query) }
        guard offset == message.byteCount, answerCount == 0 else { throw .malformed }
        // IXFR carries the SOA that the client has (RFC 1995 §3).
        guard authorityCount == 0 || query.type == .ixfr && authorityCount == 1 else { throw .malformed }
    }

    /// Reads the additional section, which may hold one OPT (RFC 6891 §6.1.1); all else is passed over.
    private static func readAdditional(_ message: RawSpan, from start: Int, _ query: inout Query) throws(ParseFailure) -> Int {
        var offset = start
        for _ in 0..<message.count(.additional) {
            let ownerEnd = try compressedNameEnd(message, from: offset)
            let end = try recordEnd(message, ownerEnd: ownerEnd)
            if message.uint16(at: ownerEnd) == RecordType.opt.rawValue {
                guard query.edns == nil, message.uint8(at: offset) == 0 else { throw .malformed }
                query.edns = try readOPT(message, from: ownerEnd, to: end)
            }
            offset = end
        }
        return offset
    }

    /// Reads an OPT record from its type field to its end (RFC 6891 §6.1.2).
    private static func readOPT(_ message: RawSpan, from start: Int, to end: Int) throws(ParseFailure) -> EDNS {
        var option = start + 10
        while option < end {
            guard end - option >= 4 else { throw .malformed }
            option += 4 + Int(message.uint16(at: option + 2))
        }
        guard option == end else { throw .malformed }
        return EDNS(
            payloadSize: UDPPayloadSize(advertised: message.uint16(at: start + 2)), version: message.uint8(at: start + 5),
            wantsSecurity: message.uint8(at: start + 6) & 0x80 != 0)
    }

    private static func recordEnd(_ message: RawSpan, from start: Int) throws(ParseFailure) -> Int {
        try recordEnd(message, ownerEnd: compressedNameEnd(message, from: start))
    }

    /// The offset after a record whose type field begins at `ownerEnd` (RFC 1035 §4.1.3).
    private static func recordEnd(_ message: RawSpan, ownerEnd: Int) throws(ParseFailure) -> Int {
        guard message.byteCount - ownerEnd >= 10 else { throw .malformed }
        let end = ownerEnd + 10 + Int(message.uint16(at: ownerEnd + 8))
        guard end <= message.byteCount else { throw .malformed }
        return end
    }

    /// The offset after a name that may end in a pointer, which is not followed (RFC 1035 §4.1.4).
    private static func compressedNameEnd(_ message: RawSpan, from start: Int) throws(ParseFailure) -> Int {
        var offset = start
        while offset < message.byteCount {
            let length = Int(message.uint8(at: offset))
            if length == 0 { return offset + 1 }
            if length >= 0xC0 { return offset + 2 }
            guard length <= DomainName.maximumLabelLength, offset - start < DomainName.maximumLength else { throw .malformed }
            offset += 1 + length
        }
        throw .malformed
    }
}

/// The sections of a message in the order of their counts (RFC 1035 §4.1.1).
private enum Section: Int {
    case question, answer, authority, additional
}

extension RawSpan {
    /// The number of records that the header says a section has.
    @inline(__always)
    fileprivate func count(_ section: Section) -> UInt16 { uint16(at: Header.countsOffset + 2 * section.rawValue) }

    @inline(__always)
    fileprivate func uint8(at offset: Int) -> UInt8 { unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

    /// Two octets in network order; traps outside the span.
    @inline(__always)
    func uint16(at offset: Int) -> UInt16 { UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)) }
}
