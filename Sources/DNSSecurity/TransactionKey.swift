/// A hash function of TSIG's message authentication codes (RFC 8945 §6). Those of fewer than 256 bits are left out.
package enum MACAlgorithm: String, CaseIterable, Sendable {
    case sha256 = "hmac-sha256"
    case sha384 = "hmac-sha384"
    case sha512 = "hmac-sha512"

    /// Octets of a whole code.
    package var length: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// Its name in wire form: one label, then the root's.
    var name: [UInt8] { [UInt8(truncatingIfNeeded: rawValue.utf8.count)] + Array(rawValue.utf8) + [0] }
}

/// A secret that two servers share to sign messages with (RFC 8945 §8).
package struct TransactionKey: Hashable, Sendable {
    /// Its name in wire form, in lower case.
    package let name: [UInt8]
    package let algorithm: MACAlgorithm
    package let secret: [UInt8]

    package init(name: [UInt8], algorithm: MACAlgorithm, secret: [UInt8]) {
        (self.name, self.algorithm, self.secret) = (name, algorithm, secret)
    }
}

// Neither logs nor dumps have the secret.
extension TransactionKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(KeyName.text(of: name)) (\(algorithm.rawValue))" }
    package var customMirror: Mirror { Mirror(self, children: ["name": KeyName.text(of: name), "algorithm": algorithm]) }
}

/// Names of keys, which are domain names, as text and in wire form.
package enum KeyName {
    /// The wire form, in lower case, of a name with or without a dot at its end; nil if the text is no domain name of plain printable
    /// characters.
    package static func octets(of text: some StringProtocol) -> [UInt8]? {
        var labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
        var octets: [UInt8] = []
        for label in labels {
            guard 1...63 ~= label.count, octets.count + label.count <= 253, label.allSatisfy(isPlain) else { return nil }
            octets.append(UInt8(truncatingIfNeeded: label.count))
            octets += label.map(lowercase)
        }
        return octets + [0]
    }

    /// A name in wire form as text, without a dot at its end; octets that are not plain as `\DDD` (RFC 1035 §5.1).
    package static func text(of octets: [UInt8]) -> String {
        var labels: [String] = []
        var rest = octets[...]
        while let length = rest.popFirst(), length != 0 {
            labels.append(rest.prefix(Int(length)).map(text).joined())
            rest = rest.dropFirst(Int(length))
        }
        return labels.isEmpty ? "." : labels.joined(separator: ".")
    }

    /// An ASCII letter in lower case, any other octet as it is.
    static func lowercase(_ octet: UInt8) -> UInt8 { 65...90 ~= octet ? octet | 32 : octet }

    /// Whether an octet stands for itself in a name that people write.
    private static func isPlain(_ octet: UInt8) -> Bool { 33...126 ~= octet && !#"\"(){};@$"#.utf8.contains(octet) }

    private static func text(_ octet: UInt8) -> String {
        if isPlain(octet), octet != UInt8(ascii: ".") { return String(UnicodeScalar(octet)) }
        let digits = String(octet)
        return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }
}
