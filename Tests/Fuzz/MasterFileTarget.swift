import DNSAuthority

/// Whatever is in a zone, its master file says in lines that a reader of RFC 1035 §5 takes for the same records.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var made = ArbitraryZone(choices: Choices(rest: UnsafeBufferPointer(start: start, count: count)[...]))
    let text = MasterFile.text(of: made.build())
    precondition(text.utf8.allSatisfy { $0 == 10 || 32...126 ~= $0 }, "a master file has octets that are no plain text")
    var lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false)[...]
    precondition(lines.popFirst()?.starts(with: "$TTL ".utf8) == true, "a master file does not begin with its TTL")
    precondition(lines.popLast()?.isEmpty == true, "a master file's last line is cut short")
    let comments = lines.count { $0.first == UInt8(ascii: ";") }
    let records = lines.filter { $0.first != UInt8(ascii: ";") }.map {
        var reader = MasterFileReader(line: $0)
        return reader.record()
    }
    precondition(records.first == made.records.first, "a master file does not begin with the SOA record")
    precondition(comments == made.commentCount, "what is not known, or no record, is not said")
    precondition(records.sorted(by: <) == made.records.sorted(by: <), "a master file has other records than its zone")
    return 0
}

private let unknownType = RecordType(rawValue: 65280)

// MARK: Zones

/// What the fuzzer wants, an octet a choice; zeros when there are no more.
private struct Choices {
    var rest: Slice<UnsafeBufferPointer<UInt8>>

    mutating func octet() -> UInt8 { rest.popFirst() ?? 0 }
    mutating func number(_ width: Int) -> Int { (0..<width).reduce(0) { value, _ in value << 8 | Int(octet()) } }

    /// Up to three labels of any octets.
    mutating func labels() -> [[UInt8]] {
        (0..<octet() % 4).map { _ in (0...Int(octet() % 63)).map { _ in octet() } }
    }
}

/// What a name has.
private struct Content {
    var records: [WireRecord] = []
    /// Lines that say of an RRset what no record says.
    var comments = 0

    /// The same at another name.
    func moved(to owner: [UInt8]) -> Content {
        Content(records: records.map { WireRecord(owner: owner, ttl: $0.ttl, type: $0.type, data: $0.data) }, comments: comments)
    }
}

/// A zone out of choices, along with what its master file must say.
private struct ArbitraryZone {
    var choices: Choices
    /// The SOA record first.
    private(set) var records: [WireRecord] = []
    private(set) var commentCount = 0
    /// What each name below the origin has of its own.
    private var owners: [[UInt8]: Content] = [:]
    /// A name that has an answer for all names below it, with that answer.
    private var covering: (owner: [UInt8], content: Content)?
    private var block = RecordBlockBuilder()

    init(choices: Choices) { self.choices = choices }

    mutating func build() -> Zone {
        let origin = name(below: .root)
        var soa = StartOfAuthority(
            primary: name(below: origin), mailbox: name(below: origin), serial: UInt32(choices.number(4)), refresh: 7200, retry: 1800,
            expire: 0, minimum: UInt32(choices.number(4)))
        soa.expire = UInt32(choices.number(4))
        let ttl = choices.number(4)
        let timers = [Int(soa.serial), 7200, 1800, Int(soa.expire), Int(soa.minimum)]
        let data = soa.primary.octets + soa.mailbox.octets + timers.flatMap { number($0, 4) }
        let rrset = block.add(RRset(.soa, ttl: UInt32(ttl), records: [.soa(soa)]))
        records.append(WireRecord(owner: origin.octets, ttl: ttl, type: 6, data: data))
        block.add(origin, [rrset])
        for _ in 0..<choices.octet() % 8 {
            let owner = name(below: origin)
            if owner != origin, owners[owner.octets] == nil { add(owner) }
        }
        if choices.octet() & 1 == 1 { addCovering(name(below: origin), origin) }
        note()
        var builder = ZoneBuilder(origin: origin, seed: 1)
        builder.insert(block.build())
        return builder.build(soa, ttl: UInt32(ttl))
    }

    private mutating func name(below ancestor: DomainName) -> DomainName {
        DomainName(labels: choices.labels())?.appending(ancestor) ?? ancestor
    }

    /// Adds a name.
    private mutating func add(_ owner: DomainName) {
        let (handles, own) = rrsets(owner.octets)
        block.add(owner, handles)
        owners[owner.octets] = own
    }

