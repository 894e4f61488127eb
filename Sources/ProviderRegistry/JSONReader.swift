/// Goes through the octets of a text in UTF-8, which must live longer than the reader.
struct JSONReader {
    private let octets: UnsafeBufferPointer<UInt8>
    /// The next octet; at most `octets.count`.
    private var position = 0

    init(_ octets: UnsafeBufferPointer<UInt8>) throws(JSONValue.Failure) {
        guard String(validating: octets, as: UTF8.self) != nil else { throw .malformed }
        self.octets = octets
        if octets.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    private var next: UInt8? { position < octets.count ? octets[position] : nil }

    /// A value with nothing but space around it.
    mutating func whole(_ depth: Int) throws(JSONValue.Failure) -> JSONValue {
        skipSpace()
        let value = try value(depth)
        skipSpace()
        guard position == octets.count else { throw .malformed }
        return value
    }

    /// ws (§2).
    private mutating func skipSpace() {
        while let octet = next, octet == 0x20 || octet == 0x0A || octet == 0x09 || octet == 0x0D { position += 1 }
    }

    /// A value without the space around it (§3), in which arrays and objects are nested at most so deep.
    private mutating func value(_ depth: Int) throws(JSONValue.Failure) -> JSONValue {
        switch next {
        case UInt8(ascii: "{"): return .object(try object(depth - 1))
        case UInt8(ascii: "["): return .array(try array(depth - 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func literal(_ text: String, _ value: JSONValue) throws(JSONValue.Failure) -> JSONValue {
        guard octets[position...].starts(with: text.utf8) else { throw .malformed }
        position += text.utf8.count
        return value
    }

    /// Takes an octet if it is the next one.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// §4.
    private mutating func object(_ depth: Int) throws(JSONValue.Failure) -> JSONObject {
        guard depth >= 0 else { throw .tooDeep }
        position += 1
        var members = JSONObject()
        skipSpace()
        if take("}") { return members }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw .malformed }
            let name = try string()
            skipSpace()
            guard take(":") else { throw .malformed }
            skipSpace()
            members.append(name, try value(depth))
            skipSpace()
        } while take(",")
        guard take("}") else { throw .malformed }
        return members
    }

    /// §5.
    private mutating func array(_ depth: Int) throws(JSONValue.Failure) -> [JSONValue] {
        guard depth >= 0 else { throw .tooDeep }
        position += 1
        var values: [JSONValue] = []
        skipSpace()
        if take("]") { return values }
        repeat {
            skipSpace()
            values.append(try value(depth))
            skipSpace()
        } while take(",")
        guard take("]") else { throw .malformed }
        return values
    }

    /// §6.
    private mutating func number() throws(JSONValue.Failure) -> String {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return String(decoding: octets[start..<position], as: UTF8.self)
    }

    /// One digit at least.
    private mutating func digits() throws(JSONValue.Failure) {
        let start = position
        while let octet = next, 48...57 ~= octet { position += 1 }
        guard position > start else { throw .malformed }
    }

    /// §7.
    private mutating func string() throws(JSONValue.Failure) -> String {
        position += 1
        let start = position
        // Most strings are their octets.
        while let octet = next, octet != UInt8(ascii: "\\") {
            guard octet >= 0x20 else { throw .malformed }
            position += 1
            if octet == UInt8(ascii: "\"") { return String(decoding: octets[start..<position - 1], as: UTF8.self) }
        }
        return try escapedString(Array(octets[start..<position]))
    }

    /// The rest of a string that has begun, and has escapes.
    private mutating func escapedString(_ beginning: [UInt8]) throws(JSONValue.Failure) -> String {
        var text = beginning
        while let octet = next {
            position += 1
            switch octet {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += try escape().utf8
            case 0..<0x20: throw .malformed
            default: text.append(octet)
            }
        }
        throw .malformed
    }

    /// What stands behind a reverse solidus.
    private mutating func escape() throws(JSONValue.Failure) -> String {
        guard let octet = next else { throw .malformed }
        position += 1
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(Unicode.Scalar(octet))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let first = try unit()
            if let scalar = Unicode.Scalar(first) { return String(scalar) }
            // Two halves of one character. What §8.2 leaves open, a half alone, is no text.
            guard take("\\"), take("u") else { throw .malformed }
            let units = [UInt16(truncatingIfNeeded: first), UInt16(truncatingIfNeeded: try unit())]
            guard let text = String(validating: units, as: UTF16.self) else { throw .malformed }
            return text
        default: throw .malformed
        }
    }

    /// Four hexadecimal digits.
    private mutating func unit() throws(JSONValue.Failure) -> UInt32 {
        let digits = octets[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .malformed }
        position += 4
        return unit
    }
}
