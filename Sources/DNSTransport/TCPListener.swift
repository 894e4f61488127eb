import CLinux
import Glibc
import IPAddressing
import NIOCore
import NIOPosix
import QueryTap
import Synchronization

/// All TCP sockets of a server, on one event loop: TCP is the rare way, and one loop needs no locks.
final class TCPListener: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let service: NIOLoopBoundBox<TCPService>
    /// The sockets that listen, by the addresses and ports that they got.
    private let channels = Mutex<[SocketEndpoint: any Channel]>([:])

    /// Octets that the kernel is asked to keep for a client who does not read: room for two of the longest responses. Left to itself it keeps
    /// megabytes, which a client can have filled with few octets of queries.
    private static let sendBuffer: ChannelOptions.Types.SocketOption.Value = 128 << 10
    /// Octets that are read from a client at once: hundreds of queries, and little enough to keep for each of 1024 clients.
    private static let readSize = 16 << 10
    /// How long nothing must come in for all that was sent before to have been taken in, and how often to look.
    private static let quiet: TimeAmount = .milliseconds(20)
    private static let looks = 50
    /// Connections that may wait to be accepted.
    private static let backlog: ChannelOptions.Types.BacklogOption.Value = 1024

    /// `mostConnections`: how many there may be at once. `ring`: where queries are recorded, `forward`: what takes those that other
    /// servers answer; nil for nowhere.
    init(
        _ slot: ZoneSlot, _ counters: TCPCounters, mostConnections: Int, ring: QueryRing?, forward: QueryForwarder?,
        longestTransfer: Duration?
    ) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        loop = group.next()
        loop.execute { set_thread_slice(0) }
        let shared = TCPService(
            slot, counters, mostConnections: mostConnections, ring: ring, forward: forward,
            longestTransfer: longestTransfer.map { TimeAmount($0) } ?? TCPConnection.longestTransfer)
        service = .makeBoxSendingValue(shared, eventLoop: loop)
    }

    /// Listens at one more address, with the supervisor's socket if it has one; with the port that it got.
    func listen(_ endpoint: SocketEndpoint, inherited: Int32? = nil) async throws(ListenError) -> SocketEndpoint {
        let address = try IPAddressing.SocketAddress(listening: endpoint)
        do {
            let channel: any Channel
            if let inherited {
                let descriptor = fcntl(inherited, F_DUPFD_CLOEXEC, 0)
                guard descriptor >= 0 else { throw ListenError(endpoint, errno) }
                channel = try await accepting().withBoundSocket(descriptor).get()
            } else {
                channel = try await bootstrap(for: address.family).bind(to: address.forNIO).get()
            }
            let port = UInt16(clamping: channel.localAddress?.port ?? 0)
            let own = SocketEndpoint(address: endpoint.address, port: port, scope: endpoint.scope)
            channels.withLock { $0[own] = channel }
            return own
        } catch let error as ListenError {
            throw error
        } catch {
            throw ListenError(endpoint, (error as? IOError)?.errnoCode ?? EINVAL)
        }
    }

    /// Takes no more connections at an address where it listens; those that it has accepted go on. One that it has not is reset: see
    /// `takeLastArrivals`.
    func stopListening(at endpoint: SocketEndpoint) async {
        let channel = channels.withLock { $0.removeValue(forKey: endpoint) }
        try? await channel?.close().get()
    }

    /// Returns once the event loop has done all that was due at the call.
    func goRound() async { try? await loop.submit {}.get() }

    private func bootstrap(for family: Int32) -> ServerBootstrap {
        let freeBinding = FreeBinding(of: family)
        let bootstrap = accepting()
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.socketOption(NIOBSDSocket.Option(rawValue: SO_REUSEPORT)), value: 1)
            .serverChannelOption(
                ChannelOptions.Types.SocketOption(
                    level: NIOBSDSocket.OptionLevel(rawValue: freeBinding.level), name: NIOBSDSocket.Option(rawValue: freeBinding.name)),
                value: 1
            )
        guard family == AF_INET6 else { return bootstrap }
        return bootstrap.serverChannelOption(ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1)
    }

    /// What every socket that listens has for the connections that it accepts.
    private func accepting() -> ServerBootstrap {
        let service = self.service
        return ServerBootstrap(group: loop)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AcceptPause()) }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_sndbuf), value: Self.sendBuffer)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readSize))
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(TCPConnection(service.value))
                }
            }
    }

    /// Takes in what has arrived, has every connection answer it, and waits for them, but not longer than `limit`.
    func end(within limit: Duration) async {
        await takeLastArrivals()
        for endpoint in channels.withLock({ Array($0.keys) }) { await stopListening(at: endpoint) }
        let service = self.service
        let hasEnded = loop.makePromise(of: Void.self)
        loop.execute { service.value.end(hasEnded) }
        let alarm = Task {
            try await Task.sleep(for: limit)
            loop.execute { service.value.closeAll() }
        }
        try? await hasEnded.futureResult.get()
        alarm.cancel()
        try? await group.shutdownGracefully()
    }

    /// Goes on as before while something comes in: connections that the kernel has accepted, and octets that it keeps for us, would be lost
    /// with their sockets. The loop looks at all sockets between two of its tasks.
    func takeLastArrivals() async {
        let service = self.service
        var known: Int?
        for _ in 0..<Self.looks {
            let arrivals = try? await loop.scheduleTask(in: Self.quiet) { service.value.arrivals }.futureResult.get()
            if arrivals == known { return }
            known = arrivals
        }
    }
}

/// Has a socket that listens rest when the process can have no more descriptors: the kernel goes on saying that a connection waits, and
/// SwiftNIO would try to accept it without end.
private final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let length = TimeAmount.milliseconds(100)

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let channel = context.channel
        // Not by a handler of `read`: the read that failed is still under way.
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        channel.eventLoop.scheduleTask(in: Self.length) { try? channel.syncOptions?.setOption(.autoRead, value: true) }
        context.fireErrorCaught(error)
    }
}

extension IPAddressing.SocketAddress {
    /// The same for SwiftNIO.
    fileprivate var forNIO: NIOCore.SocketAddress {
        withPointer { pointer, _ in
            let octets = UnsafeRawPointer(pointer)
            return family == AF_INET
                ? NIOCore.SocketAddress(octets.loadUnaligned(as: sockaddr_in.self))
                : NIOCore.SocketAddress(octets.loadUnaligned(as: sockaddr_in6.self))
        }
    }
}
