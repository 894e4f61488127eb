import CLinux
import Glibc
import IPAddressing

/// The sockets of queries to other servers, watched by one `epoll`. The C functions are those of `epoll`.
///
/// A socket that has brought its response serves again, as a new one costs as much as the query. Which one serves next is drawn from many, and
/// none does for long, so that its port is as hard to guess as a new one's (RFC 5452 §4.5).
final class SocketPool {
    private struct Slot {
        var socket: UpstreamSocket
        let endpoint: SocketEndpoint
        let opened: Moment
        /// The query that it has been sent; nil while it waits for one.
        var query: UInt64?
    }

    typealias Moment = ContinuousClock.Instant

    private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    private let mostIdle: Int
    /// What is taken from the kernel at once.
    private var events = [epoll_event](repeating: epoll_event(), count: 128)
    private var slots: [Slot?] = []
    private var free: [Int] = []
    /// Where each query's socket stands.
    private var places: [UInt64: Int] = [:]
    /// Those that wait for a query, by their servers.
    private var idle: [SocketEndpoint: [Int]] = [:]
    private var idleCount = 0
    private var nextSweep: Moment?

    /// How many must wait for one of them to be drawn.
    private static let leastChoice = 64
    /// How long a socket may serve.
    private static let lifetime = Duration.seconds(2)

    /// `mostIdle`: how many sockets may wait at once.
    init(mostIdle: Int) { self.mostIdle = mostIdle }

    deinit {
        for case let slot? in slots { slot.socket.close() }
        close(epoll)
    }

    /// When `sweep` has something to do; nil for never.
    var nextDeadline: Moment? { nextSweep }

    /// Watches a descriptor that is none of a query's.
    func watch(_ descriptor: Int32) { watch(descriptor, 0, EPOLLIN, EPOLL_CTL_ADD) }

    private func watch(_ descriptor: Int32, _ mark: Int, _ events: EPOLL_EVENTS, _ operation: Int32) {
        var event = epoll_event()
        event.events = events.rawValue
        event.data.u64 = UInt64(mark)
        epoll_ctl(epoll, operation, descriptor, &event)
    }

    /// Waits for so many milliseconds, -1 for no limit, or until there is something to be received; gives the queries whose sockets have it.
    func wait(_ milliseconds: Int32) -> [UInt64] {
        let count = max(0, Int(epoll_wait(epoll, &events, Int32(events.count), milliseconds)))
        return events.prefix(count).compactMap { event in
            let place = Int(event.data.u64) - 1
            guard place >= 0, let slot = slots[place] else { return nil }
            // Nothing is to come to a socket that waits.
            if slot.query == nil { drop(place) }
            return slot.query
        }
    }

    /// Sends a query.
    func send(
        _ query: UInt64, to endpoint: SocketEndpoint, _ message: [UInt8], isStream: Bool, at now: Moment
    ) throws(UpstreamSocket.Failure) {
        if !isStream, let place = draw(endpoint, at: now) {
            if slots[place]?.socket.send(message) == true {
                slots[place]?.query = query
                places[query] = place
                return
            }
            discard(place)
        }
        let socket = try UpstreamSocket(endpoint, message, isStream: isStream)
        let slot = Slot(socket: socket, endpoint: endpoint, opened: now, query: query)
        let place = free.popLast() ?? slots.count
        if place < slots.count { slots[place] = slot } else { slots.append(slot) }
        places[query] = place
        watch(socket.descriptor, place + 1, isStream ? EPOLLOUT : EPOLLIN, EPOLL_CTL_ADD)
    }

    /// Sends and receives what can be for a query; `memory`: room for the longest message.
    func proceed(_ query: UInt64, _ memory: UnsafeMutableRawBufferPointer) -> UpstreamSocket.News {
        guard let place = places[query], let wasSending = slots[place]?.socket.isSending else { return .none }
        let news = slots[place]?.socket.proceed(memory) ?? .none
        if wasSending, let socket = slots[place]?.socket, !socket.isSending { watch(socket.descriptor, place + 1, EPOLLIN, EPOLL_CTL_MOD) }
        return news
    }

    /// Has no more to do with a query; `hasServed`: its socket has brought the response, and may serve again.
    func end(_ query: UInt64, hasServed: Bool, at now: Moment) {
        guard let place = places.removeValue(forKey: query), let slot = slots[place] else { return }
        slots[place]?.query = nil
        guard hasServed, !slot.socket.isStream, idleCount < mostIdle, now - slot.opened < Self.lifetime else { return discard(place) }
        idle[slot.endpoint, default: []].append(place)
        idleCount += 1
        if nextSweep == nil { nextSweep = now + Self.lifetime }
    }

    /// Closes the sockets that have waited for too long.
    func sweep(at now: Moment) {
        guard let due = nextSweep, due <= now else { return }
        for place in idle.values.flatMap(\.self) {
            if let slot = slots[place], now - slot.opened >= Self.lifetime { drop(place) }
        }
        nextSweep = idleCount > 0 ? now + Self.lifetime : nil
    }

    /// Takes one of many that wait for a query to a server; nil if there are few.
    private func draw(_ endpoint: SocketEndpoint, at now: Moment) -> Int? {
        while let count = idle[endpoint]?.count, count >= Self.leastChoice {
            idleCount -= 1
            idle[endpoint]?.swapAt(Int.random(in: 0..<count), count - 1)
            guard let place = idle[endpoint]?.popLast(), let opened = slots[place]?.opened else { return nil }
            if now - opened < Self.lifetime { return place }
            discard(place)
        }
        return nil
    }

    /// Closes a socket that waits.
    private func drop(_ place: Int) {
        guard let endpoint = slots[place]?.endpoint, let index = idle[endpoint]?.firstIndex(of: place) else { return }
        idle[endpoint]?.remove(at: index)
        if idle[endpoint]?.isEmpty == true { idle[endpoint] = nil }
        idleCount -= 1
        discard(place)
    }

    private func discard(_ place: Int) {
        slots[place]?.socket.close()
        slots[place] = nil
        free.append(place)
    }
}
