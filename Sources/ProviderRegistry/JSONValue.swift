/// A JSON text, read to the letter of RFC 8259: what Foundation's decoder lets pass beside it (commas at the end, octets that are no text) is
/// no JSON for the services' other readers either.
package enum JSONValue: Equatable {
    /// Of members with equal names the last counts, as in Python.
    case object([String: JSONValue])
    case array([JSONValue])
    case string(String)
    /// As it is written.
    case number(String)
    case bool(Bool)
    case null

    /// Why a text is no value.
    package enum Failure: Error {
        /// Arrays or objects lie too deep in each other.
        case tooDeep
        /// The grammar does not have it, or it is not UTF-8.
        case malformed
    }

    /// Reads a text in UTF-8, a mark before it passed over (§8.1). O(octets); recursion goes as deep as `deepest`.
    package init(_ octets: [UInt8], deepest: Int) throws(Failure) {
        guard String(validating: octets, as: UTF8.self) != nil else { throw .malformed }
        var reader = JSONReader(octets.starts(with: [0xEF, 0xBB, 0xBF]) ? octets[3...] : octets[...])
        reader.skipSpace()
        self = try reader.value(deepest)
        reader.skipSpace()
        guard reader.rest.isEmpty else { throw .malformed }
    }
}

/// Goes through the octets of a text that is valid UTF-8.
private struct JSONReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) { rest = text }

    /// ws (§2).
    mutating func skipSpace() {
        while let octet = rest.first, [0x20, 0x09, 0x0A, 0x0D].contains(octet) { rest.removeFirst() }
    }

    /// A value without the space around it (§3), in which arrays and objects are nested at most so deep.
    mutating func value(_ depth: Int) throws(JSONValue.Failure) -> JSONValue {
        switch rest.first {
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
        guard rest.starts(with: text.utf8) else { throw .malformed }
        rest = rest.dropFirst(text.utf8.count)
        return value
    }

    /// Takes an octet if it is the next one.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// §4.
    private mutating func object(_ depth: Int) throws(JSONValue.Failure) -> [String: JSONValue] {
        guard depth >= 0 else { throw .tooDeep }
        rest.removeFirst()
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take("}") { return members }
        repeat {
            skipSpace()
            guard rest.first == UInt8(ascii: "\"") else { throw .malformed }
            let name = try string()
            skipSpace()
            guard take(":") else { throw .malformed }
            skipSpace()
            members[name] = try value(depth)
            skipSpace()
        } while take(",")
        guard take("}") else { throw .malformed }
        return members
    }

    /// §5.
    private mutating func array(_ depth: Int) throws(JSONValue.Failure) -> [JSONValue] {
        guard depth >= 0 else { throw .tooDeep }
        rest.removeFirst()
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
        let start = rest
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return String(decoding: start[..<rest.startIndex], as: UTF8.self)
    }

    /// One digit at least.
    private mutating func digits() throws(JSONValue.Failure) {
        let others = rest.drop { 48...57 ~= $0 }
        guard others.startIndex > rest.startIndex else { throw .malformed }
        rest = others
    }

    /// §7.
    private mutating func string() throws(JSONValue.Failure) -> String {
        rest.removeFirst()
        var octets: [UInt8] = []
        while let octet = rest.popFirst() {
            switch octet {
            case UInt8(ascii: "\""): return String(decoding: octets, as: UTF8.self)
            case UInt8(ascii: "\\"): octets += try escape().utf8
            case 0..<0x20: throw .malformed
            default: octets.append(octet)
            }
        }
        throw .malformed
    }

    /// What stands behind a reverse solidus.
    private mutating func escape() throws(JSONValue.Failure) -> String {
        guard let octet = rest.popFirst() else { throw .malformed }
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
        let digits = rest.prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .malformed }
        rest = rest.dropFirst(4)
        return unit
    }
}
