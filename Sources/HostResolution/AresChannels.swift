import CAres
import Glibc
import IPAddressing

/// The sole owner of two c-ares channels: one that asks for names as they are, one that also tries the system's search domains, for names
/// without a dot. For one thread only.
final class AresChannels {
    typealias Lookup = ResolutionSchedule.Lookup
    typealias Outcome = ResolutionSchedule.Outcome

    /// A look-up under way; C hands it back to the callback, which c-ares calls exactly once.
    fileprivate final class Request {
        unowned let channels: AresChannels
        let lookup: Lookup
        /// Whether c-ares answers before it has asked anybody: from the hosts file.
        var isImmediate = true

        init(_ channels: AresChannels, _ lookup: Lookup) {
            self.channels = channels
            self.lookup = lookup
        }
    }

    /// Milliseconds that c-ares waits for a first response, and how often it asks each server.
    private static let timeout: Int32 = 2000
    private static let tries: Int32 = 2
    /// Seconds until the hosts file, which has no TTLs, is looked at again.
    private static let hostsFileTTL = 10

    private var absolute: ares_channel?
    private var searching: ares_channel?
    /// What each socket of c-ares waits for, as `poll` takes it.
    private var sockets: [Int32: Int16] = [:]
    private var finished: [(Lookup, Outcome)] = []
    private let servers: [SocketEndpoint]

    /// Nil if c-ares cannot be set up. The C functions are `ares_library_init` and `ares_init_options`.
    init?(servers: [SocketEndpoint]) {
        self.servers = servers
        guard ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS else { return nil }
        open()
        guard absolute != nil, searching != nil else {
            close()
            return nil
        }
    }

    private func open() {
        absolute = open(searchesDomains: false)
        searching = open(searchesDomains: true)
    }

    /// Begins anew with the system's configuration as it is now; what is under way fails.
    func reopen() {
        destroy()
        open()
    }

    private func destroy() {
        for channel in [absolute, searching].compactMap(\.self) { ares_destroy(channel) }
        (absolute, searching) = (nil, nil)
    }

    private func open(searchesDomains: Bool) -> ares_channel? {
        var options = ares_options()
        options.timeout = Self.timeout
        options.tries = Self.tries
        options.sock_state_cb = noteSocket
        options.sock_state_cb_data = Unmanaged.passUnretained(self).toOpaque()
        options.ndomains = 0
        let mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | (searchesDomains ? 0 : ARES_OPT_DOMAINS)
        var channel: ares_channel?
        guard ares_init_options(&channel, &options, mask) == ARES_SUCCESS, let channel else { return nil }
        if !servers.isEmpty {
            let list = servers.map(\.text).joined(separator: ",")
            guard ares_set_servers_ports_csv(channel, list) == ARES_SUCCESS else {
                ares_destroy(channel)
                return nil
            }
        }
        return channel
    }

    /// Ends what is under way. The C function is `ares_destroy`.
    func close() {
        destroy()
        ares_library_cleanup()
    }
}

// MARK: Look-ups

extension AresChannels {
    /// Begins a look-up; its outcome may be there at once. The C function is `ares_getaddrinfo`.
    func begin(_ lookup: Lookup) {
        if let loopback = Self.loopback(lookup) {
            return finished.append((lookup, .addresses([loopback], ttl: ResolutionSchedule.ttlRange.upperBound)))
        }
        guard let channel = lookup.host.contains(".") ? absolute : searching else { return finished.append((lookup, .failed)) }
        var hints = ares_addrinfo_hints()
        hints.ai_family = lookup.family == .ipv4 ? AF_INET : AF_INET6
        hints.ai_flags = ARES_AI_NOSORT
        let request = Request(self, lookup)
        ares_getaddrinfo(channel, lookup.host, nil, &hints, noteAnswer, Unmanaged.passRetained(request).toOpaque())
        request.isImmediate = false
    }

    /// `localhost` and what lies below it is never asked for (RFC 6761 §6.3).
    private static func loopback(_ lookup: Lookup) -> IPAddress? {
        guard lookup.host == "localhost" || lookup.host.hasSuffix(".localhost") else { return nil }
        return lookup.family == .ipv4 ? .v4(IPv4Address(value: 0x7F00_0001)) : .v6(IPv6Address(value: 1))
    }

    /// What has come back since it was last taken.
    func takeFinished() -> [(Lookup, Outcome)] {
        defer { finished = [] }
        return finished
    }

    fileprivate func note(_ status: Int32, _ result: UnsafeMutablePointer<ares_addrinfo>?, _ request: Request) {
        defer { if let result { ares_freeaddrinfo(result) } }
        var outcome = Self.outcome(status, result)
        if request.isImmediate, case .addresses(let addresses, _) = outcome { outcome = .addresses(addresses, ttl: Self.hostsFileTTL) }
        finished.append((request.lookup, outcome))
    }

