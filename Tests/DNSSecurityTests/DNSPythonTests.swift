import DNSSecurity
import Foundation
import TestSupport
import Testing

/// dnspython signs what we verify, and verifies what we sign.
@Suite struct DNSPythonTests {
    @Test(arguments: MACAlgorithm.allCases)
    func `dnspython's request, whose key's name is compressed, is verified, and dnspython verifies our response`(
        algorithm: MACAlgorithm
    ) async throws {
        let key = key("svc.local", algorithm)
        let made = try await dnspython(key, "make", name: "Svc.Local")
        let request = try #require(RequestVerification(octets(made[0]), keys: [key], at: now).verified)
        #expect(hex(request.content) == made[1])
        let messages = answers(request, 3)
        let bare = hex(response(to: request.content))
        // Alone; in a stream; unsigned in the midst, on which what follows depends; without the first; in a wrong order.
        let streams = [[messages[0]], messages, [messages[0], bare, messages[1]], [messages[1]], [messages[0], messages[2]]]
        let found = try await dnspython(key, "verify", [made[2]] + streams.map { $0.joined(separator: ",") })
        #expect(
            found == [
                "verified", "verified verified verified", "verified unsigned BadSignature", "BadSignature", "verified BadSignature",
            ])
    }

    @Test(arguments: MACAlgorithm.allCases)
    func `dnspython verifies our request, and its response is verified, of several messages too`(algorithm: MACAlgorithm) async throws {
        let key = key("key.example", algorithm)
        let query = signedQuery(key)
        let messages = try await dnspython(key, "answer", [hex(query.octets), "3"])
        var verifier = ResponseVerifier(key: key, requestMAC: query.mac)
        for message in messages {
            guard case .verified(let content) = verifier.verify(octets(message), at: now) else {
                Issue.record("\(message) is not verified")
                continue
            }
            #expect(try PacketText(content).flags.contains("qr"))
        }
        #expect(messages.count == 3)
    }

    @Test func `dnspython refuses our request with a wrong secret or time`() async throws {
        let wrong = signedQuery(key(secret: 8)).octets
        #expect(try await dnspython(key(), "answer", [hex(wrong), "1"]) == ["BadSignature"])
        #expect(try await dnspython(key(), "answer", [hex(signedQuery(at: now + 301).octets), "1"]) == ["BadTime"])
    }

    @Test func `dnspython reads our refusals`() async throws {
        let key = key()
        let made = try await dnspython(key, "make")
        let refusals = try [([], now), ([DNSSecurityTests.key(secret: 8)], now), ([key], now + 400)].map { keys, time in
            let refused = try #require(RequestVerification(octets(made[0]), keys: keys, at: time).refused)
            var signer = refused.signer
            var answer = response(to: octets(made[0]), code: notAuthoritative)
            signer.sign(&answer, at: time)
            return hex(answer)
        }
        #expect(try await dnspython(key, "verify", [made[2]] + refusals) == ["PeerBadKey", "PeerBadSignature", "PeerBadTime"])
    }

    /// Signed messages of a response in hexadecimal digits.
    private func answers(_ request: VerifiedRequest, _ count: Int) -> [String] {
        var signer = request.signer
        return (0..<count).map { _ in
            var message = response(to: request.content)
            signer.sign(&message, at: now)
            return hex(message)
        }
    }

    private func hex(_ octets: [UInt8]) -> String { octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    private func octets(_ hex: String) -> [UInt8] {
        let digits = hex.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// Words that a script of dnspython's writes, its clock at ours.
    private func dnspython(_ key: TransactionKey, _ verb: String, name: String? = nil, _ words: [String] = []) async throws -> [String] {
        let arguments = [String(now), name ?? KeyName.text(of: key.name), key.algorithm.rawValue, hex(key.secret), verb] + words
        let (output, errors, code) = try await RunningProgram.run(URL(filePath: "/usr/bin/python3"), ["-c", Self.script] + arguments)
        try #require(code == 0, "\(errors)")
        return output.split(separator: "\n").map(String.init)
    }

    private static let script = #"""
        import sys, time
        import dns.message, dns.name, dns.rrset, dns.tsig, dns.exception
        clock, name, algorithm, secret, verb, *words = sys.argv[1:]
        time.time = lambda: int(clock)
        key = dns.tsig.Key(name, bytes.fromhex(secret), algorithm)
        ring = {key.name: key}

        def make():
            query = dns.message.make_query("svc.local", "SOA", use_edns=0, payload=1232)
            plain = query.to_wire()
            query.use_tsig(key)
            print(query.to_wire().hex(), plain.hex(), query.mac.hex(), sep="\n")

        def answer(request, count):
            query = dns.message.from_wire(bytes.fromhex(request), keyring=ring)
            context = None
            for index in range(int(count)):
                response = dns.message.make_response(query)
                response.answer.append(dns.rrset.from_text("svc.local.", 5, "IN", "NS", f"ns{index}.svc.local."))
                print(response.to_wire(multi=int(count) > 1, tsig_ctx=context).hex())
                context = response.tsig_ctx

        # What is found of each message of each stream, up to the first that is wrong.
        def verify(mac, *streams):
            for stream in streams:
                context, found, messages = None, [], stream.split(",")
                try:
                    for message in messages:
                        response = dns.message.from_wire(
                            bytes.fromhex(message), keyring=ring, request_mac=bytes.fromhex(mac), xfr=len(messages) > 1,
                            tsig_ctx=context, multi=len(messages) > 1)
                        context = response.tsig_ctx
                        found.append("verified" if response.had_tsig else "unsigned")
                except dns.exception.DNSException as error:
                    found.append(type(error).__name__)
                print(*found)

        try:
            globals()[verb](*words)
        except dns.exception.DNSException as error:
            print(type(error).__name__)
        """#
}
