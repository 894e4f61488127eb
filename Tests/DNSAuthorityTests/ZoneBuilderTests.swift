import TestSupport
import Testing

@testable import DNSAuthority

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

    private func name(_ text: String) -> DomainName { DomainName(text: text + ".svc.local") ?? .root }

    private func block(_ names: [String]) -> RecordBlock {
        var builder = RecordBlockBuilder()
        for text in names { builder.add(name(text), [builder.add(RRset(.a, ttl: 5, records: [.a(1)]))]) }
        return builder.build()
    }

    /// The names of a zone, those without records in brackets.
    private func names(_ builder: inout ZoneBuilder) -> Set<String> {
        Set(
            builder.build(authority, ttl: 5).nodes.map { node in
                let text = String(node.owner.text.dropLast(".svc.local.".count))
                return node.count > 0 ? text : "(\(text))"
            })
    }

    @Test func `empty non-terminals stand above names, and go with the last of them`() {
        var builder = ZoneBuilder(origin: origin, seed: 3)
        builder.insert(block(["a.b.c", "x.c"]))
        #expect(names(&builder) == ["a.b.c", "x.c", "(b.c)", "(c)"])
        builder.insert(block(["b.c"]))
        #expect(names(&builder) == ["a.b.c", "x.c", "b.c", "(c)"])
        builder.remove(name("b.c"))
        #expect(names(&builder) == ["a.b.c", "x.c", "(b.c)", "(c)"])
        builder.remove(name("a.b.c"))
        #expect(names(&builder) == ["x.c", "(c)"])
        builder.remove(name("x.c"))
        #expect(names(&builder) == [])
    }

    /// As service names are: each block has one below the protocol's name.
    @Test func `an empty non-terminal stands as long as any of many blocks has a name below it`() {
        var builder = ZoneBuilder(origin: origin, seed: 3)
        for number in 0..<9 { builder.insert(block(["n\(number).c", "n\(number).d\(number % 6).e"])) }
        for number in 0..<8 {
            builder.remove(name("n\(number).c"))
            builder.remove(name("n\(number).d\(number % 6).e"))
        }
        #expect(names(&builder) == ["n8.c", "(c)", "n8.d2.e", "(d2.e)", "(e)"])
        for number in 0..<3 { builder.insert(block(["n\(number).c"])) }
        for number in [0, 1, 2, 8] { builder.remove(name("n\(number).c")) }
        #expect(names(&builder) == ["n8.d2.e", "(d2.e)", "(e)"])
    }

    @Test func `names above one that is announced exist, and stay until it has come`() {
        var builder = ZoneBuilder(origin: origin, seed: 3)
        builder.insert(block(["b"]))
        builder.announce(name("a.b"))
        builder.remove(name("b"))
        #expect(names(&builder) == ["(b)"])
        builder.insert(block(["a.b"]))
        builder.withdraw(name("a.b"))
        #expect(names(&builder) == ["a.b", "(b)"])
        builder.remove(name("a.b"))
        _ = builder.build(authority, ttl: 5) { _ in true }
        #expect(builder.build(authority, ttl: 5) { _ in true }.nameCount == 1, "kept")
        #expect(names(&builder) == [])
    }

    @Test func `builders that were one go their own ways`() {
        var builder = ZoneBuilder(origin: origin, seed: 3)
        builder.insert(block(["a", "b"]))
        _ = names(&builder)
        var other = builder
        other.remove(name("a"))
        builder.insert(block(["c"]))
        #expect(names(&other) == ["b"])
        #expect(names(&builder) == ["a", "b", "c"])
    }

    /// Each zone leads to blocks that it does not own: those must be there as long as it is, whatever comes after.
    @Test(arguments: 0..<UInt64(4)) func `zones of any age have what they had, in whatever order they go`(_ seed: UInt64) throws {
        var random = Numbers(state: seed)
        var builder: ZoneBuilder? = ZoneBuilder(origin: origin, seed: seed)
        var zones: [(zone: Zone, text: String)] = []
        for step in 0..<120 {
            for _ in 0..<5 {
                let start = Int.random(in: 0..<400, using: &random)
                if Bool.random(using: &random) {
                    builder?.insert(block(start..<start + 20, address: UInt32(step)))
                } else {
                    for number in start..<start + 20 {
                        if let name = DomainName(text: "n\(number)")?.appending(origin) { builder?.remove(name) }
                    }
                }
            }
            if let zone = builder?.build(authority, ttl: 5) { zones.append((zone, MasterFile.text(of: zone))) }
            if Int.random(in: 0..<3, using: &random) > 0 { zones.remove(at: Int.random(in: 0..<zones.count, using: &random)) }
        }
        builder = nil
        zones.shuffle(using: &random)
        while let (zone, text) = zones.popLast() { #expect(MasterFile.text(of: zone) == text) }
    }

    @Test func `zones are read and let go of on other threads while the builder goes on`() async {
        await withTaskGroup(of: Bool.self) { group in
            var random = Numbers(state: 5)
            var builder = ZoneBuilder(origin: origin, seed: 5)
            for step in 0..<120 {
                let start = Int.random(in: 0..<500, using: &random)
                builder.insert(block(start..<start + 20, address: UInt32(step)))
                if let name = DomainName(text: "n\(start)")?.appending(origin) { builder.remove(name) }
                let zone = builder.build(authority, ttl: 5)
                let count = zone.nameCount
                group.addTask { zone.nodes.count == count && zone.nodes.allSatisfy { $0.count == 1 && $0[0].length == 16 } }
            }
            for await isWhole in group { #expect(isWhole) }
        }
    }
}
