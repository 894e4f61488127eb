import CLinux
import DNSAuthority
import Glibc
import QueryTap
import Synchronization

/// One thread with one socket: takes in packets, answers them from the newest zones, sends the responses, batch by batch.
final class UDPWorker: Sendable {
    private let socket: UDPSocket
    private let slot: ZoneSlot
    private let numbers: ZoneNumbers
    /// What it has counted.
    let tally: Tally
    /// Most octets of a response.
    private let limit: Int
    /// Where queries are recorded; nil for nowhere.
    private let ring: QueryRing?
    /// How many responses clients have got.
    private let rates: RateTable
    /// Takes queries that other servers answer; nil if none does.
    private let forward: QueryForwarder?
    private let isStopping = Atomic(false)
    private let turns = Atomic<UInt64>(0)
    /// Queries whose responses other servers still owe.
    private let owed = Atomic(0)
    /// Held while a response that was deferred is sent: the number of a closed socket may already be another's.
    private let isClosed = Mutex(false)

    /// Batches that are answered after `stop` if clients go on asking: more than a socket's queue holds.
    private static let lastBatches = 256
    /// How long the socket waits for responses of other servers after `stop`.
    private static let longestDebt: Duration = .seconds(1)
    /// Rounds of work for which the clock is looked at once, besides those in which nothing has come for a second.
    private static let roundsOfOneClock: UInt64 = 32

    /// Owns the socket from now on. `limit`: most octets of a response.
    init(
        _ socket: UDPSocket, _ slot: ZoneSlot, _ tally: Tally, _ numbers: ZoneNumbers, limit: Int, ring: QueryRing?, rates: RateTable,
        forward: QueryForwarder?
    ) {
        self.forward = forward
        self.rates = rates
        self.socket = socket
        self.ring = ring
        self.numbers = numbers
        self.tally = tally
        self.limit = limit
        self.slot = slot
    }

    deinit {
        closeSocket()
        ring?.end()
    }

    /// Gives the port back as soon as `work` has returned, whatever else still refers to the worker.
    private func closeSocket() {
        isClosed.withLock { isClosed in
            if !isClosed { socket.close() }
            isClosed = true
        }
    }

    /// Whether the kernel queues fewer packets than it was asked to.
    var isShortOfBuffer: Bool { socket.isShortOfBuffer }
    /// How often `work` has begun to wait for packets: once a second or more, whatever comes in.
    var rounds: UInt64 { turns.load(ordering: .relaxed) }

