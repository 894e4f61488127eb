import DNSAuthority
import Glibc
import NIOCore

/// One client's stream: queries behind their lengths come in, responses go out in the same order, those of other servers when they come
/// (RFC 7766 §6.2.1).
///
/// A client that does not read its responses is not read from either; one that completes no query for ten seconds is closed. Queries behind a
/// response of several messages wait for its end.
final class TCPConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a connection may be without a query (RFC 7766 §6.2.3).
    static let idleLimit: TimeAmount = .seconds(10)
    /// How long a client may take nothing of a response of several messages. The kernel says so in steps of tens of kibibytes: a client that
    /// takes less than about 3 KiB a second counts as one that takes nothing.
    static let stallLimit: TimeAmount = .seconds(30)
    /// How long such a response may take, however steadily its client reads: it keeps a version of a zone, and all that later ones have dropped.
    static let longestTransfer: TimeAmount = .minutes(15)
    /// Messages of one such response that are made in one turn of the loop: as much work as some hundred queries.
    private static let partsPerTurn = 4
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
    /// The messages that are still owed of a response of several.
    private var source: (any MessageSource)?
    /// Messages of such responses that the kernel has not taken yet.
    private var partsUnderWay = 0
    /// When the last query was complete, or something of a long response was given or taken.
    private(set) var lastQuery: NIODeadline = .now()
    /// When the last response of several messages began.
    private var transferStart: NIODeadline = .now()
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
        source = nil
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
    private func mayRead(_ context: ChannelHandlerContext) -> Bool { context.channel.isWritable && !isResting && source == nil }

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
        var rest = Self.messagesPerTurn
        while rest > 0, context.channel.isWritable {
            if let source {
                rest -= Self.messagesPerTurn / Self.partsPerTurn
                writePart(of: source, context)
            } else if let query = nextMessage() {
                rest -= 1
                answer(query, context)
            } else {
                break
            }
        }
        received.discardReadBytes()
        if rest <= 0 { self.rest(context) }
        if rest < Self.messagesPerTurn { context.flush() }
        guard isEnding, !isResting, deferred == 0, source == nil, context.channel.isWritable else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    private func answer(_ query: ByteBuffer, _ context: ChannelHandlerContext) {
        switch service.respond(to: query, of: client, context.channel.allocator, later: { deferReply(context) }) {
        case .nothing: return
        case .message(let response): context.write(wrapOutboundOut(response), promise: nil)
        case .messages(let first, let source):
            self.source = source
            transferStart = .now()
            write(first, context)
        }
        lastQuery = .now()
    }

    /// Writes the next message of a response of several; after the last, queries are answered again.
    private func writePart(of source: any MessageSource, _ context: ChannelHandlerContext) {
        lastQuery = .now()
        guard let message = source.next() else { return self.source = nil }
        write(Self.framed(message, context.channel.allocator), context)
    }

    /// Writes a message of a response of several, and notes when the kernel takes it.
    private func write(_ part: ByteBuffer, _ context: ChannelHandlerContext) {
        partsUnderWay += 1
        context.write(wrapOutboundOut(part)).assumeIsolated().whenComplete { _ in
            self.partsUnderWay -= 1
            self.lastQuery = .now()
        }
    }

    private static func framed(_ message: [UInt8], _ allocator: ByteBufferAllocator) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: prefixLength + message.count)
        buffer.writeInteger(UInt16(clamping: message.count))
        buffer.writeBytes(message)
        return buffer
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
        context.writeAndFlush(wrapOutboundOut(Self.framed(response, context.channel.allocator)), promise: nil)
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
    /// When the connection is closed if nothing happens until then, or a transfer does not end.
    private var patience: NIODeadline {
        guard source != nil || partsUnderWay > 0 else { return lastQuery + Self.idleLimit }
        return min(lastQuery + Self.stallLimit, transferStart + service.longestTransfer)
    }

    private func watchIdleness(_ context: ChannelHandlerContext) {
        let look = min(patience, .now() + min(Self.idleLimit, service.longestTransfer))
        alarm = context.eventLoop.assumeIsolated().scheduleTask(deadline: look) { [weak self] in
            guard let self, let context = self.context else { return }
            if self.patience <= .now() { context.close(promise: nil) } else { self.watchIdleness(context) }
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
