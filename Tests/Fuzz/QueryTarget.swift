import DNSAuthority

/// Whatever comes is met with silence where RFC 1035 knows no query, else with a response that fits and that a decoder which shares no code
/// with the codec reads back with the same ID and question, whatever is known of the zone.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let query = Array(UnsafeBufferPointer(start: start, count: min(count, memory.count)))
    let asked = AskedQuestion(query)
    let udp = asked.responses(over: .udp)
    let tcp = asked.responses(over: .tcp)
    for (udp, tcp) in zip(udp, tcp) {
        guard let udp, let tcp else { continue }
        precondition(!tcp.flags.contains("tc"), "a response over TCP is cut short")
        precondition(udp.code == tcp.code, "the transport decides what is answered")
        // ANY is answered with one RRset over UDP (RFC 8482).
        guard !udp.flags.contains("tc"), asked.type != 255 else { continue }
        precondition(udp.answer.count == tcp.answer.count && udp.authority == tcp.authority, "a response over UDP lacks records")
    }
    for responses in [udp, tcp] {
        // The mark takes room.
        let isCut = responses[1]?.flags.contains("tc") == true
        precondition(isCut || responses[0]?.answer.count == responses[1]?.answer.count, "a stale answer lacks records")
        for response in responses[2...] { precondition(response?.answer.isEmpty != false, "a zone that is not there has records") }
    }
    asked.judgeGuards()
    return 0
}

/// The octets that came, and what the decoder of the tests makes of them.
private struct AskedQuestion {
    let octets: [UInt8]
    /// Where the question ends if it can be repeated: the only one, its name uncompressed.
    let questionEnd: Int?
    /// The whole message read by the decoder, if it can be.
    let text: PacketText?

    init(_ octets: [UInt8]) {
        self.octets = octets
        questionEnd = Self.questionEnd(octets)
        text = try? PacketText(octets)
    }

    /// QTYPE.
    var type: Int? { questionEnd.map { Int(octets[$0 - 4]) << 8 | Int(octets[$0 - 3]) } }

    private static func questionEnd(_ octets: [UInt8]) -> Int? {
        guard octets.count >= 12, octets[4] == 0, octets[5] == 1 else { return nil }
        var end = 12
        while end < octets.count, octets[end] != 0 {
            guard octets[end] <= 63 else { return nil }
            end += 1 + Int(octets[end])
        }
        return end + 5 <= octets.count && end - 12 < 255 ? end + 5 : nil
    }

    /// What is answered out of each state of the zone; nil for silence.
    func responses(over transport: Transport) -> [PacketText?] { zoneStates.map { response(over: transport, from: $0) } }

    private func response(over transport: Transport, from zones: ServedZones) -> PacketText? {
        memory.copyBytes(from: octets)
        var responder = Responder(seed: 1, over: transport)
        let outcome = responder.respond(in: memory, queryLength: octets.count, to: client, from: zones, by: QueryPolicy())
        guard case .answered(let answer) = outcome else {
            precondition(octets.count < 12 || octets[2] & 0x80 != 0, "a query is met with silence")
            return nil
        }
        precondition(octets.count >= 12 && octets[2] & 0x80 == 0, "a message that is no query was answered")
        precondition(12...limit(over: transport) ~= answer.length, "the response has an impossible length")
        let octets = Array(memory[..<answer.length])
        do {
            let response = try PacketText(octets)
            judge(response, octets)
            precondition(PacketText.codes[Int(answer.code.rawValue)] == response.code, "the outcome has another RCODE")
            precondition(answer.isTruncated == response.flags.contains("tc"), "the outcome says otherwise whether records are missing")
            return response
        } catch { fatalError("the response cannot be read: \(error)") }
    }

    /// A server with cookies and a rate limit answers what one without does, but for a malformed cookie, and with a cookie if one came; the
    /// cookie is accepted when it comes back, and what is cut short can be read.
    func judgeGuards() {
        memory.copyBytes(from: octets)
        var responder = Responder(seed: 1, over: .udp)
        responder.seconds = 1_559_731_985
        let outcome = responder.respond(
            in: memory, queryLength: octets.count, to: client, from: zoneStates[0], by: guardedPolicy)
        guard case .answered(let answer) = outcome else { return }
        precondition(12...limit(over: .udp) ~= answer.length, "a guarded response has an impossible length")
        let response = Array(memory[..<answer.length])
        guard let text = try? PacketText(response) else { fatalError("a guarded response cannot be read") }
        precondition(response[..<2] == octets[..<2] && text.flags.contains("qr"), "a guarded response is none")
        let counts = responder.takeCookieCounts()
        precondition(responder.rateKey == nil || counts.valid == 0, "a valid cookie is limited")
        if !counts.isEmpty {
            precondition(Array(response.suffix(28).prefix(4)) == [0, 10, 0, 24], "a cookie has no answer")
            let opt = QueryOctets.opt(options: Array(response.suffix(28)))
            let again = QueryOctets.query("second.svc.local", "A", opt: opt)
            memory.copyBytes(from: again)
            _ = responder.respond(in: memory, queryLength: again.count, to: client, from: zoneStates[0], by: guardedPolicy)
            precondition(responder.takeCookieCounts().valid == 1, "a cookie of ours is not accepted")
        }
        memory.copyBytes(from: octets)
        guard
            case .answered(let whole) = responder.respond(
                in: memory, queryLength: octets.count, to: client, from: zoneStates[0], by: guardedPolicy),
            case .answered(let short) = responder.cutShort(whole, in: memory), let cut = try? PacketText(Array(memory[..<short.length]))
        else { fatalError("a response that is cut short cannot be read") }
        precondition(cut.answer.isEmpty && cut.flags.contains("tc") != (cut.code == "BADCOOKIE"), "a response is not cut short")
        precondition(short.length <= octets.count + 28, "a response that is cut short is long")
    }