    /// Has `work` answer what has arrived, then return.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        isClosed.withLock { isClosed in if !isClosed { socket.retire() } }
    }

    /// Answers queries until `stop`, then closes the socket once other servers have answered, too; blocks its thread. Once only.
    func work() {
        defer {
            let deadline = ContinuousClock.now + Self.longestDebt
            while owed.load(ordering: .acquiring) > 0, ContinuousClock.now < deadline { usleep(1000) }
            closeSocket()
        }
        // Queries may take whole processors: what follows the registry has shorter slices, and so goes first.
        set_thread_slice(0)
        var responder = Responder(seed: .random(in: 0 ... .max), over: .udp, udpLimit: limit, rateSeed: rates.seed)
        var batch = PacketBatch(usesControl: socket.isWildcard, capacity: responder.capacity)
        var reader = ZoneSlot.Reader(slot)
        var counts = TallyWriter(tally, numbers)
        var record = DatagramRecord(ring, socket, longestResponse: responder.capacity)
        var deferred: [DeferredQuery] = []
        var lastBatches = Self.lastBatches
        var round: UInt64 = 0
        defer { counts.count(responder.takeCookieCounts()) }
        while lastBatches > 0 {
            let isStopping = isStopping.load(ordering: .acquiring)
            turns.store(round, ordering: .relaxed)
            let count = batch.receive(from: socket.descriptor, flags: isStopping ? Int32(MSG_DONTWAIT) : Int32(MSG_WAITFORONE))
            // Also when nothing has come: otherwise an idle worker keeps old zones alive.
            if reader.refresh() { counts.prepare(for: reader.zones) }
            let isLimited = reader.policy.rateLimit != nil
            if count <= 0 || isLimited || round % Self.roundsOfOneClock == 0 { look(at: &responder, counts) }
            // None within the time limit, or an error of an earlier response: neither is a reason to stop serving.
            // What wakes the worker of a retired socket looks like an empty packet, and is none.
            let isWake = count == 1 && batch.length(0) == 0 && self.isStopping.load(ordering: .acquiring)
            if count > 0, !isWake {
                let beginning = counts.sampleBeginning(of: count)
                record.recorder.begin()
                if isLimited || record.recorder.isOn {
                    answer(count, &batch, from: reader, &responder, counts, &record, &deferred, isPlain: false)
                } else {
                    answer(count, &batch, from: reader, &responder, counts, &record, &deferred, isPlain: true)
                }
                batch.send(to: socket.descriptor)
                if !deferred.isEmpty { handOn(&deferred) }
                record.recorder.end()
                if let beginning { counts.sampleEnd(since: beginning) }
            }
            round &+= 1
            guard isStopping else { continue }
            lastBatches = count < PacketBatch.capacity ? 0 : lastBatches - 1
        }
    }

    /// What is done once in some rounds, as it would cost as much as a part of an answer: cookies, which are good for an hour, need no more.
    @inline(never)
    private func look(at responder: inout Responder, _ counts: borrowing TallyWriter) {
        responder.seconds = UInt32(truncatingIfNeeded: time(nil))
        counts.count(responder.takeCookieCounts())
    }

    /// `isPlain`: nothing is recorded and no client limited, which is known to the compiler where it holds.
    @inline(__always)
    private func answer(
        _ count: Int, _ batch: inout PacketBatch, from served: ZoneSlot.Reader, _ responder: inout Responder,
        _ counts: borrowing TallyWriter, _ record: inout DatagramRecord, _ deferred: inout [DeferredQuery],
        isPlain: Bool
    ) {
        let limit = isPlain ? nil : served.policy.rateLimit
        let isRecording = !isPlain && record.recorder.isOn
        for index in 0..<count {
            let length = batch.length(index)
            let isKept = isRecording && record.keep(index, of: batch)
            var outcome = responder.respond(
                in: batch.slot(index), queryLength: length, to: batch.client(index), from: served.zones, by: served.policy)
            var isVerified = false
            if case .long = outcome { (outcome, isVerified) = answerLong(index, length, of: batch, from: served) }
            if let limit, !isVerified { outcome = hold(outcome, to: limit, in: batch.slot(index), &responder, counts) }
            switch outcome {
            case .answered(let answer):
                batch.respond(index, length: answer.octets)
                counts.count(answer, queryLength: length)
            case .silent, .long:
                batch.respond(index, length: 0)
                counts.countSilent()
            case .deferred(let deferral):
                batch.respond(index, length: 0)
                deferred.append(copy(deferral, responder.cookieOption(for: deferral), index, of: batch))
            }
            if isKept { record.add(outcome, index, of: batch) }
        }
    }

    /// Writes the response of a `LongAnswerer` over its query, which over UDP has one message; whether the query's signature held.
    @inline(never)
    private func answerLong(
        _ index: Int, _ length: Int, of batch: borrowing PacketBatch, from served: ZoneSlot.Reader
    ) -> (Responder.Outcome, isVerified: Bool) {
        let slot = batch.slot(index)
        let query = LongQuery(
            UnsafeRawBufferPointer(rebasing: slot[..<length]), from: ClientAddress(batch.client(index)), over: .udp, zones: served.zones,
            policy: served.policy, udpLimit: limit)
        guard case .message(let octets, let answer, let isVerified)? = served.policy.answerLong?(query), octets.count <= slot.count else {
            return (.silent, false)
        }
        slot.copyBytes(from: octets)
        return (.answered(answer), isVerified)
    }

    /// What is sent in the place of a response: nothing, or one without records, if the client has got its share.
    @inline(never)
    private func hold(
        _ outcome: Responder.Outcome, to limit: RateLimit, in slot: UnsafeMutableRawBufferPointer, _ responder: inout Responder,
        _ counts: borrowing TallyWriter
    ) -> Responder.Outcome {
        guard case .answered(let answer) = outcome, let key = responder.rateKey,
            rates.isOver(limit.responses, key, at: responder.seconds)
        else { return outcome }
        let isCut = responder.isTurn(ofOneIn: limit.slip)
        counts.countOverLimit(isCut: isCut)
        if limit.isDryRun { return outcome }
        return isCut ? responder.cutShort(answer, in: slot) : .silent
    }

    /// A copy of a query that is deferred, after the batch knows that it has no response now.
    @inline(never)
    private func copy(_ deferral: Deferral, _ cookie: [UInt8], _ index: Int, of batch: borrowing PacketBatch) -> DeferredQuery {
        let way = batch.wayBack(of: index)
        owed.add(1, ordering: .relaxed)
        // Weak: where the server listens no more, nothing is kept for other servers' sake.
        return DeferredQuery(
            UnsafeRawBufferPointer(batch.slot(index)), deferral, from: ClientAddress(batch.client(index)), isIPv6: socket.isIPv6,
            cookie: cookie
        ) { [weak self] response in
            guard let self else { return }
            isClosed.withLock { isClosed in if !isClosed { way.send(response, through: socket.descriptor) } }
            owed.subtract(1, ordering: .releasing)
        }
    }

    private func handOn(_ deferred: inout [DeferredQuery]) {
        if let forward { forward(deferred) } else { for query in deferred { query.fail() } }
        deferred = []
    }
}
