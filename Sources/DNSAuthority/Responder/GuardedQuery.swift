/// What is known of a query that was judged by more than its zone.
struct GuardedQuery {
    fileprivate(set) var query = Query(flags: HeaderFlags(bits: 0))
    /// What a response says of cookies; nil for nothing.
    fileprivate(set) var cookie: (option: CookieOption, reply: ServerCookie)?
    /// The account that the response counts for; nil if the client may have any number.
    fileprivate(set) var rateKey: UInt64?
    fileprivate(set) var cookieCounts = CookieCounts()
    /// Whether responses say that this server answers for others.
    fileprivate var isForwarding = false
}

/// How many COOKIE options have come, by what they were worth. Malformed ones are counted as FORMERR.
package struct CookieCounts: Equatable, Sendable {
    /// The client had no server cookie yet.
    package internal(set) var new: UInt64 = 0
    /// The server cookie was ours, for this client.
    package internal(set) var valid: UInt64 = 0
    /// The server cookie was none of ours, another client's, or too old.
    package internal(set) var invalid: UInt64 = 0

    /// Whether none has come.
    package var isEmpty: Bool { new | valid | invalid == 0 }
}

extension Responder {
    /// The account that the last response counts for, a hash of the client's network, the kind of response and its name; nil if the client may
    /// have any number. Only while the policy has a rate limit.
    package var rateKey: UInt64? { guarded.rateKey }

    /// How many cookies have come since this was asked last.
    package mutating func takeCookieCounts() -> CookieCounts {
        defer { guarded.cookieCounts = CookieCounts() }
        return guarded.cookieCounts
    }

    /// Answers a query that has a cookie or a signature, or that the policy decides on. It is read again: handed over it would have to stand in
    /// memory for all others, too.
    @inline(never)
    mutating func answerGuarded(
        in memory: UnsafeMutableRawPointer, queryLength: Int, to client: ClientAddress, from zones: ServedZones, by policy: QueryPolicy
    ) -> Outcome {
        let message = UnsafeRawBufferPointer(start: memory, count: queryLength)
        let query = QueryParser.parse(message.bytes, HeaderFlags(of: UnsafeRawPointer(memory)))
        guarded.query = query
        guarded.cookie = nil
        guarded.rateKey = nil
        guarded.isForwarding = policy.isForwarding
        var isVouched = false
        var disposition: Disposition?
        if !policy.admits(client) {
            disposition = .notAdmitted
        } else if query.edns.hasCookie, policy.secrets.count > 0 {
            let length = CookieOption.length(in: memory, of: query.edns)
            disposition = Disposition.judgeCookie(of: query, length: length)
            if CookieOption.isWellFormed(length: length) {
                let option = CookieOption(UnsafeRawPointer(memory) + Int(query.edns.cookieStart), length: length)
                isVouched = judge(option, of: client, policy.secrets)
            }
        } else if query.asksForCookieAlone {
            guarded.query.edns = .absent
        }
        let options = guarded.cookie == nil ? 0 : CookieOption.responseLength
        let outcome: Outcome
        if disposition == nil, policy.answersLong, QueryParser.isSigned(message.bytes, query) {
            outcome = .long
        } else if let disposition {
            outcome = .answered(begin(disposition, in: memory, reserving: options).finish(reserving: options))
        } else {
            outcome = answer(
                guarded.query, in: memory, to: client, from: zones, by: policy, reserving: options,
                refusingUnknown: policy.refusesUnknownNames)
        }
        if case .long = outcome, policy.rateLimit != nil, transport == .udp, !isVouched {
            // One account for all: what forged addresses get of them are errors. It does not count for a signature that holds.
            guarded.rateKey = rateKey(of: .refused(query.type), in: memory, to: client, from: zones)
        }
        guard case .answered(let answer) = outcome else { return outcome }
        writeCookie(in: memory, answer.length)
        if policy.rateLimit != nil, transport == .udp, !isVouched {
            guarded.rateKey = rateKey(of: answer, in: memory, to: client, from: zones)
        }
        return outcome
    }

    /// Puts a response that has no records in the place of the last one, which was beyond the rate limit: one that has the client ask again
    /// over TCP, or with the cookie that it is given.
    package mutating func cutShort(_ answer: Answer, in buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        guard let memory = buffer.baseAddress, buffer.count >= capacity else { return .silent }
        let options = guarded.cookie == nil ? 0 : CookieOption.responseLength
        var writer = begin(.overLimit(hasCookie: guarded.cookie != nil), in: memory, reserving: options)
        if guarded.cookie == nil { writer.truncate() }
        let short = writer.finish(reserving: options)
        if guarded.isForwarding { HeaderFlags.set(HeaderFlags.recursionAvailable, in: memory) }
        writeCookie(in: memory, short.length)
        return .answered(
            Answer(length: short.length, isTruncated: short.isTruncated, zone: answer.zone, code: short.code, type: answer.type))
    }

