import DNSAuthority

/// A zone made by hand, `svc.local`, with names that answer in another way than by all their records.
///
/// `web` has three providers of the weights 1, 3 and 0; `_one.web` gives one of them; below `prefer.web` every name has all of them, below
/// `pin.web` every name exists; `_one.equal.web` gives one of the records of `web`; `us` and the dotted `b.eu` are names of their own below both.
package enum HandmadeZone {
    /// A name relative to the origin.
    package static func name(_ text: String) -> DomainName { DomainName(text: text.isEmpty ? "svc.local" : text + ".svc.local") ?? .root }

    private static let soa = StartOfAuthority(
        primary: name("ns"), mailbox: name("hostmaster"), serial: 1, refresh: 7200, retry: 1800, expire: 86400, minimum: 1)

    /// The addresses of the providers.
    private static let addresses: [RecordData] = (1...3).map { .a(0x0A00_0000 + $0) }

    private static func services(ttl: UInt32) -> RRset {
        RRset(.srv, ttl: ttl, records: (1...3).map { .srv(priority: 0, weight: $0, port: 80, target: name("u\($0).web")) })
    }

    /// The zone. `isHeld`: each RRset has a record that is held.
    package static func zone(isHeld: Bool = false) -> Zone {
        var block = RecordBlockBuilder()
        block.add(
            name(""), [block.add(RRset(.soa, ttl: 5, records: [.soa(soa)])), block.add(RRset(.ns, ttl: 5, records: [.ns(name("ns"))]))])
        let own = addresses.map { block.add(RRset(.a, ttl: 5, records: [$0])) }
        for (index, address) in own.enumerated() { block.add(name("u\(index + 1).web"), [address]) }
        var all = RRset(.a, ttl: 5, records: addresses)
        all.isHeld = isHeld
        let a = block.add(all)
        let srv = block.add(services(ttl: 5), additional: own.map { .init(ipv4: $0) })
        let others = [RecordData.text([Array("b=2".utf8), Array("a=1".utf8)]), binding(.https)].compactMap(\.self)
        block.add(name("web"), [a, srv] + others.map { block.add(RRset($0.type, ttl: 5, records: [$0])) })
        addOne(to: &block, own, isHeld: isHeld)
        block.add(name("_one.equal.web"), [block.add(oneOf: a), block.add(oneOf: srv)])
        block.add(covering: name("prefer.web"), [a, srv])
        block.add(covering: name("pin.web"), [])
        for directive in ["prefer", "pin"] { for zone in ["us", "b.eu"] { block.add(name("\(zone).\(directive).web"), [own[0]]) } }
        var builder = ZoneBuilder(origin: name(""), seed: 1)
        builder.insert(block.build())
        return builder.build(soa, ttl: 5)
    }

    private static func addOne(to block: inout RecordBlockBuilder, _ own: [RecordBlockBuilder.Handle], isHeld: Bool) {
        var one = RRset(.a, ttl: 1, records: addresses)
        (one.givesOne, one.isHeld, one.weights) = (true, isHeld, [1, 3, 0])
        var location = services(ttl: 1)
        (location.givesOne, location.weights) = (true, [1, 3, 0])
        block.add(name("_one.web"), [block.add(one), block.add(location, additional: own.map { .init(ipv4: $0) })])
    }

    /// A record of a service binding with parameters out of order.
    package static func binding(_ type: RecordType) -> RecordData? {
        let parameters = [
            ServiceParameter.hint(ipv4: [0x0A00_0001, 0x0A00_0002]), .port(8443), .alpn([Array("h2".utf8), Array("a,b\\c".utf8)]),
            .hint(ipv6: [0x2001_0DB8_0000_0000_0000_0000_0000_0001]), ServiceParameter(key: 0, value: [0, 1, 0, 3]),
            ServiceParameter(key: 65280, value: [34, 0, 65]),
        ]
        return .binding(type, priority: 1, target: .root, parameters.compactMap(\.self))
    }
}
