import DNSAuthority
import DNSSecurity
import IPAddressing
import TestSupport
import Synchronization
import Testing
import ZoneTransfer

@Suite struct SignedQueryTests {
    private static let now: UInt64 = 1_800_000_000
    private static let key = TransactionKey(name: QueryOctets.name("secondary.key"), algorithm: .sha256, secret: Array(1...32))
    private static let other = TransactionKey(name: QueryOctets.name("other"), algorithm: .sha512, secret: Array(1...32))

    private let answerer: TransferAnswerer
    private let reports = Reports()

    init() {
        let policy = TransferPolicy(allowedKeys: [Self.key.name], keys: [Self.key, Self.other])
        answerer = TransferAnswerer(policy, report: reports.add, time: { Self.now })
    }

    private func zones(_ count: Int) -> ServedZones {
        var version = VersionedZone(serial: 1)
        version.set(names: Dictionary(uniqueKeysWithValues: (0..<count).map { ("u\($0)", [.a(UInt32($0))]) }))
        return version.served()
    }

    private func signed(_ query: [UInt8], by key: TransactionKey = key, at time: UInt64 = now) -> (query: [UInt8], code: [UInt8]) {
        var (query, signer) = (query, Signer(key: key))
        let code = signer.sign(&query, at: time)
        return (query, code)
    }

    /// The messages without their signatures, each of which must hold.
    private func verified(_ exchange: Exchange, _ code: [UInt8], by key: TransactionKey = key) -> [PacketText] {
        var verifier = ResponseVerifier(key: key, requestMAC: code)
        return exchange.octets.compactMap { octets in
            guard case .verified(let content) = verifier.verify(octets, at: Self.now) else { return nil }
            return try? PacketText(content)
        }
    }

    @Test func `every message of a transfer is signed, and has room for it (RFC 8945 §5.3.1)`() throws {
        let zones = zones(3000)
        for query in [QueryOctets.query("svc.local", "AXFR", opt: QueryOctets.opt()), QueryOctets.incrementalTransfer(since: 0xFFFF_FF00)] {
            let (query, code) = signed(query)
            let exchange = Exchange(query, answerer, zones)
            let messages = verified(exchange, code)
            #expect(messages.count == exchange.octets.count && messages.count > 2)
            #expect(messages.flatMap(\.answer).count == 3002)
            #expect(exchange.octets.allSatisfy { $0.count <= 16384 })
        }
        #expect(reports.all == [])
    }

    @Test func `a key opens zones that its client's address does not, and only if it is allowed`() throws {
        let zones = zones(1)
        let query = QueryOctets.query("svc.local", "AXFR")
        #expect(try Exchange(query, answerer, zones).code == "REFUSED")
        #expect(try Exchange(signed(query).query, answerer, zones).code == "NOERROR")
        let (refused, code) = signed(query, by: Self.other)
        #expect(verified(Exchange(refused, answerer, zones), code, by: Self.other).map(\.code) == ["REFUSED"])
        let client = try #require(IPAddress("192.0.2.1"))
        #expect(reports.all == [.refused(client), .refused(client)])
    }

    @Test func `wrong keys, codes and times are answered with NOTAUTH, and why (RFC 8945 §5.2)`() throws {
        let zones = zones(1)
        let query = QueryOctets.query("svc.local", "AXFR")
        let unknown = TransactionKey(name: QueryOctets.name("unknown"), algorithm: .sha256, secret: [1])
        let namesake = TransactionKey(name: Self.key.name, algorithm: .sha256, secret: [1])
        for transport in [Transport.tcp, .udp] {
            for (key, time, error) in [
                (unknown, Self.now, SignatureError.badKey), (namesake, Self.now, .badSignature), (Self.key, Self.now - 301, .badTime),
                (Self.key, Self.now + 301, .badTime),
            ] {
                let (query, code) = signed(query, by: key, at: time)
                let exchange = Exchange(query, answerer, zones, over: transport)
                #expect(try exchange.code == "NOTAUTH" && exchange.records.isEmpty)
                #expect(exchange.answer?.code == .notAuthoritative)
                var verifier = ResponseVerifier(key: key, requestMAC: code)
                #expect(verifier.verify(try #require(exchange.octets.first), at: time) == .refused(error))
                guard transport == .tcp else { continue }
                #expect(reports.all.last == .signatureRefused(try #require(IPAddress("192.0.2.1")), key: key.name, error))
            }
        }
        // Of datagrams, which may have any address as their source, nothing is reported.
        #expect(reports.all.count == 4)
        #expect(try Exchange(query, answerer, zones, over: .udp).code == "REFUSED")
        #expect(reports.all.count == 4)
    }

