/// Whatever comes, there is a response that fits, with the query's ID and QR set, or silence where RFC 1035 knows no query.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let query = UnsafeRawBufferPointer(start: start, count: count)
    for transport in [Transport.udp, .tcp] {
        let capacity = transport == .udp ? 4160 : Responder.capacity(for: .tcp)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 8)
        defer { memory.deallocate() }
        let length = min(count, capacity)
        memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: query.prefix(length)))
        var responder = Responder(seed: 1)
        let responseLength = responder.respond(in: memory, queryLength: length, over: transport, from: servedZones)
        guard length >= 12, query[2] & 0x80 == 0 else {
            precondition(responseLength == 0, "a message that is no query was answered")
            continue
        }
        precondition(12...Responder.limit(over: transport) ~= responseLength, "the response has an impossible length")
        precondition(memory[0] == query[0] && memory[1] == query[1], "the response has another ID")
        precondition(memory[2] & 0x80 != 0, "the response is no response")
    }
    return 0
}

/// A zone with every kind of RRset, in names that the seeds ask for.
private let servedZones: ServedZones = {
    let origin = DomainName(text: "svc.local") ?? .root
    var block = RecordBlockBuilder()
    let a = block.add(RRset(.a, ttl: 5, records: (1...40).map { .a($0) }))
    let aaaa = block.add(RRset(.aaaa, ttl: 5, records: [.aaaa(1)]))
    let targets = (0..<60).compactMap { DomainName(text: "provider-\($0).example.net") }
    let srv = block.add(
        RRset(.srv, ttl: 5, records: targets.map { .srv(priority: 0, weight: 1, port: 80, target: $0) }),
        additional: targets.map { _ in .init(ipv4: a, ipv6: aaaa) })
    if let name = DomainName(text: "second")?.appending(origin) { block.add(name, [a, aaaa, srv]) }
    block.add(origin)
    var builder = ZoneBuilder(origin: origin, seed: 1)
    builder.insert(block.build())
    let zone = builder.build(StartOfAuthority(primary: origin, mailbox: origin, serial: 1, minimum: 1), ttl: 5)
    return ServedZones([ServedZone(zone, .stale)])
}()
