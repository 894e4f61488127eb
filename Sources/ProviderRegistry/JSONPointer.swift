/// Where in a JSON text a value stands (RFC 6901).
struct JSONPointer: Hashable, Sendable {
    /// The names and indices on the way, from the outermost value.
    private let tokens: [String]

    /// Reads `/a/0/b`, or nothing for the whole text; nil for what is no pointer (§3).
    init?(_ text: String) {
        guard text.isEmpty || text.hasPrefix("/") else { return nil }
        var tokens: [String] = []
        for part in text.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            guard let token = Self.token(part) else { return nil }
            tokens.append(token)
        }
        self.tokens = tokens
    }

    /// Resolves `~0` and `~1` (§4).
    private static func token(_ part: Substring) -> String? {
        var token = ""
        var rest = part.unicodeScalars
        while let scalar = rest.popFirst() {
            guard scalar == "~" else {
                token.unicodeScalars.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case "0": token += "~"
            case "1": token += "/"
            default: return nil
            }
        }
        return token
    }

    /// The value in a text; nil if there is none. O(members on the way).
    func value(in whole: JSONValue) -> JSONValue? {
        var value = whole
        for token in tokens {
            switch value {
            case .object(let members):
                guard let member = members[token] else { return nil }
                value = member
            case .array(let elements):
                guard let index = Self.index(token), elements.indices.contains(index) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }

    /// An array's index: digits without a zero before them (§4).
    private static func index(_ token: String) -> Int? {
        guard token == "0" || !token.hasPrefix("0"), token.utf8.allSatisfy({ 48...57 ~= $0 }) else { return nil }
        return Int(token)
    }
}
