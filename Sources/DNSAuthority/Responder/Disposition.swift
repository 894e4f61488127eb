/// With which RCODE and extended error a query is answered, and whether with AA.
///
/// Every decision on them is a row of the tables below. They stand in the order in which they apply, and the first row that applies counts.
package struct Disposition {
    let code: ResponseCode
    let error: ExtendedError?
    /// RCODE and AA, as they stand in the header.
    let headerBits: UInt16

    /// A query that no zone answers.
    @inline(__always)
    private init(_ code: ResponseCode, _ error: ExtendedError? = nil) {
        (self.code, self.error, headerBits) = (code, error, code.headerBits)
    }

    /// A query that a zone answers.
    @inline(__always)
    private init(fromZone code: ResponseCode, _ error: ExtendedError?) {
        (self.code, self.error, headerBits) = (code, error, code.headerBits | HeaderFlags.authoritative)
    }
}

// MARK: The tables: when → RCODE, extended error

extension Disposition {
    /// Messages that are met with silence, judged from their headers: too short to answer, or responses, since two servers that answered
    /// those would talk without limit.
    @inline(__always)
    static func isSilent(_ flags: HeaderFlags, messageLength: Int) -> Bool { messageLength < Header.length || flags.isResponse }

    /// What the query alone decides; nil if a zone must be found.
    @inline(__always)
    static func judge(_ query: Query) -> Disposition? {
        // Before the form: UPDATE and NOTIFY use the sections in their own way.
        if query.flags.opcode != 0 { return Disposition(.notImplemented) }
        if query.isMalformed { return Disposition(.formatError) }
        if query.edns.version > EDNS.version { return Disposition(.badVersion) }
        if query.type.isMeta || query.type == .opt, let disposition = judge(query.type) { return disposition }
        if query.recordClass != RecordClass.internet, query.recordClass != RecordClass.any {
            return Disposition(.refused, .notAuthoritative)
        }
        return nil
    }

    /// What a type decides that is no data (RFC 6895 §3.1); nil if a zone must be found.
    private static func judge(_ type: RecordType) -> Disposition? {
        switch type {
        case .any: nil
        case .axfr, .ixfr: Disposition(.refused, .prohibited)
        // OPT is no question (RFC 6891 §6.1.1), nor is NXNAME (RFC 9824 §3.4).
        case .opt, .nxname: Disposition(.formatError)
        default: Disposition(.notImplemented)
        }
    }

    /// What becomes of a name that lies in no zone.
    static var outOfZone: Disposition { Disposition(.refused, .notAuthoritative) }

    /// What becomes of a name below `local.` that lies in no zone and is not forwarded: it does not exist, which stubs take at once, while musl
    /// waits for another answer after REFUSED. `local.` itself exists, since names of zones may lie below it.
    static func local(isItself: Bool) -> Disposition { isItself ? Disposition(.noError) : Disposition(.nameError) }

    /// What becomes of a query that should be forwarded and cannot be.
    static var notForwarded: Disposition { Disposition(.serverFailure, .networkError) }

    /// What becomes of the query of a client that is not admitted, and of a transfer that a client may not have.
    package static var notAdmitted: Disposition { Disposition(.refused, .prohibited) }

    /// What becomes of a transfer over UDP: RFC 5936 §4.2 defines none.
    package static var transferOverUDP: Disposition { Disposition(.refused, .prohibited) }

    /// What becomes of a transfer of a name that is the origin of no zone (RFC 5936 §2.2.1).
    package static var notOrigin: Disposition { Disposition(.notAuthoritative, .notAuthoritative) }

    /// What becomes of a transfer beyond those that may be under way.
    package static var tooManyTransfers: Disposition { Disposition(.serverFailure) }

    /// What becomes of a transfer that is given.
    static var transferred: Disposition { Disposition(fromZone: .noError, nil) }

    /// What becomes of a query whose TSIG record cannot be read (RFC 8945 §5.2).
    package static var unreadableSignature: Disposition { Disposition(.formatError) }

    /// What becomes of a query with a signature that does not hold (RFC 8945 §5.2): the TSIG record of the response says why.
    package static var wrongSignature: Disposition { Disposition(.notAuthoritative) }

