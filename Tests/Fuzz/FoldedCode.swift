// In the place of `MessageAuthentication`, whose package is not built here: a code that any changed octet changes, and that costs little.
extension MACAlgorithm {
    /// The code of some octets: FNV-1a over the secret and them, stretched.
    func code(of octets: [UInt8], secret: [UInt8]) -> [UInt8] {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in secret { state = (state ^ UInt64(octet)) &* 0x100_0000_01B3 }
        for octet in octets { state = (state ^ UInt64(octet)) &* 0x100_0000_01B3 }
        return (0..<length).map { index in
            if index.isMultiple(of: 8) { state = (state ^ UInt64(index)) &* 0x100_0000_01B3 }
            return UInt8(truncatingIfNeeded: state >> UInt64(8 * (index % 8)))
        }
    }

    /// Whether a whole code is that of some octets.
    func isValid(_ code: [UInt8], of octets: [UInt8], secret: [UInt8]) -> Bool { code == self.code(of: octets, secret: secret) }
}
