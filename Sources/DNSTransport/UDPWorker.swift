import DNSAuthority
import Glibc
import Synchronization

/// One thread with one socket: takes in packets, answers them from the zones of the moment, sends the responses, batch by batch.
final class UDPWorker: Sendable {
    private let socket: UDPSocket
    private let slot: ZoneSlot
    private let isStopping = Atomic(false)

    /// Owns the socket from now on.
    init(_ socket: UDPSocket, _ slot: ZoneSlot) {
        self.socket = socket
        self.slot = slot
    }

    deinit { socket.close() }

    /// Has `work` answer what has arrived, then return.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        socket.wake()
    }

    /// Answers queries until `stop`; blocks its thread.
    func work() {
        var batch = PacketBatch(usesControl: socket.isWildcard)
        var reader = ZoneSlot.Reader(slot)
        var responder = Responder(seed: .random(in: 0 ... .max))
        while true {
            let isLast = isStopping.load(ordering: .acquiring)
            let count = batch.receive(from: socket.descriptor, flags: isLast ? Int32(MSG_DONTWAIT) : Int32(MSG_WAITFORONE))
            guard count > 0 else {
                // Nothing within the time limit, or an error of an earlier response: neither is a reason to stop serving.
                if isLast { return }
                continue
            }
            reader.refresh()
            answer(count, &batch, from: reader.zones, &responder)
            batch.send(to: socket.descriptor)
        }
    }

    private func answer(_ count: Int, _ batch: inout PacketBatch, from zones: ServedZones, _ responder: inout Responder) {
        for index in 0..<count {
            let length = responder.respond(in: batch.slot(index), queryLength: batch.length(index), over: .udp, from: zones)
            if length > 0 { batch.respond(index, length: length) }
        }
    }
}
