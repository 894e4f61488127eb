import DNSSecurity
import TestSupport
import Testing

@Suite struct ResponseVerifierTests {
    /// The messages of a response to a signed query, and what verifies them.
    private func stream(_ count: Int) throws -> (messages: [[UInt8]], verifier: ResponseVerifier) {
        let (octets, mac) = signedQuery()
        let request = try #require(RequestVerification(octets, keys: [key()], at: now).verified)
        var signer = request.signer
        let messages = (0..<count).map { index in
            var message = response(to: request.content)
            signer.sign(&message, at: now + UInt64(index))
            return message
        }
        return (messages, ResponseVerifier(key: key(), requestMAC: mac))
    }

    @Test func `the messages of a response are verified in their order (RFC 8945 §5.3.1)`() throws {
        var (messages, verifier) = try stream(4)
        for message in messages {
            #expect(verifier.verify(message, at: now) == .verified(response(to: signedQuery().octets)))
        }
    }

    @Test func `a message that is left out, comes twice or in another's place is invalid`() throws {
        let (messages, verifier) = try stream(4)
        for order in [[1], [0, 2], [0, 0], [0, 1, 3], [0, 1, 1]] {
            var verifier = verifier
            let found = order.map { verifier.verify(messages[$0], at: now) }
            #expect(found.last == .invalid(.badSignature), "\(order)")
            #expect(found.dropLast().allSatisfy { $0 == .verified(response(to: signedQuery().octets)) })
        }
    }

    @Test func `an unsigned message in the midst is none of the response, and no harm to what follows`() throws {
        var (messages, verifier) = try stream(2)
        #expect(verifier.verify(response(to: messages[0]), at: now) == .unsigned)
        for message in messages {
            #expect(verifier.verify(response(to: message), at: now) == .unsigned)
            #expect(verifier.verify(message + [0], at: now) == .malformed)
            #expect(verifier.verify([], at: now) == .malformed)
            #expect(verifier.verify(message, at: now) == .verified(response(to: message)))
        }
    }

    @Test func `a response at a wrong time or with another key is invalid`() throws {
        let (messages, verifier) = try stream(1)
        for (key, time, error) in [
            (key(), now + 301, SignatureError.badTime), (key(), now - 301, .badTime), (key("other"), now, .badKey),
            (key("key.example", .sha512), now, .badKey), (key(secret: 8), now, .badSignature),
        ] {
            var verifier = ResponseVerifier(key: key, requestMAC: signedQuery().mac)
            #expect(verifier.verify(messages[0], at: time) == .invalid(error))
        }
        var changed = verifier
        #expect(changed.verify(messages[0], at: now) == .verified(response(to: messages[0])))
    }

    @Test func `every request is signed by itself`() {
        var signer = Signer(key: key())
        var messages = [response(to: [1, 2]), response(to: [1, 2])]
        for index in messages.indices { signer.sign(&messages[index], at: now) }
        #expect(messages[0] == messages[1])
        #expect(RequestVerification(messages[1], keys: [key()], at: now).verified != nil)
    }

    @Test func `what has no header is not signed`() {
        var signer = Signer(key: key())
        var octets = [UInt8](repeating: 0, count: 11)
        #expect(signer.sign(&octets, at: now) == [] && octets.count == 11)
    }
}
