import DNSAuthority
import Glibc

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
    precondition(comments == made.unknownCount, "what is not known is not said")
    precondition(records.sorted(by: <) == made.records.sorted(by: <), "a master file has other records than its zone")
    return 0
}

/// A record as it would stand in a message, uncompressed.
private struct WireRecord: Equatable {
    var owner: [UInt8]
    var ttl: Int
    var type: Int
    var data: [UInt8]

    static func < (one: Self, other: Self) -> Bool { one.octets.lexicographicallyPrecedes(other.octets) }
    private var octets: [UInt8] { owner + number(ttl, 4) + number(type, 2) + data }
}

private func number(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - $0))) }
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

/// A zone out of choices, along with what its master file must say.
private struct ArbitraryZone {
    var choices: Choices
    /// The SOA record first.
    private(set) var records: [WireRecord] = []
    private(set) var unknownCount = 0
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
        var owners: Set = [origin]
        for _ in 0..<choices.octet() % 8 {
            let owner = name(below: origin)
            if owners.insert(owner).inserted { add(owner) }
        }
        var builder = ZoneBuilder(origin: origin, seed: 1)
        builder.insert(block.build())
        return builder.build(soa, ttl: UInt32(ttl))
    }

    private mutating func name(below ancestor: DomainName) -> DomainName {
        DomainName(labels: choices.labels())?.appending(ancestor) ?? ancestor
    }

    /// Adds a name with RRsets of the types that bits of an octet stand for.
    private mutating func add(_ owner: DomainName) {
        let types = choices.octet()
        let all: [(RecordType, mask: UInt8)] = [(.a, 1), (.aaaa, 2), (.srv, 4), (.ns, 8), (.mx, 16), (.txt, 32), (unknownType, 64)]
        let rrsets = all.filter { types & $0.mask != 0 }.map { rrset(of: $0.0, owner) }
        block.add(owner, rrsets)
    }

    private mutating func rrset(of type: RecordType, _ owner: DomainName) -> RecordBlockBuilder.Handle {
        let ttl = choices.number(4)
        var rrset = RRset(type, ttl: UInt32(ttl))
        for _ in 0..<choices.octet() % 4 {
            let (record, data) = record(of: type)
            rrset.append(record)
            records.append(WireRecord(owner: owner.octets, ttl: ttl, type: Int(type.rawValue), data: data))
        }
        if rrset.count == 0, choices.octet() & 1 == 1 {
            rrset.isUnknown = true
            unknownCount += 1
        }
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
        if type == .txt, form % 8 > 0 {
            return (0..<form % 3 + 1).flatMap { _ in
                let length = choices.octet() % 9
                return [length] + (0..<length).map { _ in choices.octet() }
            }
        }
        return (0..<form / 8).map { _ in choices.octet() }
    }
}

// MARK: Reading

/// Reads one line of a master file: owner, TTL, class, type, data.
private struct MasterFileReader {
    private var fields: [ArraySlice<UInt8>]

    init(line: some Sequence<UInt8>) {
        fields = Array(line).split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    }

    mutating func record() -> WireRecord {
        let owner = name()
        let ttl = integer()
        precondition(word() == "IN", "a record of another class")
        let type = word()
        let record: WireRecord
        if fields.first?.elementsEqual("\\#".utf8) == true {
            let types = ["MX": 15, "TXT": 16, "TYPE65280": 65280]
            return WireRecord(owner: owner, ttl: ttl, type: types[type] ?? 0, data: opaque())
        }
        switch type {
        case "A": record = WireRecord(owner: owner, ttl: ttl, type: 1, data: ipv4())
        case "AAAA": record = WireRecord(owner: owner, ttl: ttl, type: 28, data: ipv6())
        case "MX":
            let preference = number(integer(), 2)
            record = WireRecord(owner: owner, ttl: ttl, type: 15, data: preference + name())
        case "TXT": record = WireRecord(owner: owner, ttl: ttl, type: 16, data: strings())
        case "NS": record = WireRecord(owner: owner, ttl: ttl, type: 2, data: name())
        case "SRV":
            let data = (0..<3).flatMap { _ in number(integer(), 2) }
            record = WireRecord(owner: owner, ttl: ttl, type: 33, data: data + name())
        case "SOA":
            let data = name() + name()
            record = WireRecord(owner: owner, ttl: ttl, type: 6, data: data + (0..<5).flatMap { _ in number(integer(), 4) })
        default: fatalError("a record of type \(type)")
        }
        precondition(fields.isEmpty, "a line goes on behind its record")
        return record
    }

