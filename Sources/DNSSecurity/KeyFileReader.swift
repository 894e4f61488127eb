/// A word or a mark of a key file.
struct Token {
    /// From 1.
    let line: Int
    /// Without quotes.
    let octets: [UInt8]
    /// Whether it is a brace or a semicolon without quotes.
    let isMark: Bool

    /// Whether it is this brace or semicolon.
    func isMark(_ mark: String) -> Bool { isMark && octets.elementsEqual(mark.utf8) }

    /// Whether it is this word, in letters of any case.
    func isKeyword(_ word: String) -> Bool { !isMark && octets.map(KeyName.lowercase).elementsEqual(word.utf8) }
}

/// Splits a key file into words and marks, without comments.
struct KeyFileReader {
    private var rest: ArraySlice<UInt8>
    private var line = 1

    init(_ octets: [UInt8]) { rest = octets[...] }

    /// The next token; nil at the end of the file.
    mutating func next() throws(KeyFileProblem) -> Token? {
        try skipSpace()
        guard let first = rest.first else { return nil }
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ";"):
            rest.removeFirst()
            return Token(line: line, octets: [first], isMark: true)
        case UInt8(ascii: "\""):
            rest.removeFirst()
            let text = rest.prefix { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\n") }
            rest = rest[text.endIndex...]
            guard rest.popFirst() == UInt8(ascii: "\"") else {
                throw KeyFileProblem(line: line, text: "a text in quotes does not end on its line")
            }
            return Token(line: line, octets: Array(text), isMark: false)
        default:
            // A comment begins only between words: base64 may have two slashes.
            let word = rest.prefix { !Self.isSpace($0) && !#"{};""#.utf8.contains($0) }
            rest = rest[word.endIndex...]
            return Token(line: line, octets: Array(word), isMark: false)
        }
    }

    /// The next token, which is missing if the file ends.
    mutating func token(_ name: String) throws(KeyFileProblem) -> Token {
        guard let token = try next() else { throw KeyFileProblem(line: line, text: "the file ends before \(name)") }
        return token
    }

    /// The next token, which must be a word.
    mutating func word(_ name: String) throws(KeyFileProblem) -> Token {
        let token = try token(name)
        guard !token.isMark else { throw KeyFileProblem(line: token.line, text: "\(name) is missing") }
        return token
    }

    /// Passes over a mark that must follow.
    mutating func expect(_ mark: String) throws(KeyFileProblem) {
        let token = try token("\"\(mark)\"")
        guard token.isMark(mark) else { throw KeyFileProblem(line: token.line, text: "\"\(mark)\" is missing") }
    }

    static func isSpace(_ octet: UInt8) -> Bool { octet == 32 || 9...13 ~= octet }

    /// Passes over white space and comments.
    private mutating func skipSpace() throws(KeyFileProblem) {
        while let first = rest.first {
            if Self.isSpace(first) {
                if first == UInt8(ascii: "\n") { line += 1 }
                rest.removeFirst()
            } else if first == UInt8(ascii: "#") || rest.starts(with: "//".utf8) {
                rest = rest.drop { $0 != UInt8(ascii: "\n") }
            } else if rest.starts(with: "/*".utf8) {
                try skipComment()
            } else {
                return
            }
        }
    }

    /// Passes over a comment that may be of several lines.
    private mutating func skipComment() throws(KeyFileProblem) {
        let start = line
        rest = rest.dropFirst(2)
        while !rest.starts(with: "*/".utf8) {
            guard let octet = rest.popFirst() else { throw KeyFileProblem(line: start, text: "a comment does not end") }
            if octet == UInt8(ascii: "\n") { line += 1 }
        }
        rest = rest.dropFirst(2)
    }
}

/// Octets written in 64 characters (RFC 4648 §4).
enum Base64 {
    /// The octets that a text stands for, white space aside; nil if it is not in base64.
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        let characters = text.filter { !KeyFileReader.isSpace($0) }
        let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard characters.count.isMultiple(of: 4), padding <= 2 else { return nil }
        var octets: [UInt8] = []
        var (bits, count) = (0 as UInt32, 0)
        for character in characters.dropLast(padding) {
            guard let digit = digit(character) else { return nil }
            (bits, count) = (bits << 6 | digit, count + 6)
            guard count >= 8 else { continue }
            count -= 8
            octets.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return octets
    }

    private static func digit(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
