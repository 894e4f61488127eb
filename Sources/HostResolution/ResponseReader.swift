import DNSAuthority
import IPAddressing

/// Reads a name server's response (RFC 1035 §4.1) as far as a host's addresses need it.
struct ResponseReader {
    typealias Malformed = MessageReader.Malformed

    private var message: MessageReader

    /// Reads a response to a question for a family of addresses; `isOwn` says which names this server itself answers for.
    static func read(_ octets: [UInt8], _ family: Family, isOwn: (DomainName) -> Bool) -> Reply {
        var reader = ResponseReader(message: MessageReader(octets))
        do throws(Malformed) { return try reader.read(family, isOwn) } catch { return .failed(.rejected) }
    }

    private mutating func read(_ family: Family, _ isOwn: (DomainName) -> Bool) throws(Malformed) -> Reply {
        _ = try message.number()
        let flags = try message.number()
        let (questions, answers, authorities) = (try message.number(), try message.number(), try message.number())
        let additional = try message.number()
        guard flags & 0x8000 != 0, questions == 1 else { throw Malformed() }
        let asked = try message.name()
        try message.skip(4)
        switch flags & 0xF {
        case 0, 3: break
        case 2: return .failed(.serverFailure)
        case 4, 5: return .failed(.rejected)
        default: return .failed(.final)
        }
        let isAuthoritative = flags & 0x0400 != 0
        let offersRecursion = flags & 0x0080 != 0
        // As glibc does: a referral from a server that looks nothing up for others.
        if flags & 0xF == 0, answers == 0, additional == 0, !isAuthoritative, !offersRecursion { return .failed(.rejected) }
        let records = try section(answers, family)
        let chain = records.chain(from: asked)
        if chain.names.contains(where: isOwn) { return .answered(.own) }
        if flags & 0xF == 3 || answers == 0 { return .negative(ttl: Lifetime.clamped(try negativeTTL(authorities))) }
        if let outcome = records.outcome(chain) { return .answered(outcome) }
        return .answered(.none(ttl: Lifetime.clamped(try negativeTTL(authorities)), isCertain: true))
    }

    /// The records of the answer section that matter; each owner has one alias at most.
    private struct Records {
        var aliases: [DomainName: (target: DomainName, ttl: Int)] = [:]
        var addresses: [DomainName: [(address: IPAddress, ttl: Int)]] = [:]

        /// The names that an alias leads to, and the least TTL on the way. Each alias is followed once, so that none goes round.
        func chain(from name: DomainName) -> (names: [DomainName], ttl: Int) {
            var rest = aliases
            var names = [name]
            var ttl = Lifetime.range.upperBound
            while let last = names.last, let alias = rest.removeValue(forKey: last) {
                names.append(alias.target)
                ttl = min(ttl, alias.ttl)
            }
            return (names, ttl)
        }

        /// Nil for an alias without addresses, which is an answer as glibc has it; records of other names are none.
        func outcome(_ chain: (names: [DomainName], ttl: Int)) -> Outcome? {
            let found = chain.names.last.flatMap { addresses[$0] } ?? []
            guard !found.isEmpty else { return chain.names.count > 1 ? nil : .failed }
            let ttl = Lifetime.clamped(found.reduce(chain.ttl) { min($0, $1.ttl) })
            let usable = Set(found.map(\.address)).filter(\.isHost)
            return usable.isEmpty ? .none(ttl: ttl, isCertain: true) : .addresses(Array(usable), ttl: ttl)
        }
    }

    private mutating func section(_ count: Int, _ family: Family) throws(Malformed) -> Records {
        var records = Records()
        for _ in 0..<count {
            let record = try message.record()
            switch (record.type, family) {
            case (5, _): records.aliases[record.owner] = (try message.name(at: record.data.lowerBound), record.ttl)
            case (1, .ipv4) where record.data.count == 4:
                let value = message.octets[record.data].reduce(0) { $0 << 8 | UInt32($1) }
                records.addresses[record.owner, default: []].append((.v4(IPv4Address(value: value)), record.ttl))
            case (28, .ipv6) where record.data.count == 16:
                let value = message.octets[record.data].reduce(0) { $0 << 8 | UInt128($1) }
                records.addresses[record.owner, default: []].append((.v6(IPv6Address(value: value)), record.ttl))
            default: break
            }
        }
        return records
    }

    /// How long it is good that there is nothing: the lesser of the SOA's own TTL and its last field (RFC 2308 §5).
    private mutating func negativeTTL(_ authorities: Int) throws(Malformed) -> Int {
        for _ in 0..<authorities {
            let record = try message.record()
            guard record.type == 6, record.data.count >= 4 else { continue }
            let minimum = message.octets[record.data.suffix(4)].reduce(0) { $0 << 8 | Int($1) }
            return min(record.ttl, minimum)
        }
        return Lifetime.negative
    }
}

/// What one name server says to one question.
enum Reply: Hashable, Sendable {
    /// The name server has records for the name, its alias at least: the search ends here.
    case answered(Outcome)
    /// There is no such name, or the name has no such records; good for so many seconds.
    case negative(ttl: Int)
    /// The name server says nothing of use.
    case failed(Failure)

    /// Why a reply is of no use.
    enum Failure: Hashable, Sendable {
        /// SERVFAIL: another search domain may have other name servers.
        case serverFailure
        /// REFUSED, NOTIMP, a referral, or octets that are no response: another name server may know better.
        case rejected
        /// Another response code: no name server knows better.
        case final
        /// No response in time.
        case silent
        /// The machine, or its network, has no name server there.
        case unreachable
    }
}