    private mutating func ipv6() -> [UInt8] {
        var address = in6_addr()
        guard inet_pton(AF_INET6, word(), &address) == 1 else { fatalError("an address that is none") }
        return withUnsafeBytes(of: address) { Array($0) }
    }

    private mutating func field() -> ArraySlice<UInt8> {
        precondition(!fields.isEmpty, "a line is cut short")
        return fields.removeFirst()
    }

    private mutating func word() -> String { String(decoding: field(), as: UTF8.self) }

    private mutating func integer() -> Int {
        guard let value = Int(word()) else { fatalError("a number that is none") }
        return value
    }

    private mutating func ipv4() -> [UInt8] {
        let parts = word().split(separator: ".", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
        precondition(parts.count == 4 && parts.allSatisfy { 0..<256 ~= $0 }, "an address that is none")
        return parts.flatMap { number($0, 1) }
    }

    /// RDATA in the form of RFC 3597 §5.
    private mutating func opaque() -> [UInt8] {
        fields.removeFirst()
        let count = integer()
        let digits = Array(count > 0 ? word() : "")
        precondition(digits.count == 2 * count && fields.isEmpty, "opaque data of another length than it says")
        return (0..<count).map { UInt8(String(digits[2 * $0...2 * $0 + 1]), radix: 16) ?? 0 }
    }

    /// Character strings in quotation marks to the end of the line.
    private mutating func strings() -> [UInt8] {
        var rest = Array(fields.joined(separator: " ".utf8))[...]
        fields = []
        var wire: [UInt8] = []
        while let mark = rest.popFirst() {
            precondition(mark == UInt8(ascii: "\""), "a string that does not begin with a quotation mark")
            var string: [UInt8] = []
            while let octet = rest.popFirst(), octet != UInt8(ascii: "\"") {
                string.append(octet == UInt8(ascii: "\\") ? escaped(&rest) : octet)
            }
            wire += [UInt8(string.count)] + string
            precondition(rest.popFirst().map { $0 == UInt8(ascii: " ") } ?? true, "strings that no space divides")
        }
        return wire
    }

    /// An absolute name with escapes (RFC 1035 §5.1) in wire form.
    private mutating func name() -> [UInt8] {
        var rest = field()
        if rest.elementsEqual(".".utf8) { return [0] }
        var (wire, label): ([UInt8], [UInt8]) = ([], [])
        while let octet = rest.popFirst() {
            switch octet {
            case UInt8(ascii: "."):
                precondition(1...63 ~= label.count, "a label is empty or too long")
                wire += [UInt8(label.count)] + label
                label = []
            case UInt8(ascii: "\\"): label.append(escaped(&rest))
            case UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ";"), UInt8(ascii: "@"), UInt8(ascii: "$"):
                fatalError("a character with a meaning of its own is not escaped")
            default: label.append(octet)
            }
        }
        precondition(label.isEmpty, "a name is relative")
        return wire + [0]
    }

    private func escaped(_ rest: inout ArraySlice<UInt8>) -> UInt8 {
        guard let first = rest.first else { fatalError("an escape is cut short") }
        guard 48...57 ~= first else { return rest.removeFirst() }
        let digits = String(decoding: rest.prefix(3), as: UTF8.self)
        rest = rest.dropFirst(3)
        guard digits.count == 3, let octet = UInt8(digits) else { fatalError("an escape of another form than \\DDD") }
        return octet
    }
}
