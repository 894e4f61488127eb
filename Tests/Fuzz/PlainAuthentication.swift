// In the place of HMACs, which take a package that the fuzzer does not build: a code that is quick, and that a fuzzer does not guess.
extension MACAlgorithm {
    /// The code of some octets.
    func code(of octets: [UInt8], secret: [UInt8]) -> [UInt8] {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in secret + octets { hash = (hash ^ UInt64(octet)) &* 0x0000_0100_0000_01B3 }
        return (0..<length).map { UInt8(truncatingIfNeeded: hash >> UInt64($0 % 8 * 8)) }
    }

    /// Whether a whole code is that of some octets.
    func isValid(_ code: [UInt8], of octets: [UInt8], secret: [UInt8]) -> Bool { code == self.code(of: octets, secret: secret) }
}
