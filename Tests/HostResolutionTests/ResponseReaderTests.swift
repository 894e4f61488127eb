import DNSAuthority
import IPAddressing
import TestSupport
import Testing

@testable import HostResolution

@Suite struct ResponseReaderTests {
    private static let question = QueryOctets.question("h.test", 1)

    private static func header(_ code: Int = 0, answers: Int = 0, authorities: Int = 0) -> [UInt8] {
        QueryOctets.header(flags: 0x8180 | code, 1, answers, authorities, 0)
    }

    private static func record(_ owner: [UInt8], _ type: Int, ttl: [UInt8] = [0, 0, 0, 60], _ data: [UInt8]) -> [UInt8] {
        owner + QueryOctets.number(type) + [0, 1] + ttl + QueryOctets.number(data.count) + data
    }

    private static let asked: [UInt8] = [0xC0, 0x0C]

    private func read(_ octets: [UInt8], origin: String = "svc.local") throws -> Reply {
        let origin = try #require(DomainName(text: origin))
        return ResponseReader.read(octets, .ipv4) { $0.isAtOrBelow(origin) }
    }

    private func a(_ value: UInt32) -> IPAddress { .v4(IPv4Address(value: value)) }

    @Test func `addresses are read along aliases, with the least TTL`() throws {
        let octets =
            Self.header(answers: 3) + Self.question
            + Self.record(QueryOctets.name("b.test"), 1, ttl: [0, 0, 0, 50], [10, 0, 0, 1])
            + Self.record(Self.asked, 5, ttl: [0, 0, 0, 20], QueryOctets.name("b.test"))
            + Self.record(QueryOctets.name("evil.test"), 1, [6, 6, 6, 6])
        #expect(try read(octets) == .answered(.addresses([a(0x0A00_0001)], ttl: 20)))
    }

    @Test func `an alias into a served zone is no answer, with or without addresses`() throws {
        let alias = Self.record(Self.asked, 5, QueryOctets.name("WEB.svc.local"))
        let address = Self.record(QueryOctets.name("web.svc.local"), 1, [10, 0, 0, 1])
        let through =
            Self.record(Self.asked, 5, QueryOctets.name("web.svc.local"))
            + Self.record(QueryOctets.name("web.svc.local"), 5, QueryOctets.name("b.test"))
        #expect(try read(Self.header(answers: 2) + Self.question + alias + address) == .answered(.own))
        #expect(try read(Self.header(3, answers: 1) + Self.question + alias) == .answered(.own))
        #expect(try read(Self.header(answers: 2) + Self.question + through) == .answered(.own))
        #expect(
            try read(Self.header(answers: 2) + Self.question + alias + address, origin: "other")
                == .answered(.addresses([a(0x0A00_0001)], ttl: 60)))
    }

    @Test(arguments: [([0, 0, 0, 0], 1), ([0, 0, 1, 44], 300), ([0, 1, 0, 0], 300), ([0x80, 0, 0, 0], 1)] as [([UInt8], Int)])
    func `TTLs are clamped`(_ ttl: [UInt8], _ seconds: Int) throws {
        let octets = Self.header(answers: 1) + Self.question + Self.record(Self.asked, 1, ttl: ttl, [10, 0, 0, 1])
        #expect(try read(octets) == .answered(.addresses([a(0x0A00_0001)], ttl: seconds)))
    }

    @Test func `that there is nothing is kept as the SOA says`() throws {
        let numbers: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 30]
        let soa = Self.record(Self.asked, 6, ttl: [0, 0, 0, 90], [0, 0] + numbers)
        #expect(try read(Self.header(3, authorities: 1) + Self.question + soa) == .negative(ttl: 30))
        #expect(try read(Self.header(authorities: 1) + Self.question + soa) == .negative(ttl: 30))
        #expect(try read(Self.header(3) + Self.question) == .negative(ttl: Lifetime.negative))
        let alias = Self.record(Self.asked, 5, QueryOctets.name("b.test"))
        #expect(
            try read(Self.header(answers: 1, authorities: 1) + Self.question + alias + soa) == .answered(.none(ttl: 30, isCertain: true)))
    }

    @Test func `addresses that no packet can be sent to are none`() throws {
        let records = [[224, 0, 0, 1], [0, 0, 0, 0], [255, 255, 255, 255]].map { Self.record(Self.asked, 1, $0) }
        let all = Self.header(answers: 3) + Self.question + records.flatMap { $0 }
        #expect(try read(all) == .answered(.none(ttl: 60, isCertain: true)))
        let one = Self.header(answers: 4) + Self.question + records.flatMap { $0 } + Self.record(Self.asked, 1, [10, 0, 0, 1])
        #expect(try read(one) == .answered(.addresses([a(0x0A00_0001)], ttl: 60)))
    }

    @Test(arguments: [(1, .final), (2, .serverFailure), (4, .rejected), (5, .rejected), (9, .final)] as [(Int, Reply.Failure)])
    func `codes make a difference`(_ code: Int, _ failure: Reply.Failure) throws {
        #expect(try read(Self.header(code) + Self.question) == .failed(failure))
    }

    @Test func `an alias without addresses is an answer, records of other names are none`() throws {
        let loop = Self.record(Self.asked, 5, Self.asked)
        #expect(try read(Self.header(answers: 1) + Self.question + loop) == .answered(.none(ttl: Lifetime.negative, isCertain: true)))
        let foreign = Self.record(QueryOctets.name("evil.test"), 1, [6, 6, 6, 6])
        #expect(try read(Self.header(answers: 1) + Self.question + foreign) == .answered(.failed))
        #expect(try read(QueryOctets.header(flags: 0x8000, 1, 0, 1, 0) + Self.question) == .failed(.rejected))
    }

    @Test func `octets that are no response are not taken for one`() throws {
        let good = Self.header(answers: 1) + Self.question + Self.record(Self.asked, 1, [10, 0, 0, 1])
        for count in 0..<good.count { #expect(try read(Array(good.prefix(count))) == .failed(.rejected), "\(count)") }
        let offset = UInt8(Self.header().count + Self.question.count)
        #expect(try read(Self.header(answers: 1) + Self.question + Self.record([0xC0, offset], 1, [6, 6, 6, 6])) == .failed(.rejected))
        #expect(try read(Self.header(answers: 1) + Self.question + Self.record([0xFF, 0xFF], 1, [6, 6, 6, 6])) == .failed(.rejected))
        #expect(try read(Self.header(answers: 65_535) + Array(good[12...])) == .failed(.rejected))
        #expect(try read(QueryOctets.header(flags: 0x0100, 1, 0, 0, 0) + Self.question) == .failed(.rejected))
        // A chain of pointers, each before the last one.
        let pointers = (0..<200).reduce(into: [UInt8]()) { octets, index in
            octets += QueryOctets.number(0xC000 | (index == 0 ? 12 : Int(offset) + 11 + 2 * index))
        }
        let last = QueryOctets.number(0xC000 | (Int(offset) + 411))
        let chain = Self.record(Self.asked, 16, [0] + pointers) + Self.record(last, 1, [6, 6, 6, 6])
        #expect(try read(Self.header(answers: 2) + Self.question + chain) == .failed(.rejected))
        // Any octet may be anything: no trap.
        for index in good.indices {
            for octet in [0, 1, 63, 64, 0xBF, 0xC0, 0xFF] as [UInt8] {
                var other = good
                other[index] = octet
                _ = try read(other)
            }
        }
    }
}