    /// What becomes of a name that does not exist in its zone where such names are refused: a client may ask another server.
    static var unknownName: Disposition { Disposition(.refused, .notAuthoritative) }

    /// What the COOKIE option of a query, of so many octets, decides (RFC 7873 §5.2, §5.4); nil if the query must be judged as one without.
    static func judgeCookie(of query: Query, length: Int) -> Disposition? {
        if query.flags.opcode != 0 { return nil }
        if !CookieOption.isWellFormed(length: length) { return Disposition(.formatError) }
        return query.asksForCookieAlone && query.edns.version <= EDNS.version ? Disposition(.noError) : nil
    }

    /// What stands in the place of a response beyond the rate limit: the client must show that its address is its own, by a cookie or over TCP.
    static func overLimit(hasCookie: Bool) -> Disposition { Disposition(hasCookie ? .badCookie : .noError) }

    /// What the state of the zone that a name lies in decides; nil if the zone must be asked.
    @inline(__always)
    package static func judge(_ zone: ZoneStatus) -> Disposition? {
        switch zone {
        case .notReady: Disposition(.serverFailure, .notReady)
        case .expired: Disposition(.serverFailure, .noReachableAuthority)
        case .current, .stale: nil
        }
    }

    /// What a zone's answer decides (RFC 1034 §4.3.2, RFC 2308 §2). `isStale`: the zone is.
    @inline(__always)
    static func judge(_ result: LookupResult, isStale: Bool) -> Disposition {
        switch result {
        case .data(let rrset): Disposition(fromZone: .noError, isStale || rrset.isHeld ? .staleAnswer : nil)
        case .all(let node): Disposition(fromZone: .noError, isStale || node.isHeld ? .staleAnswer : nil)
        case .noData: Disposition(fromZone: .noError, isStale ? .staleAnswer : nil)
        case .nameError: Disposition(fromZone: .nameError, isStale ? .staleNameError : nil)
        case .unknown: Disposition(.serverFailure, .noReachableAuthority)
        }
    }
}

// MARK: Codes

/// How a response says whether a query succeeded (RFC 1035 §4.1.1, RFC 6891 §9).
package enum ResponseCode: UInt16, CaseIterable, Sendable {
    /// No error.
    case noError = 0
    /// The query is not well formed.
    case formatError = 1
    /// The server cannot answer now.
    case serverFailure = 2
    /// The name does not exist.
    case nameError = 3
    /// The server does not support this kind of query.
    case notImplemented = 4
    /// The server does not answer this query, as a matter of policy.
    case refused = 5
    /// The server is not authoritative for the zone, or a signature does not hold (RFC 2136 §2.2, RFC 8945 §5.2).
    case notAuthoritative = 9
    /// The server does not support the query's version of EDNS.
    case badVersion = 16
    /// The query needs the server cookie that the response has (RFC 7873 §8).
    case badCookie = 23

    /// Its place among all.
    package var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// Its mnemonic (IANA's list of RCODEs).
    package var text: String {
        switch self {
        case .noError: "NOERROR"
        case .formatError: "FORMERR"
        case .serverFailure: "SERVFAIL"
        case .nameError: "NXDOMAIN"
        case .notImplemented: "NOTIMP"
        case .refused: "REFUSED"
        case .notAuthoritative: "NOTAUTH"
        case .badVersion: "BADVERS"
        case .badCookie: "BADCOOKIE"
        }
    }

    /// The four bits that stand in the header.
    fileprivate var headerBits: UInt16 { rawValue & 15 }
    /// The eight bits that stand in the OPT record.
    var extendedBits: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 4) }
}

/// Why an answer is what it is, beyond its response code (RFC 8914 §4).
package enum ExtendedError: UInt16, Sendable {
    /// The registry cannot be asked now, or a provider that has vanished is held.
    case staleAnswer = 3
    /// The registry has not been read yet.
    case notReady = 14
    /// This operation is not allowed.
    case prohibited = 18
    /// The name does not exist, and the registry cannot be asked now.
    case staleNameError = 19
    /// The name is in no zone of this server.
    case notAuthoritative = 20
    /// No source of the answer can be reached.
    case noReachableAuthority = 22
    /// The server could not ask another one.
    case networkError = 23
}
