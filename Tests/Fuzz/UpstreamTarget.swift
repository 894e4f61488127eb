import DNSAuthority

/// What another server sends, taken as it comes and behind the right ID and question, is ignored or makes a response that keeps to the client's
/// size, has its ID and question, and can be read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = Array(UnsafeBufferPointer(start: start, count: min(count, 65_535)))
    for (client, query) in clients {
        judge(octets, client, query)
        guard octets.count >= 10 else { continue }
        let questionEnd = query.count - OPT.length
        judge(Array(query[..<2] + octets[..<10] + query[12..<questionEnd] + octets[10...]), client, query)
        // With one question, as a response.
        let flags = [(octets[0] | 0x80) & 0x87, octets[1], 0, 1]
        judge(Array(query[..<2] + flags + octets[4..<10] + query[12..<questionEnd] + octets[10...]), client, query)
    }
    return 0
}

private func judge(_ octets: [UInt8], _ client: DeferredQuery, _ query: [UInt8]) {
    for overTCP in [false, true] {
        guard case .response(let response) = UpstreamResponse.judge(octets, to: query, overTCP: overTCP) else { continue }
        let reply = response.octets(for: client)
        precondition(12...client.deferral.limit ~= reply.count, "a response of an impossible length")
        precondition(reply[..<2] == client.message[..<2] && reply[2] & 0x80 != 0, "another ID, or no response")
        precondition(reply[12..<client.message.count] == client.message[12...], "another question")
        let (count, opt): (UInt8, [UInt8]) = client.deferral.hasEDNS ? (1, OPT.octets(size: 1232, code: 0, wantsSecurity: false)) : (0, [])
        let asked = client.message[..<11] + [count] + client.message[12...] + opt
        guard case .response(let again) = UpstreamResponse.judge(reply, to: asked, overTCP: true) else {
            preconditionFailure("a response that cannot be read")
        }
        precondition(again.code == (client.deferral.hasEDNS ? response.code : response.code & 15), "another RCODE")
    }
}

/// Clients with and without EDNS, each with the query that another server was sent.
private let clients: [(DeferredQuery, [UInt8])] = [[], OPT.octets(size: 1232, code: 0, wantsSecurity: true)].compactMap { opt in
    var random = SystemRandomNumberGenerator()
    let question: [UInt8] = [3] + Array("wWw".utf8) + [7] + Array("example".utf8) + [0, 0, 1, 0, 1]
    let message = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, opt.isEmpty ? 0 : 1] + question + opt
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 70_000, alignment: 8)
    defer { memory.deallocate() }
    memory.copyBytes(from: message)
    guard let address = memory.baseAddress else { return nil }
    var responder = Responder(seed: 1, over: .udp)
    let outcome = responder.respond(
        in: memory, queryLength: message.count, to: address + 60_000, from: ServedZones(),
        by: QueryPolicy(isForwarding: true))
    guard case .deferred(let deferral) = outcome else { return nil }
    let client = DeferredQuery(UnsafeRawBufferPointer(memory), deferral, from: ClientAddress(address + 60_000), isIPv6: false) { _ in }
    return (client, ForwardedQuestion(client).query(&random))
}
