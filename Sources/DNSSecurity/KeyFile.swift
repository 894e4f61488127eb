/// Keys in BIND's form, as `tsig-keygen` prints it: `key "name" { algorithm hmac-sha256; secret "…"; };`.
package struct KeyFile: Hashable, Sendable {
    /// Most octets of a file.
    package static let maximumSize = 1 << 20
    /// Most octets of a secret. Hash functions shorten what is longer than their block, of at most 128 (RFC 2104 §2).
    static let maximumSecret = 1024

    /// In the order of the file, each with a name of its own.
    package let keys: [TransactionKey]

    /// Reads the octets of a file. Throws if a statement is not a key's, or says of a key what cannot be used; no secret is in the error.
    package init(_ octets: [UInt8]) throws(KeyFileError) {
        guard octets.count <= Self.maximumSize else { throw KeyFileError(problems: ["the file is larger than \(Self.maximumSize) octets"]) }
        var parser = KeyParser(octets)
        do throws(KeyFileProblem) {
            while try parser.readStatement() {}
        } catch {
            parser.problems.append(error)
        }
        guard parser.problems.isEmpty else { throw KeyFileError(problems: parser.problems.map { "line \($0.line): \($0.text)" }) }
        keys = parser.keys
    }
}

/// All that is wrong in a key file, up to where it cannot be read further.
package struct KeyFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Each begins with `line` and its number, from 1, unless it is about the whole file.
    package let problems: [String]

    package init(problems: [String]) { self.problems = problems }

    package var description: String { problems.joined(separator: "; ") }
}

/// Something wrong at a line.
struct KeyFileProblem: Error {
    let line: Int
    let text: String
}

/// Reads statements into keys.
private struct KeyParser {
    private(set) var keys: [TransactionKey] = []
    /// What is wrong with keys whose statements can be read.
    var problems: [KeyFileProblem] = []
    private var reader: KeyFileReader
    private var names: Set<[UInt8]> = []

    init(_ octets: [UInt8]) { reader = KeyFileReader(octets) }

    /// Reads a key; false at the end of the file. Throws if what follows cannot be read.
    mutating func readStatement() throws(KeyFileProblem) -> Bool {
        guard let first = try reader.next() else { return false }
        guard first.isKeyword("key") else { throw KeyFileProblem(line: first.line, text: "a statement that does not begin with \"key\"") }
        let name = try reader.word("the key's name")
        try reader.expect("{")
        var (algorithm, secret): (Token?, Token?) = (nil, nil)
        while true {
            let clause = try reader.token("\"}\"")
            if clause.isMark("}") { break }
            if clause.isKeyword("algorithm"), algorithm == nil {
                algorithm = try reader.word("the algorithm")
            } else if clause.isKeyword("secret"), secret == nil {
                secret = try reader.word("the secret")
            } else {
                throw KeyFileProblem(line: clause.line, text: "a key has one algorithm and one secret, and nothing else")
            }
            try reader.expect(";")
        }
        try reader.expect(";")
        add(name, algorithm, secret)
        return true
    }

    /// Adds a key, or what is wrong with it.
    private mutating func add(_ name: Token, _ algorithm: Token?, _ secret: Token?) {
        let (count, text) = (problems.count, String(decoding: name.octets, as: UTF8.self))
        func problem(_ token: Token?, _ text: String) -> KeyFileProblem { KeyFileProblem(line: (token ?? name).line, text: text) }
        let octets = KeyName.octets(of: text)
        if octets == nil {
            problems.append(problem(name, "the key's name is no domain name of plain characters"))
        } else if let octets, !names.insert(octets).inserted {
            problems.append(problem(name, "there are two keys \(KeyName.text(of: octets))"))
        }
        let function = algorithm.flatMap { MACAlgorithm(rawValue: Self.normalized($0)) }
        if function == nil { problems.append(problem(algorithm, Self.complaint(of: algorithm))) }
        let data = secret.flatMap { Base64.decode($0.octets) }
        if let data, data.isEmpty {
            problems.append(problem(secret, "the secret is empty"))
        } else if let data, data.count > KeyFile.maximumSecret {
            problems.append(problem(secret, "the secret is longer than \(KeyFile.maximumSecret) octets"))
        } else if data == nil {
            problems.append(problem(secret, secret == nil ? "the key has no secret" : "the secret is not in base64"))
        }
        guard problems.count == count, let octets, let function, let data else { return }
        keys.append(TransactionKey(name: octets, algorithm: function, secret: data))
    }

    /// The name of an algorithm in lower case, without a dot at its end.
    private static func normalized(_ algorithm: Token) -> String {
        let name = String(decoding: algorithm.octets.map(KeyName.lowercase), as: UTF8.self)
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    private static func complaint(of algorithm: Token?) -> String {
        let known = MACAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
        guard let algorithm else { return "the key has no algorithm" }
        let name = normalized(algorithm)
        let isWeak = ["hmac-sha1", "hmac-md5", "hmac-md5.sig-alg.reg.int", "hmac-sha224"].contains(name)
        return isWeak ? "\(name) is too weak: use one of \(known)" : "the algorithm is none of \(known)"
    }
}
