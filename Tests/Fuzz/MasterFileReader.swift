import Glibc

/// A record as it would stand in a message, uncompressed.
struct WireRecord: Equatable {
    var owner: [UInt8]
    var ttl: Int
    var type: Int
    var data: [UInt8]

    /// An order of any kind.
    static func < (one: Self, other: Self) -> Bool { one.octets.lexicographicallyPrecedes(other.octets) }
    private var octets: [UInt8] { owner + number(ttl, 4) + number(type, 2) + data }
}

/// The octets of a number in network order.
func number(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * (width - 1 - $0))) }
}

/// Reads one line of a master file: owner, TTL, class, type, data.
struct MasterFileReader {
    private var fields: [ArraySlice<UInt8>]

    /// A reader of one line.
    init(line: some Sequence<UInt8>) {
        fields = Array(line).split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    }

    /// The record that the line is.
    mutating func record() -> WireRecord {
        let owner = name()
        let ttl = integer()
        precondition(word() == "IN", "a record of another class")
        let type = word()
        let record: WireRecord
        if fields.first?.elementsEqual("\\#".utf8) == true {
            let types = ["MX": 15, "TXT": 16, "HTTPS": 65, "TYPE65280": 65280]
            return WireRecord(owner: owner, ttl: ttl, type: types[type] ?? 0, data: opaque())
        }
        switch type {
        case "A": record = WireRecord(owner: owner, ttl: ttl, type: 1, data: ipv4())
        case "AAAA": record = WireRecord(owner: owner, ttl: ttl, type: 28, data: Self.ipv6(word()))
        case "MX":
            let preference = number(integer(), 2)
            record = WireRecord(owner: owner, ttl: ttl, type: 15, data: preference + name())
        case "TXT": record = WireRecord(owner: owner, ttl: ttl, type: 16, data: strings())
        case "HTTPS":
            let data = number(integer(), 2) + name()
            record = WireRecord(owner: owner, ttl: ttl, type: 65, data: data + parameters())
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

    private static func ipv6(_ text: String) -> [UInt8] {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { fatalError("an address that is none") }
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
        while !rest.isEmpty {
            let string = quoted(&rest)
            wire += [UInt8(string.count)] + string
            precondition(rest.popFirst().map { $0 == UInt8(ascii: " ") } ?? true, "strings that no space divides")
        }
        return wire
    }

    /// Parameters of a service binding to the end of the line (RFC 9460 §2.1).
    private mutating func parameters() -> [UInt8] {
        var rest = Array(fields.joined(separator: " ".utf8))[...]
        fields = []
        var wire: [UInt8] = []
        while !rest.isEmpty {
            let key = Self.key(taking(while: { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: " ") }, from: &rest))
            var value: [UInt8] = []
            if rest.first == UInt8(ascii: "=") {
                rest.removeFirst()
                value =
                    rest.first == UInt8(ascii: "\"") ? quoted(&rest) : Array(taking(while: { $0 != UInt8(ascii: " ") }, from: &rest).utf8)
            }
            value = Self.wire(value, of: key)
            wire += number(key, 2) + number(value.count, 2) + value
            precondition(rest.popFirst().map { $0 == UInt8(ascii: " ") } ?? true, "parameters that no space divides")
        }
        return wire
    }

    private func taking(while condition: (UInt8) -> Bool, from rest: inout ArraySlice<UInt8>) -> String {
        let part = rest.prefix(while: condition)
        rest = rest.dropFirst(part.count)
        return String(decoding: part, as: UTF8.self)
    }

    private static func key(_ text: String) -> Int {
        let names = ["mandatory": 0, "alpn": 1, "no-default-alpn": 2, "port": 3, "ipv4hint": 4, "ipv6hint": 6]
        guard let key = names[text] ?? (text.hasPrefix("key") ? Int(text.dropFirst(3)) : nil) else { fatalError("a key \(text)") }
        return key
    }

    /// A value whose escapes as a string have been undone.
    private static func wire(_ value: [UInt8], of key: Int) -> [UInt8] {
        let parts = String(decoding: value, as: UTF8.self).split(separator: ",").map(String.init)
        switch key {
        case 0: return parts.flatMap { number(Self.key($0), 2) }
        case 1:
            var items: [[UInt8]] = [[]]
            var rest = value[...]
            while let octet = rest.popFirst() {
                if octet == UInt8(ascii: ",") {
                    items.append([])
                } else {
                    items[items.count - 1].append(octet == UInt8(ascii: "\\") ? rest.removeFirst() : octet)
                }
            }
            return items.flatMap { [UInt8($0.count)] + $0 }
        case 3: return number(Int(parts[0]) ?? 0, 2)
        case 4: return parts.flatMap { $0.split(separator: ".").flatMap { number(Int($0) ?? 0, 1) } }
        case 6: return parts.flatMap(ipv6)
        default: return value
        }
    }

    /// A character string in quotation marks.
    private func quoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
        precondition(rest.popFirst() == UInt8(ascii: "\""), "a string that does not begin with a quotation mark")
        var string: [UInt8] = []
        while let octet = rest.popFirst(), octet != UInt8(ascii: "\"") {
            string.append(octet == UInt8(ascii: "\\") ? escaped(&rest) : octet)
        }
        return string
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
