/// A JSON text, read to the letter of RFC 8259. Foundation's decoder accepts more (commas at the end, octets that are no text), which the
/// services' other readers refuse.
package enum JSONValue: Equatable {
    case object(JSONObject)
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

    /// Reads a text in UTF-8; a byte order mark before it is ignored (§8.1). O(octets); recursion goes as deep as `deepest`.
    package init(_ octets: [UInt8], deepest: Int) throws(Failure) {
        let result = octets.withUnsafeBufferPointer { octets in
            Result { () throws(Failure) in
                var reader = try JSONReader(octets)
                return try reader.whole(deepest)
            }
        }
        self = try result.get()
    }
}

extension JSONValue {
    /// The text of a string.
    var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The members of an object.
    var object: JSONObject? { if case .object(let members) = self { members } else { nil } }

    /// The elements of an array.
    var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// The value as a port: an integer from 1 to 65535, or the same as a decimal string.
    var port: UInt16? {
        if case .string(let text) = self { Endpoint.port(text) } else { number16 == 0 ? nil : number16 }
    }

    /// The value as an integer from 0 to 65535; nil for anything else, text included.
    var number16: UInt16? {
        guard case .number(let text) = self else { return nil }
        // 80.0 and 8e1 are integers too.
        return UInt16(text) ?? Double(text).flatMap(UInt16.init(exactly:))
    }

    /// The value as an integer of 32 bits; nil for anything else, text included.
    var number32: UInt32? {
        guard case .number(let text) = self else { return nil }
        return UInt32(text) ?? Double(text).flatMap(UInt32.init(exactly:))
    }
}

/// The members of a JSON object, in the order of the text. Of members with equal names the last counts, as in Python.
///
/// An array: documents have few members, and a dictionary would cost more than it saves.
package struct JSONObject: Equatable {
    /// As they are written, twins included.
    private var written: [Member] = []

    /// A name and a value.
    package typealias Member = (name: String, value: JSONValue)

    /// No members.
    package init() {}

    /// Adds a member behind all others.
    mutating func append(_ name: String, _ value: JSONValue) { written.append((name: name, value: value)) }

    /// The value of a member. O(members).
    package subscript(name: String) -> JSONValue? { written.last { $0.name == name }?.value }

    /// The members in order, each once: where its name stands first. O(members).
    package var members: [Member] {
        var places = [String: Int](minimumCapacity: written.count)
        var members: [Member] = []
        for member in written {
            if let place = places[member.name] {
                members[place] = member
            } else {
                places[member.name] = members.count
                members.append(member)
            }
        }
        return members
    }

    package static func == (left: JSONObject, right: JSONObject) -> Bool { left.members.elementsEqual(right.members) { $0 == $1 } }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral members: (String, JSONValue)...) { written = members.map { (name: $0, value: $1) } }
}

extension JSONValue {
    /// A string as Python's `json.dumps` writes it, in ASCII (RFC 8259 §7). By hand: Foundation's encoder keeps no order of members and
    /// writes no space behind colons.
    static func quoted(_ text: String) -> String {
        let characters = text.utf16.map { unit in
            switch unit {
            case 0x22, 0x5C: "\\" + String(UnicodeScalar(UInt8(unit)))
            case 0x20...0x7E: String(UnicodeScalar(UInt8(unit)))
            default: "\\u" + String(repeating: "0", count: 4 - String(unit, radix: 16).count) + String(unit, radix: 16)
            }
        }
        return "\"" + characters.joined() + "\""
    }
}
