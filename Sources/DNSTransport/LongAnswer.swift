import DNSAuthority

/// Answers what takes more than a look at the zones: transfers, and queries with a signature. From any thread.
package typealias LongAnswerer = @Sendable (LongQuery) -> LongAnswer

/// A query that a `LongAnswerer` answers; valid as long as its call.
package struct LongQuery {
    /// The whole message.
    package let message: UnsafeRawBufferPointer
    package let client: ClientAddress
    package let transport: Transport
    /// The zones to answer from.
    package let zones: ServedZones
    package let policy: QueryPolicy

    package init(
        _ message: UnsafeRawBufferPointer, from client: ClientAddress, over transport: Transport, zones: ServedZones, policy: QueryPolicy
    ) {
        (self.message, self.client, self.transport, self.zones, self.policy) = (message, client, transport, zones, policy)
    }
}

/// What a `LongAnswerer` gives.
package enum LongAnswer {
    /// No response.
    case silence
    /// A response of one message.
    case message([UInt8])
    /// A response of several messages, over TCP alone. Each is taken when the client has read most of those before it.
    case messages(any MessageSource)
}

/// The messages of a long response, one after another. On one event loop.
package protocol MessageSource: AnyObject {
    /// The next message without the length that goes before it; nil after the last.
    func next() -> [UInt8]?
}
