/// A provider znode's content, read: a JSON object with `host` and `port`, optionally `weight` and `priority` (RFC 8259).
///
/// Unknown fields are ignored.
package struct ProviderDocument: Hashable, Sendable {
    /// What it offers.
    package let provider: Provider
    /// What is wrong with optional fields, which are left at their defaults: a text for each.
    package let problems: [String]

    package init(_ provider: Provider, problems: [String] = []) { (self.provider, self.problems) = (provider, problems) }

    /// Most octets that a document may have.
    package static let longest = 64 * 1024
    /// How deeply a document may be nested: far beyond any real one, and no danger to a reader that recurses.
    static let deepest = 100

    /// Why a znode is no provider.
    package enum Rejection: String, Error, Sendable {
        /// There is no data.
        case empty = "no data"
        /// There is too much of it.
        case tooLong = "longer than 64 KiB"
        /// Arrays or objects lie too deep in each other.
        case tooDeep = "nested more than 100 deep"
        /// It is no JSON object (RFC 8259), or not UTF-8.
        case notAnObject = "not a JSON object"
        /// There is no `host`, or it is no text.
        case noHost = "no host, or not a string"
        /// `host` is neither an address nor a host name.
        case badHost = "host is neither an address nor a host name"
        /// `host` is an address to which no packet can be sent as to one host.
        case unreachableHost = "host is an address that no host has, as 0.0.0.0 or a group's: give one that others can reach"
        /// There is no `port`, or it is no port.
        case badPort = "no port, or not an integer from 1 to 65535"
        /// Its registrant has taken the provider back, and is about to delete the znode.
        case withdrawn = "withdrawn by its registrant"
    }

    /// Reads a znode's content.
    package init(_ octets: [UInt8]) throws(Rejection) {
        guard !octets.isEmpty else { throw .empty }
        guard octets.count <= Self.longest else { throw .tooLong }
        guard !WithdrawalMark.isMarked(octets) else { throw .withdrawn }
        let value: JSONValue
        do throws(JSONValue.Failure) { value = try JSONValue(octets, deepest: Self.deepest) } catch {
            throw error == .tooDeep ? .tooDeep : .notAnObject
        }
        guard case .object(let fields) = value else { throw .notAnObject }
        guard case .string(let hostText) = fields["host"] else { throw .noHost }
        guard let host = ProviderHost(hostText) else { throw .badHost }
        guard host.isReachable else { throw .unreachableHost }
        guard let port = fields["port"]?.port else { throw .badPort }
        let weight = fields["weight"].map(\.number16)
        let priority = fields["priority"].map(\.number16)
        provider = Provider(host: host, port: port, weight: (weight ?? nil) ?? 1, priority: (priority ?? nil) ?? 0)
        let defaulted = (weight == .some(nil) ? ["weight"] : []) + (priority == .some(nil) ? ["priority"] : [])
        problems = defaulted.map { "\($0) is no number from 0 to 65535" }
    }

    /// The first octets of a document as plain text, for people: at most 64, others than printable ASCII escaped.
    package static func excerpt(_ octets: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        let text = octets.prefix(64).map { octet in
            32...126 ~= octet ? String(UnicodeScalar(octet)) : "\\x" + String([digits[Int(octet >> 4)], digits[Int(octet & 15)]])
        }
        return text.joined() + (octets.count > 64 ? "…" : "")
    }
}

extension JSONValue {
    /// The value as a port: an integer from 1 to 65535, or the same as a decimal string.
    fileprivate var port: UInt16? {
        let number = if case .string(let text) = self, text.utf8.allSatisfy({ 48...57 ~= $0 }) { UInt16(text) } else { number16 }
        return number == 0 ? nil : number
    }

    /// The value as an integer from 0 to 65535; nil for anything else, text included.
    fileprivate var number16: UInt16? {
        guard case .number(let text) = self else { return nil }
        // 80.0 and 8e1 are integers too.
        return UInt16(text) ?? Double(text).flatMap(UInt16.init(exactly:))
    }
}

extension ProviderDocument {
    /// A document as Python's `json.dumps` writes it: host and port, then what else is given, further fields by name.
    package static func text(
        host: String, port: UInt16, weight: UInt16? = nil, priority: UInt16? = nil, details: ProviderDetails? = nil,
        fields: [String: String] = [:]
    ) -> String {
        var members = ["\"host\": \(quoted(host))", "\"port\": \(port)"]
        if let weight { members.append("\"weight\": \(weight)") }
        if let priority { members.append("\"priority\": \(priority)") }
        members += fields.sorted { $0.key < $1.key }.map { "\(quoted($0)): \(quoted($1))" }
        return "{" + members.joined(separator: ", ") + "}"
    }

    /// A JSON string (RFC 8259 §7) in ASCII. By hand: Foundation's encoder keeps no order of members and writes no space behind colons.
    private static func quoted(_ text: String) -> String {
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

/// What a registrant writes behind a provider's document before it deletes the znode on purpose: white space alone, in a pattern that no other
/// writer leaves there.
///
/// The deletion of a znode looks the same from outside whether its owner wanted it or its session ran out. To any reader of JSON (RFC 8259 §2)
/// the marked document is the one that was there before, also to those that take no member but `host` and `port`.
package enum WithdrawalMark {
    static let octets = Array("\n\t \t\t \t\n".utf8)

    /// The document with the mark; nil if it would be longer than a document may be.
    package static func mark(_ document: [UInt8]) -> [UInt8]? {
        document.count + octets.count <= ProviderDocument.longest ? document + octets : nil
    }

    /// Whether a znode's content has the mark.
    package static func isMarked(_ content: [UInt8]) -> Bool { content.suffix(octets.count).elementsEqual(octets) }
}