    /// The COOKIE option that the response to a query has which was deferred last.
    package func cookieOption(for deferral: Deferral) -> [UInt8] {
        guard deferral.hasCookie, let (option, reply) = guarded.cookie else { return [] }
        return [UInt8](unsafeUninitializedCapacity: CookieOption.responseLength) { memory, count in
            guard let start = memory.baseAddress else { return }
            option.write(reply, to: UnsafeMutableRawPointer(start))
            count = CookieOption.responseLength
        }
    }

    /// Whether a response beyond the rate limit is cut short rather than dropped, of which so many are for one that is.
    package mutating func isTurn(ofOneIn slip: Int) -> Bool { order.isOne(in: slip) }

    private func begin(_ disposition: Disposition, in memory: UnsafeMutableRawPointer, reserving options: Int) -> ResponseWriter {
        ResponseWriter(memory, guarded.query, disposition, limit: limit(for: guarded.query) - options)
    }

    /// Judges the cookie of a query, notes what the response says, and returns whether the client has shown that its address is its own.
    private mutating func judge(
        _ option: CookieOption, of client: ClientAddress, _ secrets: UnsafeMutableBufferPointer<CookieSecret>
    ) -> Bool {
        var isVouched = false
        if let sent = option.server, case .valid(let isFresh) = sent.worth(for: client, option.client, at: seconds, secrets) {
            isVouched = true
            if isFresh { guarded.cookie = (option, sent) }
        }
        if guarded.cookie == nil { guarded.cookie = (option, ServerCookie(for: client, option.client, at: seconds, secrets[0])) }
        if isVouched {
            guarded.cookieCounts.valid &+= 1
        } else if option.hasServer {
            guarded.cookieCounts.invalid &+= 1
        } else {
            guarded.cookieCounts.new &+= 1
        }
        return isVouched
    }

    /// Writes what the response says of cookies into its last octets.
    private func writeCookie(in memory: UnsafeMutableRawPointer, _ length: Int) {
        guard let (option, reply) = guarded.cookie else { return }
        option.write(reply, to: memory + (length - CookieOption.responseLength))
    }
}

// MARK: Rate limit

extension Responder.Answer {
    /// What is known of a response that refuses a question of a type.
    fileprivate static func refused(_ type: RecordType) -> Self {
        Self(length: 0, isTruncated: false, zone: 0, code: .refused, type: type)
    }
}

extension Responder {
    /// The kinds of responses that are limited apart (as NSD has them).
    private enum Kind: UInt64 {
        case nameError = 1
        case error
        case noData
        case any
        case data
    }

    /// The account of a response; nil for a client that is this machine.
    private func rateKey(
        of answer: Answer, in memory: UnsafeMutableRawPointer, to client: ClientAddress, from zones: ServedZones
    ) -> UInt64? {
        guard let network = client.limitedNetwork else { return nil }
        let kind = kind(of: answer, in: memory)
        // One account for all names that do not exist, or that one name answers for: there is no end of them.
        var name = UInt64(truncatingIfNeeded: answer.zone)
        if kind == .data || kind == .any {
            let asked = FoldedName(folded: memory + scratch, length: guarded.query.nameLength)
            name = (zones.zone(of: asked)?.pointee.view.source(of: asked) ?? asked).hash(seed: rateSeed)
        }
        let upper = UInt64(truncatingIfNeeded: network >> 64) ^ rateSeed
        return FoldedName.mix(
            upper &+ name &* 0x9E37_79B9_7F4A_7C15, UInt64(truncatingIfNeeded: network) ^ (rateSeed &>> 7 &+ kind.rawValue))
    }

    private func kind(of answer: Answer, in memory: UnsafeMutableRawPointer) -> Kind {
        if answer.code == .nameError { return .nameError }
        if answer.code != .noError { return .error }
        let answers = memory.loadUnaligned(fromByteOffset: Header.countsOffset + 2, as: UInt16.self)
        if answers == 0 { return .noData }
        return answer.type == .any ? .any : .data
    }
}

extension ClientAddress {
    /// The network whose clients share an account, as a number: /24 or /56; each private or link-local address is one of its own (RFC 1918,
    /// RFC 3927, RFC 4193, RFC 4291 §2.5.6). Nil for a loopback address: a program of this machine needs no amplifier.
    var limitedNetwork: UInt128? {
        let number = number
        if let ipv4 = Self.ipv4(of: number) {
            if ipv4 >> 24 == 127 { return nil }
            let isPrivate = ipv4 >> 24 == 10 || ipv4 >> 20 == 0xAC1 || ipv4 >> 16 == 0xC0A8 || ipv4 >> 16 == 0xA9FE
            return isPrivate ? number : number & ~0xFF
        }
        if number == 1 { return nil }
        let isPrivate = number >> 121 == 0x7E || number >> 118 == 0x3FA
        return isPrivate ? number : (number >> 72) << 72
    }
}
