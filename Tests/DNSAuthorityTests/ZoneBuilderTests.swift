import DNSAuthority
import TestSupport
import Testing

@Suite struct ZoneBuilderTests {
    private let origin = DomainName(text: "svc.local") ?? .root

    private func block(_ names: some Sequence<Int>, address: UInt32 = 1) -> RecordBlock {
        var builder = RecordBlockBuilder()
        for number in names {
            let rrset = builder.add(RRset(.a, ttl: 5, records: [.a(address)]))
            if let name = DomainName(text: "n\(number)")?.appending(origin) { builder.add(name, [rrset]) }
        }
        return builder.build()
    }

    private func code(_ zone: Zone, _ number: Int) throws -> String {
        var responder = TestResponder(seed: 1)
        let response = responder.response(
            to: QueryOctets.query("n\(number).svc.local", "A"), over: .udp, from: ServedZones([ServedZone(zone, .current)]))
        return try PacketText(response).code
    }

    private let authority = StartOfAuthority(
        primary: .root, mailbox: .root, serial: 1, refresh: 7200, retry: 1800, expire: 86400, minimum: 1)

    @Test func `names survive growth over many shards`() throws {
        var builder = ZoneBuilder(origin: origin, seed: 3)
        for start in stride(from: 0, to: 5000, by: 100) { builder.insert(block(start..<start + 100)) }
        let zone = builder.build(authority, ttl: 5)
        #expect(zone.nameCount == 5000)
        for number in stride(from: 0, to: 5000, by: 7) { #expect(try code(zone, number) == "NOERROR") }
        #expect(try code(zone, 5000) == "NXDOMAIN")
    }

    @Test func `an old zone stays as it was when the builder goes on`() throws {
        var builder = ZoneBuilder(origin: origin, seed: 3)
        builder.insert(block(0..<10))
        let old = builder.build(authority, ttl: 5)
        for number in 0..<9 { if let name = DomainName(text: "n\(number)")?.appending(origin) { builder.remove(name) } }
        let new = builder.build(authority, ttl: 5)
        #expect(old.nameCount == 10)
        #expect(new.nameCount == 1)
        #expect(try code(old, 0) == "NOERROR")
        #expect(try code(new, 0) == "NXDOMAIN")
        #expect(try code(new, 9) == "NOERROR")
    }
}
