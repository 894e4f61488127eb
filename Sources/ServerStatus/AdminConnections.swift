import Logging
import NIOCore
import Synchronization

/// The connections of the admin endpoint: how many there may be, and how long a response may take.
final class AdminConnections: Sendable {
    private struct Connection {
        let channel: any Channel
        /// When its last request began or ended.
        var used = NIODeadline.now()
        /// Whether a response is under way.
        var isAnswered = false
        /// When a response must be over; nil while there is none under way, or for an endless one.
        var end: NIODeadline?
    }

    /// Connections at once: a further one closes the one without a request for longest.
    static let most = 100
    /// How long a response may take, and how often to look.
    private static let responseLimit: TimeAmount = .seconds(60)
    private static let interval: TimeAmount = .seconds(5)

    private let loop: any EventLoop
    private let connections = Mutex<[ObjectIdentifier: Connection]>([:])

    /// Looks on an event loop for responses that take too long, until the loop ends.
    init(loop: any EventLoop) {
        self.loop = loop
        loop.scheduleRepeatedTask(initialDelay: Self.interval, delay: Self.interval) { [weak self] _ in self?.closeSlowOnes() }
    }

    func add(_ channel: any Channel) {
        let oldest = connections.withLock { connections in
            connections[ObjectIdentifier(channel)] = Connection(channel: channel)
            guard connections.count > Self.most else { return nil as (any Channel)? }
            let others = connections.values.filter { $0.channel !== channel }
            return others.min { $0.isAnswered != $1.isAnswered ? $1.isAnswered : $0.used < $1.used }?.channel
        }
        if let oldest {
            remove(oldest)
            oldest.close(promise: nil)
        }
    }

    func remove(_ channel: any Channel) { _ = connections.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) } }

    /// A request has come.
    func begin(_ channel: any Channel) { use(channel, isAnswered: true, until: .now() + Self.responseLimit) }

    /// A response is over.
    func end(_ channel: any Channel) { use(channel, isAnswered: false, until: nil) }

    /// The response that is under way is endless.
    func stream(_ channel: any Channel) { use(channel, isAnswered: true, until: nil) }

    private func use(_ channel: any Channel, isAnswered: Bool, until end: NIODeadline?) {
        connections.withLock { connections in
            connections[ObjectIdentifier(channel)]?.used = .now()
            connections[ObjectIdentifier(channel)]?.isAnswered = isAnswered
            connections[ObjectIdentifier(channel)]?.end = end
        }
    }

    private func closeSlowOnes() {
        let now = NIODeadline.now()
        for channel in connections.withLock({ $0.values.filter { $0.end.map { $0 <= now } ?? false }.map(\.channel) }) {
            channel.close(promise: nil)
        }
    }

    /// Closes every connection after some time.
    func closeAll(in delay: TimeAmount) {
        loop.scheduleTask(in: delay) { [self] in
            for channel in connections.withLock({ $0.values.map(\.channel) }) { channel.close(promise: nil) }
        }
    }
}

/// Closes a connection whose client sends too much before it is answered.
final class RequestLimit: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Octets of requests: no route reads a body of more than 256 KiB.
    private static let most = 272 << 10
    /// Octets since something was sent last.
    private var octets = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        octets += unwrapInboundIn(data).readableBytes
        if octets > Self.most { context.close(promise: nil) } else { context.fireChannelRead(data) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        octets = 0
        context.write(data, promise: promise)
    }
}

/// A number of places for requests that take long, or keep much.
final class Places: Sendable {
    private let most: Int
    private let count = Atomic(0)

    /// One of the places. It is free again when it is let go of, as the body of a response to a client that has gone is never asked for.
    final class Place: Sendable {
        private let places: Places

        fileprivate init(_ places: Places) { self.places = places }

        deinit { places.count.subtract(1, ordering: .relaxed) }
    }

    init(_ most: Int) { self.most = most }

    /// How many are taken.
    var taken: Int { count.load(ordering: .relaxed) }

    /// A place; nil if all are taken.
    func take() -> Place? {
        guard count.add(1, ordering: .relaxed).newValue <= most else {
            count.subtract(1, ordering: .relaxed)
            return nil
        }
        return Place(self)
    }
}

/// Keeps the endpoint going when a connection cannot be accepted, for want of a descriptor.
final class AcceptFailures: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.warning("admin endpoint cannot accept a connection", metadata: ["reason": "\(error)"])
    }
}