    private func judge(_ response: PacketText, _ octets: [UInt8]) {
        precondition(octets[..<2] == self.octets[..<2], "the response has another ID")
        precondition(response.flags.contains("qr"), "the response is no response")
        precondition(response.questions.count == (questionEnd == nil ? 0 : 1), "the question is not repeated, or made up")
        if let questionEnd { precondition(octets[12..<questionEnd] == self.octets[12..<questionEnd], "the response has another question") }
        if let text { precondition(response.edns == nil || text.edns != nil, "the response has an OPT record although the query has none") }
    }

    /// Most octets of a response (RFC 1035 §4.2.1, RFC 6891 §6.2.3, RFC 9715 §3.1).
    private func limit(over transport: Transport) -> Int {
        guard transport == .udp else { return 65535 }
        guard let text else { return 1232 }
        return min(max(512, text.edns?["udp"] ?? 0), 1232)
    }
}

private let guardedPolicy: QueryPolicy = {
    var guards = QueryGuards()
    guards.cookieSecrets = ["e5e973e5a6b2a43f48e7dc849e37bfcf", "dd3bdf9344b678b185a6f5cb60fca715"].compactMap { CookieSecret($0) }
    guards.rateLimit = RateLimit(responses: 1, slip: 1, isDryRun: false)
    return QueryPolicy(guards: guards)
}()

/// Where queries stand and responses are written: larger than any of them.
nonisolated(unsafe) private let client = UnsafeRawPointer(memory.baseAddress.unsafelyUnwrapped + memory.count - 32)
nonisolated(unsafe) private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 70_000, alignment: 8)

/// What may be known of the zone: all; all that was right last; nothing yet; nothing any more.
private let zoneStates = [
    ServedZones([ServedZone(zone, .current)]), ServedZones([ServedZone(zone, .stale)]), ServedZones([ServedZone(notReady: zone.origin)]),
    ServedZones([ServedZone(zone, .expired)]),
]

/// A zone with every kind of RRset, in names that the seeds ask for.
private let zone: Zone = {
    let origin = DomainName(text: "svc.local") ?? .root
    func name(_ label: String) -> DomainName { origin.prepending(Array(label.utf8)) ?? origin }
    func services(_ targets: [DomainName]) -> [RecordData] { targets.map { .srv(priority: 0, weight: 1, port: 80, target: $0) } }
    var block = RecordBlockBuilder()
    let a = block.add(RRset(.a, ttl: 5, records: (1...40).map { .a($0) }))
    let aaaa = block.add(RRset(.aaaa, ttl: 5, records: [.aaaa(1)]))
    // Targets of different lengths that are outside, and of one length that are inside, whose addresses stand behind each other.
    let outside = (0..<60).compactMap { DomainName(text: "provider-\($0).example.net") }
    let srv = block.add(RRset(.srv, ttl: 5, records: services(outside)), additional: outside.map { _ in .init(ipv4: a, ipv6: aaaa) })
    let inside = (10..<30).map { name("p\($0)") }
    let addresses = (0..<20).map { block.add(RRset(.a, ttl: 5, records: [.a($0)])) }
    var heldSet = RRset(.srv, ttl: 5, records: services(inside))
    heldSet.isHeld = true
    let held = block.add(heldSet, additional: addresses.map { .init(ipv4: $0) })
    var unknownSet = RRset(.a, ttl: 5)
    unknownSet.isUnknown = true
    let soa = StartOfAuthority(
        primary: name("ns"), mailbox: name("hostmaster"), serial: 1, refresh: 7200, retry: 1800, expire: 86400, minimum: 1)
    block.add(name("second"), [a, aaaa, srv])
    block.add(name("third"), [held, block.add(unknownSet)])
    let hosts = (0..<3).map { name(String(repeating: "h", count: $0 + 1)) }
    let mx = block.add(
        RRset(.mx, ttl: 5, records: hosts.map { .other(.mx, [0, 1] + $0.octets) }),
        additional: hosts.map { _ in .init(ipv4: a, ipv6: aaaa) })
    let text = block.add(RRset(.txt, ttl: 5, records: (1...9).map { .other(.txt, [200] + [UInt8](repeating: $0, count: 200)) }))
    block.add(name("fourth"), [mx, text, block.add(RRset(.init(rawValue: 65280), ttl: 5, records: [.other(.init(rawValue: 65280), [])]))])
    block.add(name("empty"))
    var oneAddress = RRset(.a, ttl: 1, records: (1...9).map { .a($0) })
    (oneAddress.givesOne, oneAddress.weights) = (true, (1...9).map { $0 % 4 })
    var oneService = RRset(.srv, ttl: 1, records: services(outside))
    oneService.givesOne = true
    let one = [block.add(oneAddress), block.add(oneService, additional: outside.map { _ in .init(ipv4: a, ipv6: aaaa) })]
    block.add(name("one"), one)
    let binding = RecordData.binding(.https, priority: 1, target: .root, [.port(80)])
    block.add(covering: name("covering"), one + [binding].compactMap(\.self).map { block.add(RRset(.https, ttl: 5, records: [$0])) })
    block.add(name("covering").prepending([97])?.prepending([98]) ?? name("b"), [a])
    block.add(covering: name("void"), [])
    block.add(origin, [block.add(RRset(.soa, ttl: 5, records: [.soa(soa)])), block.add(RRset(.ns, ttl: 5, records: [.ns(name("ns"))]))])
    var builder = ZoneBuilder(origin: origin, seed: 1)
    builder.insert(block.build())
    return builder.build(soa, ttl: 5)
}()