    @Test func `a query counts as verified if its signature holds, whatever the answer`() {
        let query = QueryOctets.query("svc.local", "SOA")
        func isVerified(_ query: [UInt8]) -> Bool {
            guard case .message(_, _, let isVerified) = Exchange.begin(query, answerer, zones(1), over: .udp) else { return false }
            return isVerified
        }
        #expect(isVerified(signed(query).query) && isVerified(signed(QueryOctets.query("svc.local", "AXFR"), by: Self.other).query))
        #expect(!isVerified(signed(query, at: Self.now - 301).query) && !isVerified(QueryOctets.incrementalTransfer(since: 1)))
    }

    @Test func `a signature behind a record that cannot be read opens an incremental transfer, and is answered with one`() throws {
        // An OPT record whose owner is not the root.
        let opt: [UInt8] = [1, 97] + QueryOctets.opt()
        let (query, code) = signed(QueryOctets.query("svc.local", "IXFR", opt: opt))
        #expect(verified(Exchange(query, answerer, zones(1)), code).map(\.code) == ["NOERROR"])
    }

    @Test func `a signature in a wrong place or with octets behind it is met with FORMERR, for an incremental transfer too`() throws {
        let zones = zones(1)
        for query in [QueryOctets.query("svc.local", "IXFR"), QueryOctets.query("svc.local", "SOA")] {
            let (query, _) = signed(query)
            var moved = query
            moved[11] = 2
            for wrong in [query + [0], moved + QueryOctets.opt(), query.dropLast() + [1]] where wrong.count > query.count {
                #expect(try Exchange(wrong, answerer, zones).code == "FORMERR")
            }
        }
    }

    @Test func `the answer to any other signed query is signed`() throws {
        var registry = TestRegistry()
        for number in 0..<2 { registry.add("a", "u\(number)", .init(host: .ipv4(.init(value: UInt32(number))), port: 80)) }
        for (name, type, code, count) in [
            ("a.svc.local", "A", "NOERROR", 2), ("no.svc.local", "A", "NXDOMAIN", 0), ("svc.local", "SOA", "NOERROR", 1),
        ] {
            for opt in [[], QueryOctets.opt()] {
                let (query, mac) = signed(QueryOctets.query(name, type, opt: opt), by: Self.other)
                let exchange = Exchange(query, answerer, registry.zones, over: .udp)
                let messages = verified(exchange, mac, by: Self.other)
                #expect(messages.map(\.code) == [code] && messages[0].answer.count == count && messages[0].flags.contains("aa"))
                #expect((messages[0].edns != nil) == !opt.isEmpty)
                #expect(exchange.answer?.length == exchange.octets[0].count && exchange.answer?.zone == 1)
            }
        }
        let (update, mac) = signed(QueryOctets.query("svc.local", "SOA", flags: 0x2800))
        #expect(verified(Exchange(update, answerer, registry.zones), mac).map(\.code) == ["NOTIMP"])
    }

    @Test func `where records leave no room for the signature, the client is sent to TCP`() throws {
        var registry = TestRegistry()
        // Of so many addresses some number leaves less room than a signature takes.
        for number in 0..<28 { registry.add("a", "u\(number)", .init(host: .ipv4(.init(value: UInt32(number))), port: 80)) }
        let (query, code) = signed(QueryOctets.query("a.svc.local", "A"))
        let cut = verified(Exchange(query, answerer, registry.zones, over: .udp), code)
        #expect(cut.map { $0.flags.contains("tc") } == [true] && cut[0].answer.isEmpty && cut[0].questions.count == 1)
        #expect(verified(Exchange(query, answerer, registry.zones, over: .tcp), code).map(\.answer.count) == [28])
        let (large, mac) = signed(QueryOctets.query("a.svc.local", "A", opt: QueryOctets.opt()))
        #expect(verified(Exchange(large, answerer, registry.zones, over: .udp), mac).map(\.answer.count) == [28])
    }

    @Test func `a signed query that other servers would be asked for fails`() throws {
        let (query, code) = signed(QueryOctets.query("www.example.com", "A"))
        let exchange = Exchange(query, answerer, zones(1), policy: QueryPolicy(isForwarding: true))
        #expect(verified(exchange, code).map(\.code) == ["SERVFAIL"])
    }
}

/// What was reported.
private final class Reports: Sendable {
    private let reports = Mutex<[TransferReport]>([])
    var all: [TransferReport] { reports.withLock { $0 } }
    @Sendable func add(_ report: TransferReport) { reports.withLock { $0.append(report) } }
}