    private static func outcome(_ status: Int32, _ result: UnsafeMutablePointer<ares_addrinfo>?) -> Outcome {
        switch status {
        case ARES_SUCCESS: break
        case ARES_ENODATA, ARES_ENOTFOUND, ARES_EBADNAME: return .none
        default: return .failed
        }
        var addresses: Set<IPAddress> = []
        var ttl = ResolutionSchedule.ttlRange.upperBound
        // An alias may be moved sooner than the addresses behind it.
        var alias = result?.pointee.cnames
        while let node = alias?.pointee {
            ttl = min(ttl, Int(node.ttl))
            alias = node.next
        }
        var next = result?.pointee.nodes
        while let node = next?.pointee {
            if let address = address(of: node) {
                addresses.insert(address)
                ttl = min(ttl, Int(node.ai_ttl))
            }
            next = node.ai_next
        }
        return addresses.isEmpty ? .none : .addresses(Array(addresses), ttl: ttl)
    }

    private static func address(of node: ares_addrinfo_node) -> IPAddress? {
        guard let pointer = UnsafeRawPointer(node.ai_addr) else { return nil }
        switch node.ai_family {
        case AF_INET where Int(node.ai_addrlen) >= MemoryLayout<sockaddr_in>.size:
            return .v4(IPv4Address(value: UInt32(bigEndian: pointer.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr)))
        case AF_INET6 where Int(node.ai_addrlen) >= MemoryLayout<sockaddr_in6>.size:
            let octets = pointer.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return .v6(IPv6Address(value: withUnsafeBytes(of: octets) { $0.reduce(0) { $0 << 8 | UInt128($1) } }))
        default: return nil
        }
    }
}

// MARK: Sockets

extension AresChannels {
    /// Most milliseconds to wait at once.
    private static let longestWait: Int64 = 60_000

    /// Waits until a socket or `wake` is ready, something of c-ares' own times out, or an instant, and has c-ares do what it can.
    func wait(for wake: Int32, until deadline: ContinuousClock.Instant?) {
        var polled = sockets.map { pollfd(fd: $0.key, events: $0.value, revents: 0) }
        polled.append(pollfd(fd: wake, events: Int16(POLLIN), revents: 0))
        let ready = poll(&polled, nfds_t(polled.count), timeout(until: deadline))
        if ready <= 0 { return process(ARES_SOCKET_BAD, ARES_SOCKET_BAD) }
        for socket in polled.dropLast() where socket.revents != 0 {
            let isReadable = socket.revents & Int16(POLLIN | POLLERR | POLLHUP) != 0
            let isWritable = socket.revents & Int16(POLLOUT) != 0
            process(isReadable ? socket.fd : ARES_SOCKET_BAD, isWritable ? socket.fd : ARES_SOCKET_BAD)
        }
        process(ARES_SOCKET_BAD, ARES_SOCKET_BAD)
    }

    private func process(_ readable: Int32, _ writable: Int32) {
        for channel in [absolute, searching].compactMap(\.self) { ares_process_fd(channel, readable, writable) }
    }

    private func timeout(until deadline: ContinuousClock.Instant?) -> Int32 {
        var milliseconds = Self.longestWait
        if let deadline {
            let rest = ContinuousClock.now.duration(to: deadline).components
            milliseconds = min(milliseconds, max(0, rest.seconds * 1000 + rest.attoseconds / 1_000_000_000_000_000 + 1))
        }
        for channel in [absolute, searching].compactMap(\.self) {
            var own = timeval()
            if ares_timeout(channel, nil, &own) != nil {
                milliseconds = min(milliseconds, Int64(own.tv_sec) * 1000 + Int64(own.tv_usec) / 1000 + 1)
            }
        }
        return Int32(clamping: milliseconds)
    }

    fileprivate func note(_ socket: Int32, isReading: Bool, isWriting: Bool) {
        let events = (isReading ? Int16(POLLIN) : 0) | (isWriting ? Int16(POLLOUT) : 0)
        sockets[socket] = events == 0 ? nil : events
    }
}

/// The C type is `ares_sock_state_cb`.
private func noteSocket(_ context: UnsafeMutableRawPointer?, _ socket: ares_socket_t, _ isReading: Int32, _ isWriting: Int32) {
    guard let context else { return }
    Unmanaged<AresChannels>.fromOpaque(context).takeUnretainedValue().note(socket, isReading: isReading != 0, isWriting: isWriting != 0)
}

/// The C type is `ares_addrinfo_callback`.
private func noteAnswer(
    _ context: UnsafeMutableRawPointer?, _ status: Int32, _ timeouts: Int32, _ result: UnsafeMutablePointer<ares_addrinfo>?
) {
    guard let context else { return }
    let request = Unmanaged<AresChannels.Request>.fromOpaque(context).takeRetainedValue()
    request.channels.note(status, result, request)
}
