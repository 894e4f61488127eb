import DNSAuthority
import IPAddressing
import TestSupport
import Testing

@testable import zoodns

@Suite struct AwaitedAnswerTests {
    private let service: DomainName
    private let query: NameServerQuery

    init() throws {
        service = try #require(DomainName(text: "web.svc.local"))
        query = NameServerQuery(service, .srv, id: 0x1234)
    }

    /// SRV records of two providers, `one` with its address as additional data.
    private func octets(code: UInt8 = 0, port: Int = 8080) -> [UInt8] {
        func record(_ owner: [UInt8], _ type: Int, _ data: [UInt8]) -> [UInt8] {
            owner + QueryOctets.number(type) + [0, 1, 0, 0, 0, 5] + QueryOctets.number(data.count) + data
        }
        let srv = [("one.web.svc.local", port), ("web2.example.net", 9090)].flatMap { target, port in
            record([0xC0, 12], 33, [0, 0, 0, 1] + QueryOctets.number(port) + QueryOctets.name(target))
        }
        return [0x12, 0x34, 0x84, code, 0, 1, 0, 2, 0, 0, 0, 1] + QueryOctets.question("web.svc.local", 33) + srv
            + record(QueryOctets.name("ONE.web.svc.local"), 1, [10, 0, 0, 7])
    }

    private func awaited(_ present: [String], absent: [String] = [], serial: UInt32? = nil) throws -> AwaitedAnswer {
        let origin = try #require(DomainName(text: "svc.local"))
        return AwaitedAnswer(
            service: service, origin: origin, present: present.compactMap(AwaitedProvider.init),
            absent: absent.compactMap(AwaitedProvider.init),
            serial: serial)
    }

    private func lack(_ present: [String], absent: [String] = []) throws -> String? {
        let response = try #require(try NameServerResponse(octets(), to: query))
        return try awaited(present, absent: absent).lack(response, response.addresses)
    }

    @Test func `a provider is known by its target or an address of that, and its port`() throws {
        #expect(try lack([]) == nil)
        #expect(try lack(["10.0.0.7:8080", "one.web.svc.local:8080", "WEB2.example.net:9090"]) == nil)
        #expect(try lack(["10.0.0.7:9090"]) == "10.0.0.7:9090 is missing; there: 10.0.0.7:8080 web2.example.net:9090")
        #expect(try lack([], absent: ["10.0.0.8:8080"]) == nil)
        #expect(try lack([], absent: ["10.0.0.7:8080"]) == "10.0.0.7:8080 is still there; there: 10.0.0.7:8080 web2.example.net:9090")
    }

    @Test func `a name that does not exist has no provider; another code says nothing of them`() throws {
        let absent = try #require(try NameServerResponse([0x12, 0x34, 0x84, 3, 0, 1, 0, 0, 0, 0, 0, 0] + octets()[12..<31], to: query))
        #expect(try awaited([], absent: ["10.0.0.7:8080"]).lack(absent, [:]) == nil)
        #expect(try awaited(["10.0.0.7:8080"]).lack(absent, [:]) == "web.svc.local. does not exist")
        let failed = try #require(try NameServerResponse([0x12, 0x34, 0x84, 2, 0, 0, 0, 0, 0, 0, 0, 0], to: query))
        #expect(try awaited([], absent: ["10.0.0.7:8080"]).lack(failed, [:]) == "SERVFAIL")
        let short = try #require(try NameServerResponse([0x12, 0x34, 0x86, 0] + octets()[4...], to: query))
        #expect(short.isTruncated)
        #expect(try awaited([], absent: ["10.0.0.8:8080"]).lack(short, [:]) == "the answer is too long")
    }

    @Test func `serials are compared as RFC 1982 says`() throws {
        #expect(try awaited([], serial: 20).lack(serial: 20) == nil)
        #expect(try awaited([], serial: 20).lack(serial: 21) == nil)
        #expect(try awaited([], serial: 20).lack(serial: 19) == "the serial is 19, before 20")
        #expect(try awaited([], serial: .max).lack(serial: 3) == nil)
        #expect(try awaited([], serial: 3).lack(serial: .max) != nil)
        #expect(try awaited([], serial: 3).lack(serial: nil) == "no SOA record of svc.local.")
    }

    @Test func `what is no response to the query is none`() throws {
        #expect(try NameServerResponse(octets(), to: NameServerQuery(service, .srv, id: 0x1235)) == nil)
        #expect(try NameServerResponse(octets(), to: NameServerQuery(service, .soa, id: 0x1234)) == nil)
        let other = try #require(DomainName(text: "web.svc.locaL.x"))
        #expect(try NameServerResponse(octets(), to: NameServerQuery(other, .srv, id: 0x1234)) == nil)
        #expect(try NameServerResponse(query.octets, to: query) == nil)
    }

    @Test func `octets that are cut short or changed anywhere are read or refused, never more`() throws {
        let good = octets()
        var outcomes = [0, 0, 0]
        func read(_ octets: [UInt8]) {
            do { outcomes[try NameServerResponse(octets, to: query) == nil ? 0 : 1] += 1 } catch { outcomes[2] += 1 }
        }
        for length in good.indices { read(Array(good[..<length])) }
        for index in good.indices {
            for value in [0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFF] as [UInt8] {
                var changed = good
                changed[index] = value
                read(changed)
            }
        }
        #expect(outcomes.allSatisfy { $0 > 20 }, "\(outcomes)")
    }
}
