import DNSSecurity
import TestSupport
import Testing

@Suite struct RequestVerificationTests {
    @Test(arguments: MACAlgorithm.allCases)
    func `a signed request is verified and comes back as it was before`(algorithm: MACAlgorithm) throws {
        let key = key("a.b", algorithm)
        let plain = QueryOctets.query("svc.local", "SOA", opt: QueryOctets.opt())
        let signed = signedQuery(key)
        #expect(signed.octets.count == plain.count + Signer(key: key).length)
        #expect(signed.mac.count == algorithm.length)
        let request = try #require(RequestVerification(signed.octets, keys: [DNSSecurityTests.key(), key], at: now + 1).verified)
        #expect(request.content == plain)
        #expect(request.key == key)
        #expect(RequestVerification(plain, keys: [key], at: now).isUnsigned)
    }

    @Test func `another key or algorithm is BADKEY, a wrong code BADSIG, answered without a code (RFC 8945 §5.2.1, §5.2.2)`() throws {
        let (octets, mac) = signedQuery(at: now - 10_000)
        let cases: [([TransactionKey], SignatureError)] = [
            ([], .badKey), ([key("other")], .badKey), ([key("key.example", .sha384)], .badKey), ([key(secret: 8)], .badSignature),
        ]
        for (keys, error) in cases {
            let refused = try #require(RequestVerification(octets, keys: keys, at: now).refused)
            #expect(refused.error == error)
            #expect(refused.keyName == key().name)
            var signer = refused.signer
            var answer = response(to: octets, code: notAuthoritative)
            let length = answer.count + signer.length
            #expect(signer.sign(&answer, at: now) == [])
            #expect(answer.count == length)
            #expect(try PacketText(answer).code == "NOTAUTH")
            var verifier = ResponseVerifier(key: key(), requestMAC: mac)
            #expect(verifier.verify(answer, at: now) == .refused(error))
        }
    }

