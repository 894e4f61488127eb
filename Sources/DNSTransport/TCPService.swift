import CLinux
import DNSAuthority
import Glibc
import NIOCore
import QueryTap

/// What all TCP connections share: the responder, the zones, and how many there may be. On one event loop only, so it needs no lock.
final class TCPService {
    /// Connections at once from which on they leave a lot of memory behind.
    private static let crowd = 64
    /// When there are so many times fewer of them, it is given back.
    private static let dispersal = 8
    /// Beyond it the connection that has been without a query longest is closed.
    private let mostConnections: Int
    /// How long a response of several messages may take.
    let longestTransfer: TimeAmount
    private var responder: Responder
    private let slot: ZoneSlot
    private let counters: TCPCounters
    private var ipv4: TallyWriter
    private var ipv6: TallyWriter
    private let memory: UnsafeMutableRawBufferPointer
    private let ring: QueryRing?
    /// Takes queries that other servers answer; nil if none does.
    private let forward: QueryForwarder?
    private var recorder: QueryRecorder
    /// Connections, and pieces of their streams, that have come in so far.
    private(set) var arrivals = 0
    /// Most connections at once since memory was given back.
    private var peak = 0
    /// Memory was given back before the last of many connections was gone.
    private var isRestLeft = false
    private var connections: [ObjectIdentifier: TCPConnection] = [:]
    /// Succeeds when the last connection is closed; nil as long as there may be new ones.
    private var hasEnded: EventLoopPromise<Void>?

