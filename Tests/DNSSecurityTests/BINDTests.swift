import DNSSecurity
import Foundation
import IPAddressing
import TestSupport
import Testing

/// BIND signs what we verify, and verifies what we sign: dig as the client, named as the server.
@Suite struct BINDTests {
    /// The machine's time, in seconds since 1970: BIND's programs take no other.
    private var clock: UInt64 { UInt64(Date().timeIntervalSince1970) }

    @Test func `dig's requests are verified, and dig verifies our responses and refusals`() async throws {
        let keys = MACAlgorithm.allCases.map { key("\($0.rawValue).example", $0) }
        let server = try FakeNameServer(replies: { Self.reply($0, keys, UInt64(Date().timeIntervalSince1970)) })
        defer { server.stop() }
        for key in keys {
            let output = try await dig(server, key.algorithm.rawValue, key)
            #expect(output.contains("status: NOERROR") && output.contains("TSIG\t\(key.algorithm.rawValue). "))
            #expect(!output.contains("Couldn't verify"), "\(output)")
        }
        let secret = key("\(MACAlgorithm.sha256.rawValue).example", secret: 8)
        for (algorithm, key, error) in [
            ("hmac-sha256", key("other"), "BADKEY"), ("hmac-sha512", keys[0], "BADKEY"), ("hmac-sha1", keys[0], "BADKEY"),
            ("hmac-sha256", secret, "BADSIG"), ("hmac-sha256-128", keys[0], "BADTRUNC"), ("hmac-sha512-504", keys[2], "BADTRUNC"),
        ] {
            let output = try await dig(server, algorithm, key)
            #expect(output.contains("status: NOTAUTH") && output.contains(" \(error) 0"), "\(error): \(output)")
            // What dig says of a refusal that it has verified, or that has no code.
            #expect(output.contains("tsig indicates error"), "\(error): \(output)")
        }
    }

    @Test func `dig takes our BADTIME, which says our time`() async throws {
        let key = key()
        let server = try FakeNameServer(replies: { Self.reply($0, [key], 1_000_000) })
        defer { server.stop() }
        let output = try await dig(server, "hmac-sha256", key)
        // The server's time, 1,000,000, in base64.
        #expect(output.contains("status: NOTAUTH") && output.contains(" BADTIME 6 AAAAD0JA"), "\(output)")
        #expect(output.contains("Couldn't verify signature: clocks are unsynchronized"), "\(output)")
    }

    @Test func `named verifies our requests, and its responses are verified, those of several messages too`() async throws {
        let named = try await RunningNamed(key: key())
        let soa = try await named.ask(key(), QueryOctets.query("svc.local", "SOA"), at: clock)
        guard case .verified(let content) = soa[0] else { throw Unverified(found: soa) }
        #expect(try PacketText(content).answer.count == 1)

        let transfer = QueryOctets.header(flags: 0, 1, 0, 0, 0) + QueryOctets.question("svc.local", 252)
        var count = 0
        for message in try await named.ask(key(), transfer, at: clock, messages: 3) {
            guard case .verified(let content) = message else { throw Unverified(found: [message]) }
            count += try PacketText(content).answer.count
        }
        #expect(count > 100)
    }

    @Test func `named's refusals are read`() async throws {
        let named = try await RunningNamed(key: key())
        let query = QueryOctets.query("svc.local", "SOA")
        #expect(try await named.ask(key("other"), query, at: clock) == [.refused(.badKey)])
        #expect(try await named.ask(key(secret: 8), query, at: clock) == [.refused(.badSignature)])
        #expect(try await named.ask(key(), query, at: clock - 1000) == [.refused(.badTime)])
    }

    private struct Unverified: Error { let found: [ResponseVerification] }

    /// The server's part: the header and the question, signed as the request deserves.
    private static func reply(_ query: [UInt8], _ keys: [TransactionKey], _ time: UInt64) -> [UInt8]? {
        let (code, signer): (UInt8, Signer)
        switch RequestVerification(query, keys: keys, at: time) {
        case .verified(let request): (code, signer) = (0, request.signer)
        case .refused(let request): (code, signer) = (notAuthoritative, request.signer)
        case .malformed, .unsigned: return nil
        }
        var (answer, sender) = (response(to: query, code: code), signer)
        sender.sign(&answer, at: time)
        return answer
    }

    private func dig(_ server: FakeNameServer, _ algorithm: String, _ key: TransactionKey) async throws -> String {
        let secret = "\(algorithm):\(KeyName.text(of: key.name)):\(Data(key.secret).base64EncodedString())"
        let arguments = ["-y", secret, "@127.0.0.1", "-p", String(server.endpoint.port), "+tries=1", "+time=10", "svc.local", "SOA"]
        return try await RunningProgram.run(URL(filePath: "/usr/bin/dig"), arguments).output
    }
}

/// A real named with the zone `svc.local`, of 300 long records, for those who have a key.
private final class RunningNamed {
    private let folder: URL
    private let program: RunningProgram
    private let endpoint: SocketEndpoint

    init(key: TransactionKey) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "zoodns-named-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let port = try ClientSocket.freePort()
        let records = (0..<300).map { "h\($0) TXT \"\(String(repeating: "x", count: 200))\"" }.joined(separator: "\n")
        let zone = "$TTL 5\n@ SOA ns hostmaster 1 60 10 86400 5\n NS ns\nns A 192.0.2.1\n\(records)\n"
        try zone.write(to: folder.appending(path: "zone"), atomically: true, encoding: .utf8)
        let (name, secret) = (KeyName.text(of: key.name), Data(key.secret).base64EncodedString())
        let settings = """
            key "\(name)" { algorithm \(key.algorithm.rawValue); secret "\(secret)"; };
            options {
              directory "\(folder.path)"; listen-on port \(port) { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; pid-file none;
              session-keyfile "\(folder.path)/session"; dnssec-validation no; transfer-message-size 16384;
            };
            controls { };
            zone "svc.local" { type primary; file "zone"; allow-query { key "\(name)"; }; allow-transfer { key "\(name)"; }; };
            """
        let file = folder.appending(path: "named.conf")
        try settings.write(to: file, atomically: true, encoding: .utf8)
        self.folder = folder
        endpoint = SocketEndpoint(address: .v4(IPv4Address(value: 0x7F00_0001)), port: port)
        program = try RunningProgram(URL(filePath: "/usr/sbin/named"), ["-g", "-n", "1", "-c", file.path])
        let program = program
        try await waitUntil("named serves") { program.errors.contains("all zones loaded") }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// What is found of its response's messages to a query that is signed at some time.
    func ask(_ key: TransactionKey, _ query: [UInt8], at time: UInt64, messages: Int = 1) async throws -> [ResponseVerification] {
        var (octets, signer) = (query, Signer(key: key))
        let mac = signer.sign(&octets, at: time)
        let client = try ClientSocket(endpoint, isStream: true)
        try client.send(octets)
        var verifier = ResponseVerifier(key: key, requestMAC: mac)
        return try (0..<messages).map { _ in verifier.verify(try client.receive(), at: time) }
    }
}
