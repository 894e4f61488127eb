/// What a server finds of a request's signature (RFC 8945 §5.2).
package enum RequestVerification: Sendable {
    /// The message has no TSIG record.
    case unsigned
    /// The message cannot be read, or has a TSIG record that is wrong or in a wrong place: FORMERR, without a TSIG record.
    case malformed
    /// The signature is not accepted: NOTAUTH, with a TSIG record.
    case refused(RefusedRequest)
    /// The holder of a key has signed the message, at a time close to the server's.
    ///
    /// A copy of the message that is sent again while its time is right is verified too. The times of earlier messages, which a server may
    /// remember for each key (RFC 8945 §5.2.3), would shut out one of two secondaries that share a key and not a clock. A copy
    /// changes nothing; its sender, who could see the client's messages, gets another answer to the same question.
    case verified(VerifiedRequest)

    /// Verifies any octets with some keys, at a time in seconds since 1970. The checks are those of RFC 8945 §5.2, in its order: the key,
    /// the code, the time, whether the code is truncated, which none may be.
    package init(_ octets: [UInt8], keys: [TransactionKey], at time: UInt64) {
        do throws(MalformedMessage) {
            guard let message = try SignedMessage(octets) else {
                self = .unsigned
                return
            }
            self = try Self.judge(message, keys, time)
        } catch {
            self = .malformed
        }
    }

    private static func judge(_ message: SignedMessage, _ keys: [TransactionKey], _ time: UInt64) throws(MalformedMessage) -> Self {
        let signature = message.signature
        func refuse(_ error: SignatureError, _ signer: Signer) -> Self {
            .refused(RefusedRequest(error: error, keyName: signature.key, signer: signer))
        }
        guard let key = keys.first(where: { $0.name == signature.key && $0.algorithm.name == signature.algorithm }) else {
            return refuse(.badKey, Signer(unsigned: .badKey, to: signature))
        }
        switch try message.judge(by: key, after: .none, at: time) {
        case nil:
            return .verified(VerifiedRequest(content: message.content, key: key, signer: Signer(key: key, requestMAC: signature.mac)))
        case .badTime?: return refuse(.badTime, Signer(.badTime, to: signature, key: key, at: time))
        case .badTruncation?: return refuse(.badTruncation, Signer(.badTruncation, to: signature, key: key, at: time))
        case let error?: return refuse(error, Signer(unsigned: error, to: signature))
        }
    }
}

/// A request whose signature is right.
package struct VerifiedRequest: Sendable {
    /// The message without its TSIG record, with the ID that came.
    package let content: [UInt8]
    package let key: TransactionKey
    /// Signs the messages of the response.
    package let signer: Signer
}

/// A request whose signature is not accepted: the RCODE of the response is NOTAUTH (RFC 8945 §5.2).
package struct RefusedRequest: Sendable {
    package let error: SignatureError
    /// The name of the client's key, in wire form in lower case.
    package let keyName: [UInt8]
    /// Adds the TSIG record to the response: without a code for BADKEY and BADSIG.
    package let signer: Signer
}
