import DNSAuthority
import Glibc
import QueryTap

/// What a UDP worker records of its queries.
struct DatagramRecord: ~Copyable {
    var recorder: QueryRecorder
    /// The socket address that packets are sent to. Where the socket takes packets for several, each packet's is written into it.
    private let local = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<sockaddr_in6>.size, alignment: 8)

    /// `ring`: where to; nil for nowhere. The caller keeps it. The C function is `getsockname`.
    init(_ ring: QueryRing?, _ socket: UDPSocket, longestResponse: Int) {
        recorder = QueryRecorder(ring, isStream: false, longestResponse: longestResponse)
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        local.initializeMemory(as: UInt8.self, repeating: 0, count: Int(length))
        _ = getsockname(socket.descriptor, local.assumingMemoryBound(to: sockaddr.self), &length)
    }

    deinit { local.deallocate() }

    /// Keeps a query whose response takes its place; whether `add` must follow.
    mutating func keep(_ index: Int, of batch: borrowing PacketBatch) -> Bool {
        guard let message = batch.slot(index).baseAddress else { return false }
        return recorder.keep(message, length: batch.length(index))
    }

    /// Adds what became of the query that was kept last.
    mutating func add(_ outcome: Responder.Outcome, _ index: Int, of batch: borrowing PacketBatch) {
        guard let message = batch.slot(index).baseAddress else { return }
        batch.copyDestination(of: index, to: local)
        recorder.record(outcome, message, from: batch.client(index), to: local)
    }
}