    /// Adds a name that has an answer for all names below it, unless it or the name of that is there already.
    private mutating func addCovering(_ owner: DomainName, _ origin: DomainName) {
        guard owner != origin, owners[owner.octets] == nil, let wildcard = owner.prepending([42]), owners[wildcard.octets] == nil else {
            return
        }
        let (handles, own) = rrsets(wildcard.octets)
        block.add(covering: owner, handles)
        covering = (owner.octets, own)
        owners[owner.octets] = Content(comments: handles.isEmpty ? 1 : 0)
        owners[wildcard.octets] = own
    }

    /// Notes what the names have, those included that have the answer for all names below another: empty non-terminals, and wildcards where
    /// names of the zone hide the one above.
    private mutating func note() {
        for own in owners.values { note(own) }
        guard let covering else { return }
        let names = names(below: covering.owner)
        for name in names where name != [1, 42] + covering.owner {
            if owners[name] == nil { note(covering.content.moved(to: name)) }
            let wildcard = [1, 42] + name
            if wildcard.count <= 255, !names.contains(wildcard) { note(covering.content.moved(to: wildcard)) }
        }
    }

    private mutating func note(_ content: Content) {
        records += content.records
        commentCount += content.comments
    }

    /// The names below one that are in the zone or above one that is.
    private func names(below top: [UInt8]) -> Set<[UInt8]> {
        var names: Set<[UInt8]> = []
        for owner in owners.keys {
            let chain = Array(sequence(first: owner) { $0.count > top.count ? Array($0.dropFirst(1 + Int($0[0]))) : nil })
            if chain.last == top { names.formUnion(chain.dropLast()) }
        }
        return names
    }

    /// Adds RRsets of the types that bits of an octet stand for, with what a name has by them.
    private mutating func rrsets(_ owner: [UInt8]) -> ([RecordBlockBuilder.Handle], Content) {
        let types = choices.octet()
        let all: [(RecordType, mask: UInt8)] = [
            (.a, 1), (.aaaa, 2), (.srv, 4), (.ns, 8), (.mx, 16), (.txt, 32), (unknownType, 64), (.https, 128),
        ]
        var content = Content()
        let handles = all.filter { types & $0.mask != 0 }.map { rrset(of: $0.0, owner, &content) }
        return (handles, content)
    }

    private mutating func rrset(of type: RecordType, _ owner: [UInt8], _ content: inout Content) -> RecordBlockBuilder.Handle {
        let ttl = choices.number(4)
        var rrset = RRset(type, ttl: UInt32(ttl))
        let form = choices.octet()
        for _ in 0..<form % 4 {
            let (record, data) = record(of: type)
            rrset.append(record)
            content.records.append(WireRecord(owner: owner, ttl: ttl, type: Int(type.rawValue), data: data))
        }
        rrset.givesOne = form & 128 != 0
        if rrset.count == 0, choices.octet() & 1 == 1 { rrset.isUnknown = true }
        if rrset.givesOne || rrset.isUnknown { content.comments += 1 }
        return block.add(rrset)
    }

    private mutating func record(of type: RecordType) -> (RecordData, [UInt8]) {
        switch type {
        case .a:
            let address = choices.number(4)
            return (.a(UInt32(address)), number(address, 4))
        case .aaaa:
            let (upper, lower) = (choices.number(8), choices.number(8))
            let address = UInt128(UInt64(bitPattern: Int64(upper))) << 64 | UInt128(UInt64(bitPattern: Int64(lower)))
            return (.aaaa(address), number(upper, 8) + number(lower, 8))
        case .srv:
            let numbers = (0..<3).map { _ in choices.number(2) }
            let target = name(below: .root)
            let record = RecordData.srv(
                priority: UInt16(numbers[0]), weight: UInt16(numbers[1]), port: UInt16(numbers[2]), target: target)
            return (record, numbers.flatMap { number($0, 2) } + target.octets)
        case .ns:
            let server = name(below: .root)
            return (.ns(server), server.octets)
        default:
            let data = octets(of: type)
            return (.other(type, data), data)
        }
    }

    /// RDATA that is mostly, but not always, what the type says.
    private mutating func octets(of type: RecordType) -> [UInt8] {
        let form = choices.octet()
        if type == .mx, form % 8 > 0 { return number(choices.number(2), 2) + name(below: .root).octets }
        if type == .https, form % 8 > 0 {
            let parameters = (0..<form % 4).flatMap { _ in
                let value = (0..<choices.octet() % 17).map { _ in choices.octet() }
                return [0, choices.octet() % 10, 0, UInt8(value.count)] + value
            }
            return number(choices.number(2), 2) + name(below: .root).octets + parameters
        }
        if type == .txt, form % 8 > 0 {
            return (0..<form % 3 + 1).flatMap { _ in
                let length = choices.octet() % 9
                return [length] + (0..<length).map { _ in choices.octet() }
            }
        }
        return (0..<form / 8).map { _ in choices.octet() }
    }
}
