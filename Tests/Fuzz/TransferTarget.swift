import DNSAuthority
import DNSSecurity
import IPAddressing

/// Whatever is asked of a zone that may be transferred, each message of the response can be read by a decoder that shares no code with it, and a
/// transfer has all records of the zone, or those that are different; signed if the query was. What is no response to NOTIFY is not taken for one.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var octets = UnsafeBufferPointer(start: start, count: min(count, 60_000))[...]
    guard let choice = octets.popFirst() else { return 0 }
    var query = Array(octets)
    if let response = NotifyMessage.response(query) {
        precondition(query.starts(with: [UInt8(response.id >> 8), UInt8(response.id & 255)]), "a response to NOTIFY with another ID")
        precondition(query[2] & 0xF8 == 0xA0 && query[3] & 15 == response.code, "no response to NOTIFY is taken for one")
    }
    var code: [UInt8]?
    if choice & 1 != 0, query.count >= 12 {
        var signer = Signer(key: key)
        code = signer.sign(&query, at: now)
    }
    AskedTransfer(query: query, transport: choice & 2 == 0 ? .tcp : .udp, code: code).judge()
    return 0
}

/// A query and what is known of it.
private struct AskedTransfer {
    let query: [UInt8]
    let transport: Transport
    /// The code that it was signed with.
    let code: [UInt8]?

    func judge() {
        memory.copyBytes(from: query)
        var responder = Responder(seed: 1, over: transport)
        let outcome = responder.respond(in: memory, queryLength: query.count, to: client, from: zones, by: policy)
        guard case .long = outcome else { return }
        precondition(Array(memory[..<query.count]) == query, "a query that is handed on is not whole")
        let (messages, answer) = responses()
        guard let answer, let first = messages.first else { return }
        precondition(messages.count == 1 || transport == .tcp, "several messages over UDP")
        precondition(messages.allSatisfy { 12...(transport == .tcp ? 65535 : 1232) ~= $0.count }, "a message has an impossible length")
        precondition(messages.allSatisfy { $0[..<2] == query[..<2] && $0[2] & 0x80 != 0 }, "a message is no response to the query")
        precondition(answer.length == first.count, "the outcome has another length")
        let contents = verified(messages)
        let texts = contents.map { octets in
            do { return try PacketText(octets) } catch { fatalError("a message cannot be read: \(error)") }
        }
        precondition(PacketText.codes[Int(answer.code.rawValue)] == texts[0].code, "the outcome has another RCODE")
        judge(texts)
    }

    /// Whether the answerer judges a signature.
    private var isSigned: Bool {
        query.withUnsafeBytes { LongQuery($0, from: ClientAddress(client), over: transport, zones: zones, policy: policy).isSigned }
    }

    private func responses() -> ([[UInt8]], Responder.Answer?) {
        let outcome = query.withUnsafeBytes { message in
            answerer.answer(LongQuery(message, from: ClientAddress(client), over: transport, zones: zones, policy: policy))
        }
        switch outcome {
        case .silence: return ([], nil)
        case .message(let octets, let answer, _): return ([octets], answer)
        case .messages(let first, let source, let answer):
            var messages = [first]
            while let next = source.next() { messages.append(next) }
            precondition(source.next() == nil, "a message behind the last")
            return (messages, answer)
        }
    }

    /// The messages without signatures, which must hold where the query's can be found.
    private func verified(_ messages: [[UInt8]]) -> [[UInt8]] {
        guard let code, messages[0][3] & 15 != 1, messages[0][3] & 15 != 9 else { return messages }
        var verifier = ResponseVerifier(key: key, requestMAC: code)
        return messages.map { message in
            if case .verified(let content) = verifier.verify(message, at: now) { return content }
            precondition((try? PacketText(query)) == nil, "a message is not signed")
            return message
        }
    }

    private func judge(_ texts: [PacketText]) {
        guard let question = texts[0].questions.first else { return }
        let records = texts.flatMap(\.answer)
        let isIncremental = question.hasSuffix("IXFR")
        guard isIncremental || question.hasSuffix("AXFR") else { return }
        // One that has a signature of its own may be met with an error.
        if !isSigned, isIncremental {
            precondition(texts[0].code != "FORMERR" && texts[0].code != "NOTIMP", "an incremental transfer is refused")
        }
        guard texts[0].code == "NOERROR", !texts[0].flags.contains("tc") else {
            return precondition(records.isEmpty, "an error has records")
        }
        precondition(records.first == records.last && records.first?.contains(" SOA ") == true, "a transfer is not between SOA records")
        let counts = isIncremental ? [1, wholeCount, differenceCount] : [wholeCount]
        precondition(counts.contains(records.count), "a transfer has \(records.count) records")
        precondition(transport == .tcp || records.count == 1, "a transfer over UDP")
    }
}

private let now: UInt64 = 1_800_000_000
private let key = TransactionKey(name: [1, 107, 0], algorithm: .sha256, secret: [1, 2, 3])
private let answerer = TransferAnswerer(
    TransferPolicy(allowed: [AddressRange("0.0.0.0/0")].compactMap(\.self), allowedKeys: [key.name], keys: [key]), report: { _ in },
    time: { now })
private let policy = QueryPolicy(answerLong: { answerer.answer($0) })

nonisolated(unsafe) private let client: UnsafeRawPointer = {
    let address = memory.baseAddress.unsafelyUnwrapped + memory.count - 32
    address.storeBytes(of: 2, as: UInt16.self)
    return UnsafeRawPointer(address)
}()
nonisolated(unsafe) private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 70_000, alignment: 8)

/// Records of the version that is served, and of what leads to it from serial 1, with all SOA records.
private let wholeCount = 2 + 1 + 2000
private let differenceCount = 4 + 2

private let zones: ServedZones = {
    let origin = DomainName(text: "svc.local") ?? .root
    var block = RecordBlockBuilder()
    block.add(origin, [block.add(RRset(.ns, ttl: 5, records: [.ns(origin)]))])
    for number in 0..<1000 {
        let name = origin.prepending(Array("n\(number)".utf8)) ?? origin
        block.add(name, [block.add(RRset(.a, ttl: 5, records: [.a(1), .a(2)]))])
    }
    var builder = ZoneBuilder(origin: origin, seed: 1)
    builder.insert(block.build())
    let zone = builder.build(
        StartOfAuthority(primary: origin, mailbox: origin, serial: 2, refresh: 7200, retry: 1800, expire: 86400, minimum: 1), ttl: 5)
    func record(_ address: UInt8) -> [UInt8] { [1, 110] + origin.octets + [0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 1, 1, 1, address] }
    let difference = ZoneDifference(from: 1, to: 2, gone: record(1), came: record(2))
    return ServedZones([ServedZone(zone, .current, history: ZoneHistory(zone, differences: [difference]))])
}()