    /// `mostConnections`: how many there may be at once, at least one. `ring`: where queries are recorded; nil for nowhere.
    init(
        _ slot: ZoneSlot, _ counters: TCPCounters, mostConnections: Int, ring: QueryRing?, forward: QueryForwarder?,
        longestTransfer: TimeAmount = TCPConnection.longestTransfer
    ) {
        self.longestTransfer = longestTransfer
        self.forward = forward
        self.ring = ring
        self.mostConnections = mostConnections
        self.counters = counters
        self.slot = slot
        ipv4 = TallyWriter(counters.ipv4, counters.numbers)
        ipv6 = TallyWriter(counters.ipv6, counters.numbers)
        responder = Responder(seed: .random(in: 0 ... .max), over: .tcp)
        memory = .allocate(byteCount: responder.capacity, alignment: 8)
        recorder = QueryRecorder(ring, isStream: true, longestResponse: responder.capacity)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit {
        memory.deallocate()
        ring?.end()
    }

    /// What becomes of a message.
    enum Reply {
        /// No response now, or none at all.
        case nothing
        /// A response behind its length.
        case message(ByteBuffer)
        /// The first message of a response behind its length, and where the others come from.
        case messages(ByteBuffer, any MessageSource)
    }

    /// What becomes of a message; `later` gives what sends the response of another server.
    func respond(
        to query: ByteBuffer, of client: TCPConnection.Client, _ allocator: ByteBufferAllocator, later: () -> DeferredQuery.Reply
    ) -> Reply {
        client.isIPv6
            ? respond(to: query, of: client, allocator, &ipv6, later) : respond(to: query, of: client, allocator, &ipv4, later)
    }

    private func respond(
        to query: ByteBuffer, of client: TCPConnection.Client, _ allocator: ByteBufferAllocator, _ counts: inout TallyWriter,
        _ later: () -> DeferredQuery.Reply
    ) -> Reply {
        query.withUnsafeReadableBytes { memory.copyMemory(from: $0) }
        let (zones, policy) = slot.served
        counts.prepare(for: zones)
        let beginning = counts.sampleBeginning(of: 1)
        responder.seconds = UInt32(truncatingIfNeeded: time(nil))
        recorder.begin()
        let isKept = recorder.isOn && memory.baseAddress.map { recorder.keep($0, length: query.readableBytes) } ?? false
        var outcome = responder.respond(
            in: memory, queryLength: query.readableBytes, to: client.address, from: zones, by: policy)
        var source: (any MessageSource)?
        if case .long = outcome { (outcome, source) = answerLong(query.readableBytes, of: client, from: zones, by: policy) }
        counts.count(responder.takeCookieCounts())
        if isKept, let message = memory.baseAddress { recorder.record(outcome, message, from: client.address, to: client.local) }
        recorder.end()
        if let beginning { counts.sampleEnd(since: beginning) }
        guard case .answered(let answer) = outcome else {
            if case .deferred(let deferral) = outcome {
                let message = UnsafeRawBufferPointer(memory)
                let query = DeferredQuery(
                    message, deferral, from: ClientAddress(client.address), isIPv6: client.isIPv6,
                    cookie: responder.cookieOption(for: deferral), reply: later())
                if let forward { forward([query]) } else { query.fail() }
            } else {
                counts.countSilent()
            }
            return .nothing
        }
        counts.count(answer, queryLength: query.readableBytes)
        var response = allocator.buffer(capacity: 2 + answer.length)
        response.writeInteger(UInt16(truncatingIfNeeded: answer.length))
        response.writeBytes(UnsafeRawBufferPointer(rebasing: memory[..<answer.length]))
        return source.map { .messages(response, $0) } ?? .message(response)
    }

    /// Writes the first message of a `LongAnswerer`'s response over its query; where the others come from, if there are any.
    private func answerLong(
        _ length: Int, of client: TCPConnection.Client, from zones: ServedZones, by policy: QueryPolicy
    ) -> (Responder.Outcome, (any MessageSource)?) {
        let query = LongQuery(
            UnsafeRawBufferPointer(rebasing: memory[..<length]), from: ClientAddress(client.address), over: .tcp, zones: zones,
            policy: policy)
        switch policy.answerLong?(query) {
        case .message(let octets, let answer, _) where octets.count <= memory.count:
            memory.copyBytes(from: octets)
            return (.answered(answer), nil)
        case .messages(let first, let source, let answer) where first.count <= memory.count:
            memory.copyBytes(from: first)
            return (.answered(answer), source)
        default: return (.silent, nil)
        }
    }

    /// A piece of a connection's stream has come in.
    func arrived() { arrivals &+= 1 }

    func opened(_ connection: TCPConnection) {
        arrivals &+= 1
        connections[ObjectIdentifier(connection)] = connection
        counters.accepted.add(1, ordering: .relaxed)
        counters.open.store(connections.count, ordering: .relaxed)
        peak = max(peak, connections.count)
        if connections.count > mostConnections {
            counters.evicted.add(1, ordering: .relaxed)
            connections.values.filter { $0 !== connection }.min { $0.lastQuery < $1.lastQuery }?.close()
        }
        if hasEnded != nil { connection.end() }
    }

    func closed(_ connection: TCPConnection) {
        connections[ObjectIdentifier(connection)] = nil
        counters.open.store(connections.count, ordering: .relaxed)
        if connections.isEmpty { hasEnded?.succeed() }
        giveMemoryBack()
    }

    /// Gives back what many connections have taken, which the allocator would keep without limit: tens of mebibytes where clients did not
    /// read. Only once most connections are gone, and again after the last: it takes milliseconds. The C function is `malloc_trim`.
    private func giveMemoryBack() {
        let isCrowdGone = peak >= Self.crowd && connections.count <= peak / Self.dispersal
        guard isCrowdGone || isRestLeft && connections.isEmpty else { return }
        isRestLeft = !connections.isEmpty
        peak = connections.count
        _ = malloc_trim(0)
    }

    /// Has every connection answer what has arrived, then close. `hasEnded` succeeds when none is left.
    func end(_ hasEnded: EventLoopPromise<Void>) {
        self.hasEnded = hasEnded
        if connections.isEmpty { return hasEnded.succeed() }
        for connection in connections.values { connection.end() }
    }

    /// Closes every connection at once.
    func closeAll() { for connection in connections.values { connection.close() } }
}

extension QueryRecorder {
    /// Records what became of the query that was kept last. `message`: where its response stands, if there is one.
    mutating func record(
        _ outcome: Responder.Outcome, _ message: UnsafeRawPointer, from client: UnsafeRawPointer, to local: UnsafeRawPointer
    ) {
        switch outcome {
        case .answered(let answer): record(answer.code.rawValue, message, length: answer.length, from: client, to: local)
        case .silent, .deferred, .long: record(nil, message, length: 0, from: client, to: local)
        }
    }
}
