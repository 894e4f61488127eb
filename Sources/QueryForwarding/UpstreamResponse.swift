import DNSAuthority

/// A response of another server, every length in it judged.
package struct UpstreamResponse: Sendable {
    /// What octets from a server are to the query that it was sent.
    package enum Verdict: Sendable {
        /// No response to it, or none that can be read: the right one may still come.
        case ignored
        /// A response to it over UDP that leaves something in doubt: it is cut short (TC), or the letters of its question differ in case, which
        /// somebody may have guessed. To be asked again over TCP.
        case doubtful
        /// The server cannot read a query with an OPT record: to be asked again without (RFC 6891 §7).
        case ednsUnknown
        /// The response.
        case response(UpstreamResponse)
    }

    static let headerLength = 12
    private static let opcodeBits: UInt8 = 0x78
    /// FORMERR.
    private static let formatError: UInt8 = 1

    private let octets: [UInt8]
    private let questionEnd: Int
    private var counts: [Int] = []
    /// Where records that are passed on end: at the OPT record, which goes to the next server only, or at the end.
    private var end = 0
    private var extendedCode: UInt8 = 0
    private var hasOPT = false
    /// The extended errors, as options of an OPT record.
    private var errors: [UInt8] = []

    /// Judges octets by the query that was sent. O(octets).
    package static func judge(_ octets: [UInt8], to query: [UInt8], overTCP: Bool) -> Verdict {
        let isExtended = OPT.ends(query)
        let questionEnd = query.count - (isExtended ? OPT.length : 0)
        guard octets.count >= headerLength, questionEnd >= headerLength + 5, octets[0] == query[0], octets[1] == query[1],
            octets[2] & 0x80 != 0, octets[2] & opcodeBits == 0
        else { return .ignored }
        // What could not be read is not repeated.
        if isExtended, octets.count == headerLength, octets[3] & 15 == formatError, octets[4] == 0, octets[5] == 0 { return .ednsUnknown }
        guard octets.count >= questionEnd, octets[4] == 0, octets[5] == 1 else { return .ignored }
        let (asked, repeated) = (query[headerLength..<questionEnd], octets[headerLength..<questionEnd])
        if asked != repeated {
            let isSame = ForwardedQuestion.lowercased(Array(asked)) == ForwardedQuestion.lowercased(Array(repeated))
            guard isSame, !overTCP else { return .ignored }
            return .doubtful
        }
        if octets[2] & 0x02 != 0, !overTCP { return .doubtful }
        guard let response = UpstreamResponse(octets, questionEnd) else { return .ignored }
        return isExtended && !response.hasOPT && response.code == UInt16(formatError) ? .ednsUnknown : .response(response)
    }

    /// Nil for one that cannot be read.
    private init?(_ octets: [UInt8], _ questionEnd: Int) {
        (self.octets, self.questionEnd) = (octets, questionEnd)
        counts = (1...3).map { Int(octets[4 + 2 * $0]) << 8 | Int(octets[5 + 2 * $0]) }
        var offset = questionEnd
        var optStart: Int?
        for section in 0..<3 {
            for index in 0..<counts[section] {
                guard let record = RecordBounds(octets, at: offset) else { return nil }
                if record.type == OPT.type {
                    guard section == 2, optStart == nil, record.dataStart - offset == OPT.length, readOPT(record) else { return nil }
                    (optStart, counts[2]) = (offset, index)
                }
                offset = record.end
            }
        }
        guard offset == octets.count else { return nil }
        // Records behind the OPT record are not passed on.
        end = optStart ?? offset
        hasOPT = optStart != nil
    }

    private mutating func readOPT(_ record: RecordBounds) -> Bool {
        extendedCode = octets[record.dataStart - 6]
        var option = record.dataStart
        while option < record.end {
            guard record.end - option >= 4 else { return false }
            let next = option + 4 + (Int(octets[option + 2]) << 8 | Int(octets[option + 3]))
            guard next <= record.end else { return false }
            let code = UInt16(octets[option]) << 8 | UInt16(octets[option + 1])
            if code == OPT.extendedError, errors.count + next - option <= Self.mostErrorOctets { errors += octets[option..<next] }
            option = next
        }
        return true
    }

    /// Octets of extended errors that are passed on: what fits beside any question.
    private static let mostErrorOctets = 128

    /// RCODE with its extension.
    package var code: UInt16 { UInt16(extendedCode) << 4 | UInt16(octets[3] & 15) }

    /// Whether another server may know better: SERVFAIL, REFUSED, NOTIMP, FORMERR and the like.
    var isFailure: Bool { code != 0 && code != 3 }

    /// Whether the RCODE is one of EDNS, such as BADVERS and BADCOOKIE.
    var isOfEDNS: Bool { extendedCode != 0 }

    /// The response to a client's query: its ID and spelling, what its OPT record allows, whole records as far as they fit.
    package func octets(for query: DeferredQuery) -> [UInt8] {
        let deferral = query.deferral
        guard query.message.count == questionEnd else { return [] }
        let options = deferral.hasEDNS ? errors + query.cookie : []
        let room = deferral.limit - (deferral.hasEDNS ? OPT.length + options.count : 0)
        let part = end <= room ? (end: end, counts: counts, isCut: false) : part(within: room)
        var response = query.message
        response.reserveCapacity(part.end + OPT.length + options.count)
        // QR and RD; TC of a response over TCP stays; RA, AD as the server says, CD.
        response[2] = 0x80 | query.message[2] & 0x01 | (part.isCut ? 0x02 : octets[2] & 0x02)
        response[3] = 0x80 | octets[3] & 0x2F | query.message[3] & 0x10
        response.replaceSubrange(4..<6, with: [0, 1])
        for section in 0..<3 {
            let count = part.counts[section] + (section == 2 && deferral.hasEDNS ? 1 : 0)
            response.replaceSubrange(6 + 2 * section..<8 + 2 * section, with: [UInt8(count >> 8 & 255), UInt8(count & 255)])
        }
        response += octets[questionEnd..<part.end]
        guard deferral.hasEDNS else { return response }
        return response
            + OPT.octets(
                size: UInt16(UDPPayloadSize.unfragmented), code: extendedCode, wantsSecurity: deferral.wantsSecurity, options: options[...])
    }

    /// The records that fit into so many octets. Additional data may be missing without TC (RFC 2181 §9).
    private func part(within room: Int) -> (end: Int, counts: [Int], isCut: Bool) {
        var (offset, kept) = (questionEnd, [0, 0, 0])
        for section in 0..<3 {
            for _ in 0..<counts[section] {
                guard let record = RecordBounds(octets, at: offset), record.end <= room else { return (offset, kept, section < 2) }
                offset = record.end
                kept[section] += 1
            }
        }
        return (offset, kept, false)
    }
}

/// Where a record's parts lie in a message (RFC 1035 §4.1.3).
private struct RecordBounds {
    let type: UInt16
    let dataStart: Int
    let end: Int

    /// Nil if it is cut short, or its name is none.
    init?(_ message: [UInt8], at start: Int) {
        var offset = start
        while true {
            guard offset < message.count else { return nil }
            let length = Int(message[offset])
            if length >= 0xC0 {
                guard offset + 1 < message.count, (length & 0x3F) << 8 | Int(message[offset + 1]) < offset else { return nil }
                offset += 2
                break
            }
            guard length <= DomainName.maximumLabelLength, offset - start < DomainName.maximumLength else { return nil }
            offset += 1 + length
            if length == 0 { break }
        }
        guard message.count - offset >= 10 else { return nil }
        type = UInt16(message[offset]) << 8 | UInt16(message[offset + 1])
        dataStart = offset + 10
        end = dataStart + (Int(message[offset + 8]) << 8 | Int(message[offset + 9]))
        guard end <= message.count else { return nil }
    }
}
