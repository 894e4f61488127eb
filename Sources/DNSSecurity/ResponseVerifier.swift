/// What a client finds of a message of a response (RFC 8945 §5.4).
package enum ResponseVerification: Hashable, Sendable {
    /// The server has signed the message, here without its TSIG record.
    case verified([UInt8])
    /// The message has no TSIG record: to be ignored.
    case unsigned
    /// The message cannot be read, or has a TSIG record that is wrong or in a wrong place: to be ignored.
    case malformed
    /// The message's own signature is wrong: to be ignored.
    case invalid(SignatureError)
    /// The server does not accept the request's signature. Anyone can say BADKEY and BADSIG; BADTIME and BADTRUNC are signed.
    case refused(SignatureError)
}

/// Verifies the messages of the response to one request, one after another; each must be signed.
package struct ResponseVerifier: Sendable {
    private let key: TransactionKey
    private var prior: PriorMAC

    /// Verifies the response to the request that `Signer.sign` gave a code.
    package init(key: TransactionKey, requestMAC: [UInt8]) {
        (self.key, prior) = (key, .request(requestMAC))
    }

    /// Verifies any octets as the response's next message, at a time in seconds since 1970.
    package mutating func verify(_ octets: [UInt8], at time: UInt64) -> ResponseVerification {
        do throws(MalformedMessage) {
            guard let message = try SignedMessage(octets) else { return .unsigned }
            return try judge(message, time)
        } catch {
            return .malformed
        }
    }

    private mutating func judge(_ message: SignedMessage, _ time: UInt64) throws(MalformedMessage) -> ResponseVerification {
        let signature = message.signature
        guard signature.key == key.name, signature.algorithm == key.algorithm.name else { return .invalid(.badKey) }
        let error = SignatureError(rawValue: signature.error)
        if signature.mac.isEmpty, let error, error == .badKey || error == .badSignature { return .refused(error) }
        if let error = try message.judge(by: key, after: prior, at: time) { return .invalid(error) }
        prior = .message(signature.mac)
        return error.map { .refused($0) } ?? .verified(message.content)
    }
}
