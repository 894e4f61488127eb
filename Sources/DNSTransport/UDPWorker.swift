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
    private let isStopping = Atomic(false)
    private let turns = Atomic<UInt64>(0)
    private let isClosed = Atomic(false)

    /// Batches that are answered after `stop` if clients go on asking: more than a socket's queue holds.
    private static let lastBatches = 256

    /// Owns the socket from now on. `limit`: most octets of a response.
    init(_ socket: UDPSocket, _ slot: ZoneSlot, _ tally: Tally, _ numbers: ZoneNumbers, limit: Int, ring: QueryRing?) {
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
    private func closeSocket() { if !isClosed.exchange(true, ordering: .acquiringAndReleasing) { socket.close() } }

    /// Whether the kernel queues fewer packets than it was asked to.
    var isShortOfBuffer: Bool { socket.isShortOfBuffer }
    /// How often `work` has begun to wait for packets: once a second or more, whatever comes in.
    var rounds: UInt64 { turns.load(ordering: .relaxed) }

    /// Has `work` answer what has arrived, then return.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        socket.retire()
    }

    /// Answers queries until `stop`, then closes the socket; blocks its thread. Once only.
    func work() {
        defer { closeSocket() }
        // Queries may take whole processors: what follows the registry has shorter slices, and so goes first.
        set_thread_slice(0)
        var responder = Responder(seed: .random(in: 0 ... .max), over: .udp, udpLimit: limit)
        var batch = PacketBatch(usesControl: socket.isWildcard, capacity: responder.capacity)
        var reader = ZoneSlot.Reader(slot)
        var counts = TallyWriter(tally, numbers)
        var record = DatagramRecord(ring, socket, longestResponse: responder.capacity)
        var lastBatches = Self.lastBatches
        while lastBatches > 0 {
            let isStopping = isStopping.load(ordering: .acquiring)
            // Written by this thread alone.
            turns.store(turns.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
            let count = batch.receive(from: socket.descriptor, flags: isStopping ? Int32(MSG_DONTWAIT) : Int32(MSG_WAITFORONE))
            // Also when nothing has come: otherwise an idle worker keeps old zones alive.
            if reader.refresh() { counts.prepare(for: reader.zones) }
            // None within the time limit, or an error of an earlier response: neither is a reason to stop serving.
            // What wakes the worker of a retired socket looks like an empty packet, and is none.
            let isWake = count == 1 && batch.length(0) == 0 && self.isStopping.load(ordering: .acquiring)
            if count > 0, !isWake {
                let beginning = counts.sampleBeginning(of: count)
                record.recorder.begin()
                answer(count, &batch, from: reader, &responder, counts, &record)
                batch.send(to: socket.descriptor)
                record.recorder.end()
                if let beginning { counts.sampleEnd(since: beginning) }
            }
            guard isStopping else { continue }
            lastBatches = count < PacketBatch.capacity ? 0 : lastBatches - 1
        }
    }

    private func answer(
        _ count: Int, _ batch: inout PacketBatch, from served: ZoneSlot.Reader, _ responder: inout Responder,
        _ counts: borrowing TallyWriter, _ record: inout DatagramRecord
    ) {
        for index in 0..<count {
            let length = batch.length(index)
            let isKept = record.recorder.isOn && record.keep(index, of: batch)
            let outcome = responder.respond(
                in: batch.slot(index), queryLength: length, to: batch.client(index), from: served.zones, by: served.policy)
            switch outcome {
            case .answered(let answer):
                batch.respond(index, length: answer.octets)
                counts.count(answer, queryLength: length)
            case .silent:
                batch.respond(index, length: 0)
                counts.countSilent()
            }
            if isKept { record.add(outcome, index, of: batch) }
        }
    }
}
