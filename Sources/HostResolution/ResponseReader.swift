import DNSAuthority
import IPAddressing

/// Reads a name server's response (RFC 1035 §4.1) as far as a host's addresses need it.
struct ResponseReader {
    /// The octets are no response to a question for one name.
    struct Malformed: Error {}

    private let octets: [UInt8]
    private var offset = 0

    /// Reads a response to a question for a family of addresses; `isOwn` says which names this server itself answers for.
    static func read(_ octets: [UInt8], _ family: Family, isOwn: (DomainName) -> Bool) -> Reply {
        var reader = ResponseReader(octets: octets)
        do throws(Malformed) { return try reader.read(family, isOwn) } catch { return .failed(.rejected) }
    }

    private mutating func read(_ family: Family, _ isOwn: (DomainName) -> Bool) throws(Malformed) -> Reply {
        _ = try number()
        let flags = try number()
        let (questions, answers, authorities, additional) = (try number(), try number(), try number(), try number())
        guard flags & 0x8000 != 0, questions == 1 else { throw Malformed() }
        let asked = try name()
        _ = try bytes(4)
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
            let record = try record()
            switch (record.type, family) {
            case (5, _):
                offset = record.data
                records.aliases[record.owner] = (try name(), record.ttl)
                offset = record.end
            case (1, .ipv4) where record.end - record.data == 4:
                let value = octets[record.data..<record.end].reduce(0) { $0 << 8 | UInt32($1) }
                records.addresses[record.owner, default: []].append((.v4(IPv4Address(value: value)), record.ttl))
            case (28, .ipv6) where record.end - record.data == 16:
                let value = octets[record.data..<record.end].reduce(0) { $0 << 8 | UInt128($1) }
                records.addresses[record.owner, default: []].append((.v6(IPv6Address(value: value)), record.ttl))
            default: break
            }
        }
        return records
    }

    /// How long it is good that there is nothing: the lesser of the SOA's own TTL and its last field (RFC 2308 §5).
    private mutating func negativeTTL(_ authorities: Int) throws(Malformed) -> Int {
        for _ in 0..<authorities {
            let record = try record()
            guard record.type == 6, record.end - record.data >= 4 else { continue }
            let minimum = octets[record.end - 4..<record.end].reduce(0) { $0 << 8 | Int($1) }
            return min(record.ttl, minimum)
        }
        return Lifetime.negative
    }
}

// MARK: Octets

extension ResponseReader {
    private struct Record {
        let owner: DomainName
        let type: Int
        let ttl: Int
        /// Where the data begins and ends.
        let data: Int
        let end: Int
    }

    private mutating func record() throws(Malformed) -> Record {
        let owner = try name()
        let type = try number()
        let recordClass = try number()
        let ttl = try number() << 16 | number()
        let length = try number()
        let data = offset
        _ = try bytes(length)
        // Of another class than IN there is nothing that matters: 0 is no type. A TTL with its first bit set is 0 (RFC 2181 §8).
        return Record(owner: owner, type: recordClass == 1 ? type : 0, ttl: ttl < 1 << 31 ? ttl : 0, data: data, end: offset)
    }

    private mutating func bytes(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
        guard count <= octets.count - offset else { throw Malformed() }
        defer { offset += count }
        return octets[offset..<offset + count]
    }

    private mutating func number() throws(Malformed) -> Int { try bytes(2).reduce(0) { $0 << 8 | Int($1) } }

    /// Most pointers of a name: it has no more labels, and more would be a way to make names expensive.
    private static let mostPointers = 127

    /// A name that may end in a pointer (RFC 1035 §4.1.4). Each pointer leads to before the place where the name, or its last part, began:
    /// so none goes round.
    private mutating func name() throws(Malformed) -> DomainName {
        var pointers = 0
        var labels: [ArraySlice<UInt8>] = []
        var length = 1
        var start = offset
        var end: Int?
        while let first = try bytes(1).first, first != 0 {
            if first >= 0xC0 {
                let target = Int(first & 0x3F) << 8 | Int(try bytes(1).first ?? 0)
                end = end ?? offset
                pointers += 1
                guard target < start, pointers <= Self.mostPointers else { throw Malformed() }
                (start, offset) = (target, target)
            } else {
                guard first <= DomainName.maximumLabelLength else { throw Malformed() }
                labels.append(try bytes(Int(first)))
                length += 1 + Int(first)
                guard length <= DomainName.maximumLength else { throw Malformed() }
            }
        }
        offset = end ?? offset
        guard let name = DomainName(labels: labels) else { throw Malformed() }
        return name
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
