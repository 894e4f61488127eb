/// Reads queries from unchecked octets. Every length is judged before it is used; only then octets are loaded, unchecked.
enum QueryParser {
    /// What keeps a message from being a query.
    enum ParseFailure: Error {
        /// A name, a record or the whole message is not as RFC 1035 §4.1 has it.
        case malformed
    }

    /// Reads a message of at least twelve octets with these flags, as far as it can be read. O(octets), no allocation.
    @inline(__always)
    static func parse(_ message: RawSpan, _ flags: HeaderFlags) -> Query {
        var query = Query(flags: flags)
        let counts = SectionCounts(message)
        do throws(ParseFailure) {
            try readQuestion(message, counts, &query)
        } catch {
            query.isMalformed = true
            if counts.question == 0 { query.edns = readEDNS(message, counts) }
            return query
        }
        if counts.isOneAdditional, isPlainOPT(message, from: query.questionEnd) {
            query.edns = EDNS(message, fromType: query.questionEnd &+ 1)
        } else if counts.hasRecords || query.questionEnd != message.byteCount {
            (query.edns, query.isMalformed) = readRecords(message, counts, from: query.questionEnd, query.type)
        }
        return query
    }

    /// Reads the only question (RFC 9619: there is exactly one).
    @inline(__always)
    private static func readQuestion(_ message: RawSpan, _ counts: SectionCounts, _ query: inout Query) throws(ParseFailure) {
        guard counts.question == 1 else { throw .malformed }
        let end = try nameEnd(message, from: Header.length)
        guard message.byteCount &- end >= Query.octetsBehindName else { throw .malformed }
        query.type = RecordType(rawValue: message.uint16(at: end))
        query.recordClass = message.uint16(at: end &+ 2)
        query.questionEnd = end &+ Query.octetsBehindName
    }

    /// The offset after a name that must not be compressed (RFC 1035 §3.1: labels to 63 octets, 255 in all).
    @inline(__always)
    private static func nameEnd(_ message: RawSpan, from start: Int) throws(ParseFailure) -> Int {
        let end = min(message.byteCount, start &+ DomainName.maximumLength)
        var offset = start
        while offset < end {
            let length = Int(message.uint8(at: offset))
            offset &+= 1 &+ length
            if length == 0 { return offset }
            guard length <= DomainName.maximumLabelLength else { throw .malformed }
        }
        throw .malformed
    }

    /// Reads what follows a question of some type, down to the OPT record of a malformed message, whose response needs one too
    /// (RFC 6891 §6.1.1).
    @inline(never)
    private static func readRecords(
        _ message: RawSpan, _ counts: SectionCounts, from start: Int, _ type: RecordType
    ) -> (edns: EDNS, isMalformed: Bool) {
        var edns = EDNS.absent
        do throws(ParseFailure) {
            var offset = start
            for _ in 0..<counts.answer + counts.authority {
                offset = try recordEnd(message, ownerEnd: compressedNameEnd(message, from: offset))
            }
            for _ in 0..<counts.additional { offset = try readAdditional(message, from: offset, &edns) }
            guard offset == message.byteCount, counts.answer == 0 else { throw .malformed }
            // IXFR carries the SOA that the client has (RFC 1995 §3).
            guard counts.authority == 0 || type == .ixfr && counts.authority == 1 else { throw .malformed }
            return (edns, false)
        } catch {
            return (edns, true)
        }
    }

    /// Reads the OPT record of a message without a question, which counts only with a cookie (RFC 7873 §5.4).
    @inline(never)
    private static func readEDNS(_ message: RawSpan, _ counts: SectionCounts) -> EDNS {
        let (edns, isMalformed) = readRecords(message, counts, from: Header.length, RecordType(rawValue: 0))
        return edns.hasCookie && !isMalformed ? edns : .absent
    }

    /// Reads a record of the additional section, which may hold one OPT (RFC 6891 §6.1.1) and a TSIG, and passes over others. Returns the
    /// offset after the record.
    @inline(__always)
    private static func readAdditional(_ message: RawSpan, from start: Int, _ edns: inout EDNS) throws(ParseFailure) -> Int {
        let ownerEnd = try compressedNameEnd(message, from: start)
        let end = try recordEnd(message, ownerEnd: ownerEnd)
        let type = message.uint16(at: ownerEnd)
        if type == RecordType.tsig.rawValue, !edns.hasCookie { edns.cookieStart = EDNS.signature }
        if type == RecordType.opt.rawValue {
            // An owner of one octet is the root.
            guard !edns.isPresent, ownerEnd == start &+ 1 else { throw .malformed }
            let mark = edns.cookieStart
            edns = try readOPT(message, from: ownerEnd, to: end)
            if !edns.hasCookie { edns.cookieStart = mark }
        }
        return end
    }

    /// Reads an OPT record from its type field to its end (RFC 6891 §6.1.2).
    @inline(__always)
    private static func readOPT(_ message: RawSpan, from start: Int, to end: Int) throws(ParseFailure) -> EDNS {
        var edns = EDNS(message, fromType: start)
        var option = start &+ 10
        while option < end {
            guard end &- option >= 4 else { throw .malformed }
            // Of several COOKIE options the first counts (RFC 7873 §5.2).
            if message.uint16(at: option) == CookieOption.code, !edns.hasCookie {
                edns.cookieStart = UInt16(truncatingIfNeeded: option &+ 4)
            }
            option &+= 4 &+ Int(message.uint16(at: option &+ 2))
        }
        guard option == end else { throw .malformed }
        return edns
    }

    /// Whether a TSIG record stands in the additional section, wherever, as far as the records can be read (RFC 8945 §4.2). O(octets).
    static func isSigned(_ message: RawSpan, _ query: Query) -> Bool {
        // Of a message that cannot be read the mark may be missing: an incremental transfer is answered all the same.
        guard query.edns.isRare || query.isMalformed && query.isTransfer else { return false }
        let counts = SectionCounts(message)
        var offset = query.questionEnd
        do throws(ParseFailure) {
            for number in 0..<counts.answer + counts.authority + counts.additional {
                let ownerEnd = try compressedNameEnd(message, from: offset)
                offset = try recordEnd(message, ownerEnd: ownerEnd)
                let isAdditional = number >= counts.answer + counts.authority
                if isAdditional, message.uint16(at: ownerEnd) == RecordType.tsig.rawValue { return true }
            }
        } catch {}
        return false
    }

    /// The serial of the SOA record that follows the question, which an incremental transfer begins with (RFC 1995 §3); nil if there is none
    /// that can be read. O(octets), no allocation.
    static func serial(_ message: RawSpan, behind query: Query) -> UInt32? {
        let counts = SectionCounts(message)
        guard counts.answer == 0, counts.authority > 0 else { return nil }
        do throws(ParseFailure) {
            let ownerEnd = try compressedNameEnd(message, from: query.questionEnd)
            let end = try recordEnd(message, ownerEnd: ownerEnd)
            // Two names of one octet at least, then five numbers, of which the serial is the first (RFC 1035 §3.3.13).
            guard message.uint16(at: ownerEnd) == RecordType.soa.rawValue, end &- ownerEnd >= 10 + 2 + 20 else { return nil }
            return UInt32(message.uint16(at: end &- 20)) << 16 | UInt32(message.uint16(at: end &- 18))
        } catch {
            return nil
        }
    }

    /// Whether all that is left is an OPT record without options, which most resolvers send: a short way to what `readRecords` finds.
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
            isPresent: true, payloadSize: UDPPayloadSize(advertised: message.uint16(at: start &+ 2)),
            version: message.uint8(at: start &+ 5),
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
