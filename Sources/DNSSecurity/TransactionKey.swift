/// A hash function of TSIG's message authentication codes (RFC 8945 §6).
package enum MACAlgorithm: String, CaseIterable, Sendable {
    case sha256 = "hmac-sha256"
    case sha384 = "hmac-sha384"
    case sha512 = "hmac-sha512"
}

/// A secret that two servers share to sign messages with (RFC 8945 §3).
package struct TransactionKey: Hashable, Sendable {
    /// Its name in wire form, in lower case.
    package let name: [UInt8]
    package let algorithm: MACAlgorithm
    package let secret: [UInt8]

    package init(name: [UInt8], algorithm: MACAlgorithm, secret: [UInt8]) {
        (self.name, self.algorithm, self.secret) = (name, algorithm, secret)
    }
}
