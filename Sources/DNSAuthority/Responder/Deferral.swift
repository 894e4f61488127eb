/// What is known of a query that is deferred, beside its header and question: what its response has to keep to. In one word, as it travels
/// in a register.
package struct Deferral: Hashable, Sendable {
    private let word: UInt64

    @inline(__always)
    init(_ query: Query, limit: Int, hasCookie: Bool) {
        word =
            UInt64(truncatingIfNeeded: query.questionEnd) | UInt64(truncatingIfNeeded: limit) << 16 | (query.edns.isPresent ? 1 << 32 : 0)
            | (query.edns.wantsSecurity ? 1 << 33 : 0) | (hasCookie ? 1 << 34 : 0)
    }

    /// Octets of header and question, at most 271.
    package var questionEnd: Int { Int(word & 0xFFFF) }
    /// Most octets of the response.
    package var limit: Int { Int(word >> 16 & 0xFFFF) }
    /// Whether the response has an OPT record.
    package var hasEDNS: Bool { word >> 32 & 1 != 0 }
    /// DO: the client wants DNSSEC records (RFC 3225 §3).
    package var wantsSecurity: Bool { word >> 33 & 1 != 0 }

    /// Whether the response has a COOKIE option.
    package var hasCookie: Bool { word >> 34 & 1 != 0 }

    /// What the OPT record of the query said.
    fileprivate var edns: EDNS {
        EDNS(isPresent: hasEDNS, payloadSize: UDPPayloadSize(limit: limit), version: EDNS.version, wantsSecurity: wantsSecurity)
    }

    /// Writes over header and question, which begin `message`, that the query could not be forwarded (RFC 8914 §4.24). `message` has at least
    /// `longestFailure` octets. `cookie`: the COOKIE option, if there is one. Returns the response's length.
    package func fail(in message: UnsafeMutableRawBufferPointer, cookie: [UInt8]) -> Int {
        guard let memory = message.baseAddress, message.count >= Self.longestFailure else { return 0 }
        var query = Query(flags: HeaderFlags(of: memory))
        query.questionEnd = questionEnd
        query.edns = edns
        let options = min(cookie.count, CookieOption.responseLength)
        let answer = ResponseWriter(memory, query, .notForwarded, limit: UDPPayloadSize.withoutEDNS).finish(reserving: options)
        if hasEDNS { (memory + (answer.length - options)).copyMemory(from: cookie, byteCount: options) }
        HeaderFlags.set(HeaderFlags.recursionAvailable, in: memory)
        return answer.length
    }

    /// Octets of header, the longest question and an OPT record with an extended error and a cookie.
    package static let longestFailure =
        Header.length + DomainName.maximumLength + Query.octetsBehindName + EDNS.recordLength + EDNS.extendedErrorLength
        + CookieOption.responseLength
}

extension Responder {
    /// What is known of a query that other servers may be asked: nil if they may not, or the client does not wish it.
    @inline(__always)
    func deferral(of query: Query, by policy: QueryPolicy, reserving options: Int) -> Deferral? {
        guard policy.isForwarding, query.flags.bits & HeaderFlags.recursionDesired != 0, query.recordClass == RecordClass.internet else {
            return nil
        }
        return Deferral(query, limit: limit(for: query), hasCookie: options > 0)
    }
}

extension FoldedName {
    /// `local.` in wire form (RFC 6762 §3), and the seven octets that must follow.
    private static let local: [UInt8] = [5] + Array("local".utf8) + [UInt8](repeating: 0, count: 8)
    private static let localLength = 7

    /// Whether the name is `local.` or below it.
    @inline(never)
    var isLocal: Bool {
        Self.local.withUnsafeBytes { octets in octets.baseAddress.map { isAtOrBelow($0, length: Self.localLength) } ?? false }
    }

    /// Whether a name that `isLocal` is `local.` itself.
    var isLocalItself: Bool { length == Self.localLength }
}

/// A query that another server answers: a copy that outlives the memory of the worker that it came to.
package struct DeferredQuery: Sendable {
    /// Header and question.
    package let message: [UInt8]
    package let deferral: Deferral
    /// What stands behind family and port of the client's socket address, and whether that is IPv6.
    package let client: [UInt8]
    package let isIPv6: Bool
    /// The COOKIE option of the response; empty for none.
    package let cookie: [UInt8]
    /// Sends the response the way back that the query came, from any thread. Called once.
    package let reply: Reply

    /// What sends a response.
    package typealias Reply = @Sendable (UnsafeRawBufferPointer) -> Void

    /// `message`, `client`: what the responder was given.
    package init(
        _ message: UnsafeRawBufferPointer, _ deferral: Deferral, from client: ClientAddress, isIPv6: Bool, cookie: [UInt8] = [],
        reply: @escaping Reply
    ) {
        self.message = Array(message.prefix(deferral.questionEnd))
        self.deferral = deferral
        self.client = Array(client.octets)
        (self.isIPv6, self.cookie, self.reply) = (isIPv6, cookie, reply)
    }

    /// Answers that it could not be forwarded.
    package func fail() {
        withUnsafeTemporaryAllocation(byteCount: Deferral.longestFailure, alignment: 8) { memory in
            memory.copyBytes(from: message)
            reply(UnsafeRawBufferPointer(rebasing: memory[..<deferral.fail(in: memory, cookie: cookie)]))
        }
    }
}
