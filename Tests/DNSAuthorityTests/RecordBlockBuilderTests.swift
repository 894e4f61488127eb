import Testing

@testable import DNSAuthority

@Suite struct RecordBlockBuilderTests {
    private let origin = DomainName(text: "svc.local") ?? .root

    /// A service's block as it may be: addresses, weights, targets of different lengths, and names that share the octets of targets.
    private func zone(limit: Int) -> (zone: Zone, isOverfull: Bool) {
        var block = RecordBlockBuilder(limit: limit)
        var addresses = RRset(.aaaa, ttl: 5, records: (0..<20).map { .aaaa(UInt128($0)) })
        addresses.weights = Array(repeating: .max, count: 19) + [1]
        let aaaa = block.add(addresses)
        let own = (0..<20).map { block.add(record: $0, of: aaaa, isHeld: false) }
        let targets = (0..<20).compactMap { DomainName(text: String(repeating: "x", count: $0 % 5 + 1) + "\($0)")?.appending(origin) }
        let records = targets.map { RecordData.srv(priority: 0, weight: 1, port: 80, target: $0) }
        let srv = block.add(RRset(.srv, ttl: 5, records: records), additional: own.map { .init(ipv4: aaaa, ipv6: $0) })
        for (index, name) in targets.enumerated() {
            block.add(name, [own[index], block.add(record: index, of: srv, isHeld: true, additional: .init(ipv6: own[index]))])
        }
        block.add(origin, [aaaa, srv])
        var builder = ZoneBuilder(origin: origin, seed: 1)
        builder.insert(block.build())
        let authority = StartOfAuthority(primary: .root, mailbox: .root, serial: 1, refresh: 7200, retry: 1800, expire: 86400, minimum: 1)
        return (builder.build(authority, ttl: 5), block.isOverfull)
    }

    /// Each limit cuts it off somewhere else.
    @Test func `what does not fit is left out, and what is there is whole`() {
        let whole = MasterFile.text(of: zone(limit: RecordBlockBuilder.mostOctets).zone)
        #expect(!zone(limit: RecordBlockBuilder.mostOctets).isOverfull)
        let lines = Set(whole.split(separator: "\n"))
        var limit = -1000
        while zone(limit: limit).isOverfull {
            #expect(lines.isSuperset(of: MasterFile.text(of: zone(limit: limit).zone).split(separator: "\n")), "\(limit)")
            limit += 7
        }
        #expect((4000..<10_000).contains(limit))
        #expect(MasterFile.text(of: zone(limit: limit).zone) == whole)
    }

    /// No block is larger than its limit, so that no offset of one at the largest limit overflows.
    @Test func `a block keeps within its limit`() {
        for limit in stride(from: 200, to: 8000, by: 13) {
            var block = RecordBlockBuilder(limit: limit)
            for number in 0..<200 {
                let rrset = block.add(RRset(.a, ttl: 5, records: [.a(1), .a(2)]))
                block.add(origin, Array(repeating: rrset, count: number))
            }
            #expect(block.isOverfull)
            #expect(RecordBlockLayout(block).size <= limit)
        }
    }
}