    @Test func `a time outside the fudge is BADTIME, signed, with the client's time and the server's (RFC 8945 §5.2.3)`() throws {
        let (octets, mac) = signedQuery()
        for time in [now - 300, now, now + 300] { #expect(RequestVerification(octets, keys: [key()], at: time).verified != nil) }
        for time in [0, now - 301, now + 301, 1 << 48, UInt64.max] {
            let refused = try #require(RequestVerification(octets, keys: [key()], at: time).refused)
            #expect(refused.error == .badTime)
            var signer = refused.signer
            var answer = response(to: octets, code: notAuthoritative)
            let length = answer.count + signer.length
            #expect(signer.sign(&answer, at: time).count == 32)
            #expect(answer.count == length)
            var verifier = ResponseVerifier(key: key(), requestMAC: mac)
            #expect(verifier.verify(answer, at: now) == .refused(.badTime))
        }
    }

    @Test func `a copy is verified while its time is right, and BADTIME later; its response is no other request's`() throws {
        let (octets, _) = signedQuery()
        for _ in 0..<2 { #expect(RequestVerification(octets, keys: [key()], at: now + 299).verified != nil) }
        #expect(RequestVerification(octets, keys: [key()], at: now + 301).refused?.error == .badTime)
        let request = try #require(RequestVerification(octets, keys: [key()], at: now).verified)
        var signer = request.signer
        var answer = response(to: request.content)
        signer.sign(&answer, at: now)
        var verifier = ResponseVerifier(key: key(), requestMAC: signedQuery(at: now + 1).mac)
        #expect(verifier.verify(answer, at: now) == .invalid(.badSignature))
    }

    @Test(arguments: MACAlgorithm.allCases)
    func `a truncated code is BADTRUNC, signed, if it is right and no shorter than allowed (RFC 8945 §5.2.2.1, §5.2.4)`(
        algorithm: MACAlgorithm
    ) throws {
        let key = key("key.example", algorithm)
        let mac = signedQuery(key).mac
        func truncated(_ mac: [UInt8]) -> [UInt8] {
            let plain = QueryOctets.query("svc.local", "SOA", opt: QueryOctets.opt())
            var tsig = TSIGOctets(algorithm: QueryOctets.name(algorithm.rawValue), mac: mac)
            tsig.time = Int(now)
            return plain[..<11] + [2] + plain[12...] + tsig.record
        }
        #expect(truncated(mac) == signedQuery(key).octets)
        for length in (algorithm.length / 2)..<algorithm.length {
            let short = Array(mac.prefix(length))
            let octets = truncated(short)
            let refused = try #require(RequestVerification(octets, keys: [key], at: now).refused)
            #expect(refused.error == .badTruncation)
            var signer = refused.signer
            var answer = response(to: octets, code: notAuthoritative)
            signer.sign(&answer, at: now)
            var verifier = ResponseVerifier(key: key, requestMAC: short)
            #expect(verifier.verify(answer, at: now) == .refused(.badTruncation))
            for place in [0, length - 1] {
                var wrong = short
                wrong[place] ^= 1
                #expect(RequestVerification(truncated(wrong), keys: [key], at: now).refused?.error == .badSignature)
            }
            #expect(RequestVerification(truncated(short), keys: [key], at: now + 301).refused?.error == .badTime)
        }
        for length in [0, 1, 10, algorithm.length / 2 - 1] {
            #expect(RequestVerification(truncated(Array(mac.prefix(length))), keys: [key], at: now).isMalformed)
        }
        #expect(RequestVerification(truncated(mac + [0]), keys: [key], at: now).isMalformed)
    }

    @Test func `a TSIG record that is not the only one, not the last, or not as it must be is FORMERR (RFC 8945 §5.2)`() {
        let header = QueryOctets.header, question = QueryOctets.question("svc.local", 6), record = TSIGOctets().record
        #expect(RequestVerification(TSIGOctets().query(), keys: [key()], at: 1_000_000).refused?.error == .badSignature)
        let cases: [[UInt8]] = [
            TSIGOctets().query(behind: [0]),
            TSIGOctets().query(additional: 0), TSIGOctets().query(additional: 2),
            TSIGOctets().query(behind: record, additional: 2),
            TSIGOctets().query(behind: QueryOctets.opt(), additional: 2),
            header(0x100, [1, 1, 0, 0]) + question + record,
            header(0x100, [1, 0, 1, 0]) + question + record,
            header(0x100, [1, 0, 1, 1]) + question + record + QueryOctets.opt(),
            TSIGOctets(recordClass: 1).query(),
            TSIGOctets(ttl: [0, 0, 0, 1]).query(), TSIGOctets(ttl: [128, 0, 0, 0]).query(),
            TSIGOctets(macLength: 31).query(), TSIGOctets(macLength: 33).query(), TSIGOctets(macLength: 65_535).query(),
            TSIGOctets(otherLength: 1).query(), TSIGOctets(other: [1], otherLength: 0).query(),
            TSIGOctets(behind: [0]).query(),
            TSIGOctets(algorithm: [0xC0, 0x0C]).query(),
            TSIGOctets(owner: [0x40, 0]).query(), TSIGOctets(owner: [0x80, 0]).query(),
            TSIGOctets(owner: QueryOctets.name((0..<5).map { _ in String(repeating: "k", count: 60) }.joined(separator: "."))).query(),
            // A pointer to itself, forward, and in a circle by way of a label.
            TSIGOctets(owner: [0xC0, 27]).query(), TSIGOctets(owner: [0xFF, 0xFF]).query(), TSIGOctets(owner: [1, 97, 0xC0, 27]).query(),
        ]
        for (index, octets) in cases.enumerated() {
            #expect(RequestVerification(octets, keys: [key()], at: now).isMalformed, "\(index)")
        }
    }

    @Test func `every beginning of a signed request is malformed`() {
        let octets = signedQuery().octets
        for end in octets.indices { #expect(RequestVerification(Array(octets[..<end]), keys: [key()], at: now).isMalformed, "\(end)") }
    }

    @Test func `with any bit changed a request is not verified, apart from its ID and the case of names in its record`() {
        let octets = signedQuery().octets
        let record = octets.count - Signer(key: key()).length
        for place in octets.indices {
            for bit in 0..<8 {
                var changed = octets
                changed[place] ^= 1 << bit
                // Forwarders change the ID, and the original one is in the record.
                let isFree = place < 2 || (bit == 5 && place > record && (65...90).contains(octets[place] & ~32) && isName(place - record))
                #expect((RequestVerification(changed, keys: [key()], at: now).verified != nil) == isFree, "\(place) \(bit)")
            }
        }
        /// The key's name is the first thing in the record, the algorithm's is behind ten octets more.
        func isName(_ place: Int) -> Bool {
            let (owner, algorithm) = (key().name.count, QueryOctets.name("hmac-sha256").count)
            return place < owner || owner + 10..<owner + 10 + algorithm ~= place
        }
    }

    @Test func `what a forwarder changed is verified, and answered with its ID (RFC 8945 §5.5)`() throws {
        var octets = signedQuery().octets
        octets[0] ^= 0xFF
        let request = try #require(RequestVerification(octets, keys: [key()], at: now).verified)
        #expect(request.content[..<2] == octets[..<2])
    }

    @Test func `a key's name that is compressed is read`() throws {
        let key = key("local")
        var octets = QueryOctets.query("svc.local", "SOA")
        var signer = Signer(key: key)
        let start = octets.count
        signer.sign(&octets, at: now)
        // `local` stands behind the header and a label of four octets.
        octets.replaceSubrange(start..<start + key.name.count, with: [0xC0, 16])
        #expect(RequestVerification(octets, keys: [key], at: now).verified?.content == QueryOctets.query("svc.local", "SOA"))
    }

    @Test func `any octets are judged without a trap`() {
        var random = SystemRandomNumberGenerator()
        let octets = signedQuery().octets
        for _ in 0..<2000 {
            var changed = octets
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                changed[Int.random(in: changed.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = RequestVerification(changed, keys: [key()], at: now)
        }
        let empty = TransactionKey(name: [], algorithm: .sha256, secret: [])
        _ = RequestVerification(signedQuery(empty).octets, keys: [empty], at: now)
    }
}

extension QueryOctets {
    /// A header with counts in a list.
    fileprivate static func header(_ flags: Int, _ counts: [Int]) -> [UInt8] {
        number(0x1234) + number(flags) + counts.flatMap(number)
    }
}
