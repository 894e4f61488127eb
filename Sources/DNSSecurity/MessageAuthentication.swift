import Crypto

// The only file of this target that imports a package: the fuzzer puts a code of its own in its place.
extension MACAlgorithm {
    /// The code of some octets.
    func code(of octets: [UInt8], secret: [UInt8]) -> [UInt8] {
        let key = SymmetricKey(data: secret)
        return switch self {
        case .sha256: Array(HMAC<SHA256>.authenticationCode(for: octets, using: key))
        case .sha384: Array(HMAC<SHA384>.authenticationCode(for: octets, using: key))
        case .sha512: Array(HMAC<SHA512>.authenticationCode(for: octets, using: key))
        }
    }

    /// Whether a whole code is that of some octets, in a time that does not depend on where it differs.
    func isValid(_ code: [UInt8], of octets: [UInt8], secret: [UInt8]) -> Bool {
        let key = SymmetricKey(data: secret)
        return switch self {
        case .sha256: HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: octets, using: key)
        case .sha384: HMAC<SHA384>.isValidAuthenticationCode(code, authenticating: octets, using: key)
        case .sha512: HMAC<SHA512>.isValidAuthenticationCode(code, authenticating: octets, using: key)
        }
    }
}
