import CAres
import Glibc
import IPAddressing

/// One question to one name server, on a c-ares channel of its own: a source port and query ID that no other question shares, and nothing that
/// another one could hang on. For one thread only.
final class Exchange {
    /// The host that is asked for.
    struct Key: Hashable {
        let host: String
        let family: Family
    }

    let key: Key
    let server: SocketEndpoint
    /// When the name server counts as silent.
    let deadline: ContinuousClock.Instant
    /// What each socket of c-ares waits for, as `poll` takes it.
    private(set) var sockets: [(descriptor: Int32, events: Int16)] = []
    /// What the name server has sent.
    private(set) var result: Result?
    private var channel: ares_channel?

    /// How an exchange ends.
    enum Result {
        /// The response's octets.
        case response([UInt8])
        /// No response has come.
        case failed(Reply.Failure)
        /// c-ares asks for no names below onion (RFC 7686 §2).
        case noName
    }

    /// Milliseconds after which c-ares itself would give up: `deadline` comes before.
    private static let longestTimeout: Int32 = 600_000

    /// Sends the question; a result may be there at once. The C functions are `ares_init_options` and `ares_query`.
    init(_ question: HostLookup.Question, _ key: Key, overTCP: Bool, deadline: ContinuousClock.Instant) {
        self.key = key
        self.deadline = deadline
        server = question.server
        guard let channel = open(overTCP: overTCP) else {
            result = .failed(.unreachable)
            return
        }
        self.channel = channel
        let type: Int32 = key.family == .ipv4 ? 1 : 28
        ares_query(channel, question.name.text, 1, type, noteResponse, Unmanaged.passRetained(self).toOpaque())
    }

    /// With every option that c-ares would read from files otherwise.
    private func open(overTCP: Bool) -> ares_channel? {
        var options = ares_options()
        // SERVFAIL and its like come back as they are, so that `HostLookup` sees the difference.
        options.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | (overTCP ? ARES_FLAG_USEVC : 0)
        options.timeout = Self.longestTimeout
        options.tries = 1
        options.ndots = 1
        options.sock_state_cb = noteSocket
        options.sock_state_cb_data = Unmanaged.passUnretained(self).toOpaque()
        let mask =
            ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_SERVERS
            | ARES_OPT_DOMAINS | ARES_OPT_SORTLIST | ARES_OPT_LOOKUPS | ARES_OPT_NOROTATE
        var channel: ares_channel?
        let code = "b".withCString { lookups in
            options.lookups = UnsafeMutablePointer(mutating: lookups)
            return ares_init_options(&channel, &options, mask)
        }
        guard code == ARES_SUCCESS, let channel else { return nil }
        guard ares_set_servers_ports_csv(channel, server.text) == ARES_SUCCESS else {
            ares_destroy(channel)
            return nil
        }
        return channel
    }

    /// Has c-ares do what it can with its sockets. The C function is `ares_process_fd`.
    func process(_ descriptor: Int32, _ events: Int16) {
        guard let channel, result == nil else { return }
        let isReadable = events & Int16(POLLIN | POLLERR | POLLHUP) != 0
        let isWritable = events & Int16(POLLOUT) != 0
        ares_process_fd(channel, isReadable ? descriptor : ARES_SOCKET_BAD, isWritable ? descriptor : ARES_SOCKET_BAD)
    }

    /// Ends the exchange, with or without a result; must be called before its last reference goes. The C function is `ares_destroy`.
    func close() {
        guard let channel else { return }
        self.channel = nil
        ares_destroy(channel)
    }

    fileprivate func note(_ status: Int32, _ response: UnsafeBufferPointer<UInt8>) {
        guard result == nil, channel != nil || status != ARES_EDESTRUCTION else { return }
        switch status {
        case _ where !response.isEmpty: result = .response(Array(response))
        case ARES_ENOTFOUND, ARES_EBADNAME: result = .noName
        case ARES_ETIMEOUT: result = .failed(.silent)
        default: result = .failed(.unreachable)
        }
    }

    fileprivate func note(_ socket: Int32, isReading: Bool, isWriting: Bool) {
        sockets.removeAll { $0.descriptor == socket }
        let events = (isReading ? Int16(POLLIN) : 0) | (isWriting ? Int16(POLLOUT) : 0)
        if events != 0 { sockets.append((socket, events)) }
    }
}

/// The C type is `ares_sock_state_cb`.
private func noteSocket(_ context: UnsafeMutableRawPointer?, _ socket: ares_socket_t, _ isReading: Int32, _ isWriting: Int32) {
    guard let context else { return }
    Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue().note(socket, isReading: isReading != 0, isWriting: isWriting != 0)
}

/// The C type is `ares_callback`; c-ares calls it exactly once.
private func noteResponse(
    _ context: UnsafeMutableRawPointer?, _ status: Int32, _ timeouts: Int32, _ octets: UnsafeMutablePointer<UInt8>?, _ count: Int32
) {
    guard let context else { return }
    let exchange = Unmanaged<Exchange>.fromOpaque(context).takeRetainedValue()
    exchange.note(status, UnsafeBufferPointer(start: octets, count: octets == nil ? 0 : max(0, Int(count))))
}
