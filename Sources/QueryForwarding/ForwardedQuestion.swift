import DNSAuthority

/// What other servers are asked: equal for all queries that one answer serves.
struct ForwardedQuestion: Hashable {
    /// Name in lower case, type and class, as they stand in a message.
    let octets: [UInt8]
    /// AD and CD as they stand in the fourth octet of a header, and DO in the top bit: what an answer depends on (RFC 4035 §3).
    private let wishes: UInt8

    /// Octets behind the name: type and class.
    static let octetsBehindName = 4
    private static let carried: UInt8 = 0x30
    private static let securityMark: UInt8 = 0x80
    /// The size of responses that is asked for, which passes every network (RFC 9715 §3.1).
    private static let payloadSize: UInt16 = 1232

    init(_ query: DeferredQuery) {
        octets = Self.lowercased(Array(query.message.dropFirst(UpstreamResponse.headerLength)))
        let flags = query.message.count > 3 ? query.message[3] & Self.carried : 0
        wishes = flags | (query.deferral.wantsSecurity ? Self.securityMark : 0)
    }

    /// The name servers of the root: every name server has an answer.
    static let probe = ForwardedQuestion(octets: [0, 0, 2, 0, 1])

    private init(octets: [UInt8]) { (self.octets, wishes) = (octets, 0) }

    func hash(into hasher: inout Hasher) {
        octets.withUnsafeBytes { hasher.combine(bytes: $0) }
        hasher.combine(wishes)
    }

    /// A question with its name in lower case. Length octets are below every letter; type and class stay.
    static func lowercased(_ question: [UInt8]) -> [UInt8] {
        var question = question
        for index in 0..<max(0, question.count - octetsBehindName) where isUpper(question[index]) { question[index] |= 0x20 }
        return question
    }

    private static func isUpper(_ octet: UInt8) -> Bool { 0x41...0x5A ~= octet }
    private static func isLower(_ octet: UInt8) -> Bool { 0x61...0x7A ~= octet }

    /// How many letters the name has: each is a bit that somebody off the path must guess.
    var letters: Int { octets.dropLast(Self.octetsBehindName).count(where: Self.isLower) }

    /// A query with a random ID, the letters of the name in random case, and an OPT record for servers that know these.
    func query(_ random: inout some RandomNumberGenerator, withEDNS: Bool = true) -> [UInt8] {
        let id = UInt16.random(in: 0 ... .max, using: &random)
        var message = [UInt8(id >> 8), UInt8(id & 255), 0x01, wishes & Self.carried, 0, 1, 0, 0, 0, 0, 0, withEDNS ? 1 : 0]
        message.reserveCapacity(message.count + octets.count + OPT.length)
        var (bits, left): (UInt64, Int) = (0, 0)
        for (index, octet) in octets.enumerated() {
            guard Self.isLower(octet), index < octets.count - Self.octetsBehindName else {
                message.append(octet)
                continue
            }
            if left == 0 { (bits, left) = (random.next(), UInt64.bitWidth) }
            message.append(bits & 1 == 0 ? octet : octet & ~0x20)
            (bits, left) = (bits >> 1, left - 1)
        }
        guard withEDNS else { return message }
        return message + OPT.octets(size: Self.payloadSize, code: 0, wantsSecurity: wishes & Self.securityMark != 0)
    }
}

/// An OPT record (RFC 6891 §6.1.2).
enum OPT {
    /// Octets of one without options.
    static let length = 11
    static let type: UInt16 = 41
    /// The option that carries an extended error (RFC 8914 §2).
    static let extendedError: UInt16 = 15

    /// Whether a query of ours ends in one.
    static func ends(_ query: [UInt8]) -> Bool { query.count > UpstreamResponse.headerLength + length && query[11] == 1 }

    /// A record with these options; `code`: the upper eight bits of the RCODE.
    static func octets(size: UInt16, code: UInt8, wantsSecurity: Bool, options: ArraySlice<UInt8> = []) -> [UInt8] {
        [0, 0, UInt8(type), UInt8(size >> 8), UInt8(size & 255), code, 0, wantsSecurity ? 0x80 : 0, 0]
            + [UInt8(options.count >> 8 & 255), UInt8(options.count & 255)] + options
    }
}
