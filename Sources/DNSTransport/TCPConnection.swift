import DNSAuthority
import Glibc
import NIOCore

/// One client's stream: queries behind their lengths come in, responses go out in the same order, those of other servers when they come
/// (RFC 7766 §6.2.1).
///
/// A client that does not read its responses is not read from either; one that completes no query for ten seconds is closed.
final class TCPConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a connection may be without a query (RFC 7766 §6.2.3).
    static let idleLimit: TimeAmount = .seconds(10)
    /// Octets of the length before each message (RFC 1035 §4.2.2).
    private static let prefixLength = 2
    /// Messages that are answered in one turn of the loop, which all connections share.
    private static let messagesPerTurn = 64

    private let service: TCPService
    private let client = Client()
    private var context: ChannelHandlerContext?
    /// What has come and is not answered yet: at most one message that is cut short while responses are taken.
    private var received = ByteBuffer()
    private var isReadPending = false
    /// Answered enough for one turn of the loop.
    private var isResting = false
    /// The client, or the server, will send no more: what is there is answered, then the connection closed.
    private var isEnding = false
    /// Queries that other servers are asked for.
    private var deferred = 0
    private(set) var lastQuery: NIODeadline = .now()
    private var alarm: Scheduled<Void>?

    init(_ service: TCPService) { self.service = service }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        lastQuery = .now()
        client.set(context.remoteAddress, local: context.localAddress)
        service.opened(self)
        watchIdleness(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        alarm?.cancel()
        service.closed(self)
        self.context = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Closes at once.
    func close() { context?.close(promise: nil) }

    /// Answers what has arrived, then closes.
    func end() {
        isEnding = true
        if let context { answer(context) }
    }
}

// MARK: Queries

extension TCPConnection {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var octets = unwrapInboundIn(data)
        received.writeBuffer(&octets)
        service.arrived()
        answer(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { end() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        goOn(context)
        context.fireChannelWritabilityChanged()
    }

    func read(context: ChannelHandlerContext) {
        if mayRead(context) { context.read() } else { isReadPending = true }
    }

    /// Whether to read: not from a client that does not read its responses, or has sent more than its share.
    private func mayRead(_ context: ChannelHandlerContext) -> Bool { context.channel.isWritable && !isResting }

    /// Answers what has been waiting, and reads again.
    private func goOn(_ context: ChannelHandlerContext) {
        if context.channel.isWritable { answer(context) }
        if isReadPending, mayRead(context) {
            isReadPending = false
            context.read()
        }
    }

    /// Answers whole messages as long as the client takes the responses; after some, others have their turn.
    private func answer(_ context: ChannelHandlerContext) {
        guard !isResting else { return }
        var count = 0
        while count < Self.messagesPerTurn, context.channel.isWritable, let query = nextMessage() {
            count += 1
            let response = service.respond(to: query, of: client, context.channel.allocator) { deferReply(context) }
            guard let response else { continue }
            lastQuery = .now()
            context.write(wrapOutboundOut(response), promise: nil)
        }
        received.discardReadBytes()
        if count == Self.messagesPerTurn { rest(context) }
        if count > 0 { context.flush() }
        guard isEnding, !isResting, deferred == 0, context.channel.isWritable else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    /// Expects the response to a query from elsewhere; what sends it, from any thread.
    private func deferReply(_ context: ChannelHandlerContext) -> DeferredQuery.Reply {
        deferred += 1
        lastQuery = .now()
        let (loop, connection) = (context.eventLoop, NIOLoopBound(self, eventLoop: context.eventLoop))
        return { response in
            let response = Array(response)
            loop.execute { connection.value.send(response) }
        }
    }

    /// Sends a response that has come from elsewhere, unless the connection has closed meanwhile.
    private func send(_ response: [UInt8]) {
        deferred -= 1
        guard let context else { return }
        lastQuery = .now()
        var buffer = context.channel.allocator.buffer(capacity: Self.prefixLength + response.count)
        buffer.writeInteger(UInt16(clamping: response.count))
        buffer.writeBytes(response)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        if isEnding { answer(context) }
    }

    /// Goes on when all other connections have had their turn of the loop.
    private func rest(_ context: ChannelHandlerContext) {
        isResting = true
        context.eventLoop.assumeIsolated().execute { [weak self] in
            guard let self, let context = self.context else { return }
            self.isResting = false
            self.goOn(context)
        }
    }

    /// The next whole message; nil if it is not there yet.
    private func nextMessage() -> ByteBuffer? {
        guard let length: UInt16 = received.getInteger(at: received.readerIndex),
            received.readableBytes >= Self.prefixLength + Int(length)
        else { return nil }
        received.moveReaderIndex(forwardBy: Self.prefixLength)
        return received.readSlice(length: Int(length))
    }
}

// MARK: Idleness

extension TCPConnection {
    private func watchIdleness(_ context: ChannelHandlerContext) {
        alarm = context.eventLoop.assumeIsolated().scheduleTask(deadline: lastQuery + Self.idleLimit) { [weak self] in
            guard let self, let context = self.context else { return }
            if self.lastQuery + Self.idleLimit <= .now() { context.close(promise: nil) } else { self.watchIdleness(context) }
        }
    }
}

extension TCPConnection {
    /// The socket addresses of both ends. The C types are `sockaddr_in` and `sockaddr_in6`.
    final class Client {
        private static let length = MemoryLayout<sockaddr_in6>.size
        private let memory = UnsafeMutableRawPointer.allocate(byteCount: 2 * length, alignment: 8)
        private(set) var isIPv6 = false

        init() { memory.initializeMemory(as: UInt8.self, repeating: 0, count: 2 * Self.length) }

        deinit { memory.deallocate() }

        /// The client's.
        var address: UnsafeRawPointer { UnsafeRawPointer(memory) }
        /// The one that it has connected to.
        var local: UnsafeRawPointer { address + Self.length }

        func set(_ address: NIOCore.SocketAddress?, local: NIOCore.SocketAddress?) {
            isIPv6 = address?.protocol == .inet6
            Self.copy(address, to: memory)
            Self.copy(local, to: memory + Self.length)
        }

        private static func copy(_ address: NIOCore.SocketAddress?, to memory: UnsafeMutableRawPointer) {
            address?.withSockAddr { memory.copyMemory(from: $0, byteCount: min(Int($1), length)) }
        }
    }
}

extension TCPConnection: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
}
