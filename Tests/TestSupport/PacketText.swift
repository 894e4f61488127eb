/// A DNS message as people write it. Decodes on its own: shares no code with the codec under test.
public struct PacketText: Sendable {
    /// `NOERROR` and so on; extended codes included.
    public var code = ""
    /// `qr`, `aa`, `tc`, `rd`, `ra`, `z`, `ad`, `cd`: those that are set.
    public var flags: Set<String> = []
    /// The ID.
    public var id = 0
    /// The questions as `name class type`, the name's letters as they came.
    public var questions: [String] = []
    /// Records as `name ttl type data`.
    public var answer: [String] = []
    /// As `answer`.
    public var authority: [String] = []
    /// As `answer`, without OPT.
    public var additional: [String] = []
    /// What OPT says, if there is one: `version`, `udp`, `do`, and `ede` with its code.
    public var edns: [String: Int]?
    /// Octets of the message.
    public var length = 0

    /// What keeps octets from being a DNS message.
    public struct Malformed: Error {
        /// What is wrong.
        public let reason: String
    }

    /// Decodes a whole message; anything behind its end is an error.
    public init(_ octets: [UInt8]) throws {
        var reader = Reader(octets: octets)
        length = octets.count
        id = try reader.number(2)
        let bits = try reader.number(2)
        let names = [(15, "qr"), (10, "aa"), (9, "tc"), (8, "rd"), (7, "ra"), (6, "z"), (5, "ad"), (4, "cd")]
        flags = Set(names.filter { bits >> $0.0 & 1 == 1 }.map(\.1))
        let counts = try (0..<4).map { _ in try reader.number(2) }
        for _ in 0..<counts[0] {
            let name = try reader.name()
            let type = try reader.number(2)
            questions.append("\(name) \(try reader.number(2)) \(Self.typeName(type))")
        }
        var code = bits & 15
        answer = try (0..<counts[1]).compactMap { _ in try record(&reader, &code) }
        authority = try (0..<counts[2]).compactMap { _ in try record(&reader, &code) }
        additional = try (0..<counts[3]).compactMap { _ in try record(&reader, &code) }
        self.code = Self.codes[code] ?? "RCODE\(code)"
        guard reader.offset == octets.count else { throw Malformed(reason: "octets behind the end") }
    }

    private mutating func record(_ reader: inout Reader, _ code: inout Int) throws -> String? {
        let name = try reader.name()
        let type = try reader.number(2)
        let recordClass = try reader.number(2)
        let ttl = try reader.number(4)
        let end = try reader.number(2) + reader.offset
        guard end <= reader.octets.count else { throw Malformed(reason: "a record is cut short") }
        if type == 41 {
            code |= (ttl >> 24) << 4
            var edns = ["version": ttl >> 16 & 255, "udp": recordClass, "do": ttl >> 15 & 1]
            while reader.offset < end {
                guard reader.offset + 4 <= end else { throw Malformed(reason: "an option is cut short") }
                let option = try reader.number(2)
                let length = try reader.number(2)
                if option == 15 { edns["ede"] = try Reader(octets: reader.octets, offset: reader.offset).peek(2) }
                reader.offset += length
            }
            guard reader.offset == end else { throw Malformed(reason: "an option longer than its record") }
            self.edns = edns
            return nil
        }
        let data = try Self.data(&reader, type, end)
        guard reader.offset == end else { throw Malformed(reason: "data of another length than the record says") }
        return "\(name) \(ttl) \(Self.typeName(type)) \(data)"
    }

    private static func data(_ reader: inout Reader, _ type: Int, _ end: Int) throws -> String {
        switch type {
        case 1: return try (0..<4).map { _ in String(try reader.number(1)) }.joined(separator: ".")
        case 28: return try (0..<8).map { _ in String(try reader.number(2), radix: 16) }.joined(separator: ":")
        case 33:
            let numbers = try (0..<3).map { _ in String(try reader.number(2)) }.joined(separator: " ")
            return "\(numbers) \(try reader.name(mayPoint: false))"
        case 2, 12: return try reader.name()
        case 15: return "\(try reader.number(2)) \(try reader.name())"
        case 64, 65:
            var words = [String(try reader.number(2)), try reader.name(mayPoint: false)]
            while reader.offset < end {
                let key = try reader.number(2)
                let value = try (0..<(try reader.number(2))).map { _ in try reader.number(1) }
                words.append("key\(key)=" + value.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
            }
            return words.joined(separator: " ")
        case 16:
            var strings: [String] = []
            while reader.offset < end {
                let length = try reader.number(1)
                strings.append("\"\(String(decoding: try (0..<length).map { _ in UInt8(try reader.number(1)) }, as: UTF8.self))\"")
            }
            return strings.joined(separator: " ")
        case 6:
            let names = "\(try reader.name()) \(try reader.name())"
            return try names + " " + (0..<5).map { _ in String(try reader.number(4)) }.joined(separator: " ")
        default:
            let octets = try (reader.offset..<end).map { _ in try reader.number(1) }
            return octets.reduce("\\# \(octets.count)\(octets.isEmpty ? "" : " ")") { $0 + ($1 < 16 ? "0" : "") + String($1, radix: 16) }
        }
    }

    /// The mnemonic of a type.
    public static func typeName(_ type: Int) -> String { types.first { $0.value == type }?.key ?? "TYPE\(type)" }

    /// The mnemonics of RCODEs.
    public static let codes = [
        0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 9: "NOTAUTH", 16: "BADVERS",
        23: "BADCOOKIE",
    ]

    /// Types by mnemonic.
    public static let types = [
        "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "DS": 43, "SVCB": 64, "HTTPS": 65,
        "TKEY": 249, "TSIG": 250, "IXFR": 251, "AXFR": 252, "MAILA": 254, "ANY": 255,
    ]
}

private struct Reader {
    let octets: [UInt8]
    var offset = 0

    func peek(_ count: Int) throws -> Int {
        guard offset + count <= octets.count else { throw PacketText.Malformed(reason: "cut short") }
        return octets[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
    }

    mutating func number(_ count: Int) throws -> Int {
        defer { offset += count }
        return try peek(count)
    }

    mutating func name(mayPoint: Bool = true) throws -> String {
        var text = ""
        var position = offset
        var isFollowing = false
        var nameLength = 0
        while true {
            guard position < octets.count else { throw PacketText.Malformed(reason: "a name is cut short") }
            let length = Int(octets[position])
            if length >= 0xC0 {
                guard mayPoint, position + 1 < octets.count else { throw PacketText.Malformed(reason: "a pointer that must not be") }
                let target = (length & 0x3F) << 8 | Int(octets[position + 1])
                guard target < position else { throw PacketText.Malformed(reason: "a pointer forward") }
                if !isFollowing { offset = position + 2 }
                isFollowing = true
                position = target
                continue
            }
            nameLength += 1 + length
            guard length <= 63, nameLength <= 255 else { throw PacketText.Malformed(reason: "a label or a name is too long") }
            if length == 0 {
                if !isFollowing { offset = position + 1 }
                return text.isEmpty ? "." : text
            }
            guard position + 1 + length <= octets.count else { throw PacketText.Malformed(reason: "a label is cut short") }
            text += String(decoding: octets[position + 1..<position + 1 + length], as: UTF8.self) + "."
            position += 1 + length
        }
    }
}
