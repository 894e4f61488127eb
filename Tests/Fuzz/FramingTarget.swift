import DNSAuthority
import NIOCore
import NIOEmbedded

/// However a stream is cut into pieces, and whenever the client does not take responses, every whole query is answered in order, at once if
/// it can be, and all of them before the connection is closed.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var octets = UnsafeBufferPointer(start: start, count: count)[...]
    // The first octet says how many follow that each say how a piece comes.
    let steps = octets.prefix(Int(octets.popFirst() ?? 0))
    var client = FramingClient(stream: Array(octets.dropFirst(steps.count)))
    for step in steps { client.take(Step(octet: step)) }
    client.end()
    return 0
}

/// What comes next.
private struct Step {
    let octet: UInt8
    /// Octets of the piece: short ones mostly, at times longer than many queries.
    var length: Int { octet & 0x20 == 0 ? Int(octet & 0x1F) : Int(octet & 0x1F) << 7 }
    /// Whether the client takes responses.
    var isWritable: Bool { octet & 0x80 == 0 }
    /// Whether the loop has time for what the connection has put off.
    var isLoopIdle: Bool { octet & 0x40 == 0 }
}

/// A client on the other end of a connection, and what it must have been answered.
private struct FramingClient {
    private let channel = EmbeddedChannel()
    private let gate = ReadGate()
    private var rest: ArraySlice<UInt8>
    private var expected: ExpectedResponses
    private var answered: [UInt8] = []

    init(stream: [UInt8]) {
        rest = stream[...]
        expected = ExpectedResponses(stream: stream)
        let service = TCPService(slot, TCPCounters(ZoneNumbers()), mostConnections: 8, ring: nil, forward: nil)
        orTrap { try channel.pipeline.syncOperations.addHandlers([gate, TCPConnection(service)]) }
        channel.connect(to: orTrap { try SocketAddress(ipAddress: "127.0.0.1", port: 53) }, promise: nil)
        channel.read()
    }

    /// Sends a piece, if it is read, and looks at the responses.
    mutating func take(_ step: Step) {
        channel.isWritable = step.isWritable
        channel.pipeline.fireChannelWritabilityChanged()
        if gate.isOpen { send(rest.prefix(step.length)) }
        if step.isLoopIdle { channel.embeddedEventLoop.run() }
        receive()
        guard step.isWritable, step.isLoopIdle else { return }
        precondition(gate.isOpen, "a client that takes its responses is not read from")
        precondition(answered.count == expected.length(for: expected.stream.count - rest.count), "a whole query waits for more to come")
    }

    /// Sends all that is left, takes all responses, closes.
    mutating func end() {
        take(Step(octet: 0))
        send(rest)
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        channel.embeddedEventLoop.run()
        receive()
        precondition(answered == expected.octets, "the responses are not those to the queries in their order")
        precondition(!channel.isActive, "a connection is left open")
        _ = orTrap { try channel.finish(acceptAlreadyClosed: true) }
    }

    private mutating func send(_ piece: ArraySlice<UInt8>) {
        rest = rest.dropFirst(piece.count)
        guard !piece.isEmpty else { return }
        gate.isOpen = false
        _ = orTrap { try channel.writeInbound(ByteBuffer(bytes: piece)) }
        // As every channel that reads by itself does.
        channel.read()
    }

    private mutating func receive() {
        while let response = orTrap({ try channel.readOutbound(as: ByteBuffer.self) }) { answered += response.readableBytesView }
        precondition(expected.octets.starts(with: answered), "a response that is not the next")
    }
}

/// The responses to a stream, cut into queries all at once.
private struct ExpectedResponses {
    let stream: [UInt8]
    /// The responses behind their lengths.
    private(set) var octets: [UInt8] = []
    /// For each whole query where it ends, and how many octets the responses have by then.
    private var ends: [(query: Int, responses: Int)] = []

    init(stream: [UInt8]) {
        self.stream = stream
        var responder = Responder(seed: 1, over: .tcp)
        var start = 0
        while start + 2 <= stream.count {
            let end = start + 2 + Int(stream[start]) << 8 + Int(stream[start + 1])
            guard end <= stream.count else { break }
            memory.copyBytes(from: stream[(start + 2)..<end])
            let outcome = responder.respond(
                in: memory, queryLength: end - start - 2, to: client, from: slot.zones, by: QueryPolicy())
            if case .answered(let answer) = outcome {
                octets += [UInt8(answer.length >> 8), UInt8(answer.length & 255)] + memory[..<answer.length]
            }
            ends.append((end, octets.count))
            start = end
        }
    }

    /// Octets of the responses to what is whole in so many octets of the stream.
    func length(for received: Int) -> Int { ends.last { $0.query <= received }?.responses ?? 0 }
}

/// Lets octets through when the connection has asked for them, as a socket does.
private final class ReadGate: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var isOpen = false

    func read(context: ChannelHandlerContext) { isOpen = true }
}

private func orTrap<Result>(_ body: () throws -> Result) -> Result {
    do { return try body() } catch { fatalError("\(error)") }
}

nonisolated(unsafe) private let client = UnsafeRawPointer(memory.baseAddress.unsafelyUnwrapped + memory.count - 32)
nonisolated(unsafe) private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 70_000, alignment: 8)

/// A zone of RRsets with one record each, so that chance has no part in its answers.
private let slot: ZoneSlot = {
    let origin = DomainName(text: "svc.local") ?? .root
    var block = RecordBlockBuilder()
    let a = block.add(RRset(.a, ttl: 5, records: [.a(1)]))
    let srv = block.add(
        RRset(.srv, ttl: 5, records: [.srv(priority: 0, weight: 1, port: 80, target: origin)]), additional: [.init(ipv4: a)])
    if let name = origin.prepending(Array("second".utf8)) { block.add(name, [a, srv]) }
    block.add(origin)
    var builder = ZoneBuilder(origin: origin, seed: 1)
    builder.insert(block.build())
    let zone = builder.build(
        StartOfAuthority(primary: origin, mailbox: origin, serial: 1, refresh: 7200, retry: 1800, expire: 86400, minimum: 1), ttl: 5)
    return ZoneSlot(ServedZones([ServedZone(zone, .current)]))
}()

/// As in DNSTransport, of which only some files are built here.
typealias QueryForwarder = @Sendable ([DeferredQuery]) -> Void
