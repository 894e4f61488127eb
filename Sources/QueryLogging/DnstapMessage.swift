import Glibc
import QueryTap

/// Encodes queries and responses as dnstap has them (dnstap.proto), by hand: protocol buffers are fields of a tag and a value.
struct DnstapMessage {
    /// The octets of the message that was encoded last.
    private(set) var octets: [UInt8] = []
    /// Identity and version: fields 1 and 2 of `Dnstap`.
    private let origin: [UInt8]
    private var message: [UInt8] = []

    /// What `Message.type` says, as far as an authoritative server has it.
    enum Kind: UInt8 {
        /// AUTH_QUERY.
        case query = 1
        /// AUTH_RESPONSE.
        case response = 2
    }

    /// Tags: the field's number times eight, plus 0 for a varint, 2 for octets behind their length, 5 for 32 bits.
    private enum Tag {
        // Dnstap
        static let identity: UInt8 = 1 << 3 | 2
        static let version: UInt8 = 2 << 3 | 2
        static let message: UInt8 = 14 << 3 | 2
        static let type: UInt8 = 15 << 3
        // Message
        static let kind: UInt8 = 1 << 3
        static let socketFamily: UInt8 = 2 << 3
        static let socketProtocol: UInt8 = 3 << 3
        static let queryAddress: UInt8 = 4 << 3 | 2
        static let responseAddress: UInt8 = 5 << 3 | 2
        static let queryPort: UInt8 = 6 << 3
        static let responsePort: UInt8 = 7 << 3
        static let querySeconds: UInt8 = 8 << 3
        static let queryNanoseconds: UInt8 = 9 << 3 | 5
        static let queryMessage: UInt8 = 10 << 3 | 2
        static let responseSeconds: UInt8 = 12 << 3
        static let responseNanoseconds: UInt8 = 13 << 3 | 5
        static let responseMessage: UInt8 = 14 << 3 | 2
    }

    /// The only value of `Dnstap.type`: MESSAGE.
    private static let isMessage: UInt8 = 1

    /// `identity`: which server this is; `version`: which program.
    init(identity: String, version: String) {
        var origin: [UInt8] = []
        Array(identity.utf8).withUnsafeBytes { origin.add(Tag.identity, octets: $0) }
        Array(version.utf8).withUnsafeBytes { origin.add(Tag.version, octets: $0) }
        self.origin = origin
    }

    /// Encodes one of the two messages that a record makes. A response has the query's time and not its octets.
    mutating func encode(_ kind: Kind, of record: QueryRecord) {
        message.removeAll(keepingCapacity: true)
        let isIPv6 = record.client.loadUnaligned(as: UInt16.self) == UInt16(AF_INET6)
        message.add(Tag.kind, number: UInt64(kind.rawValue))
        message.add(Tag.socketFamily, number: isIPv6 ? 2 : 1)
        message.add(Tag.socketProtocol, number: record.isStream ? 2 : 1)
        message.add(Tag.queryAddress, octets: Self.address(record.client, isIPv6))
        message.add(Tag.responseAddress, octets: Self.address(record.local, isIPv6))
        message.add(Tag.queryPort, number: UInt64(record.client.networkOrder16(at: 2)))
        message.add(Tag.responsePort, number: UInt64(record.local.networkOrder16(at: 2)))
        message.add(Tag.querySeconds, Tag.queryNanoseconds, time: record.times.received)
        switch kind {
        case .query: message.add(Tag.queryMessage, octets: record.query)
        case .response:
            message.add(Tag.responseSeconds, Tag.responseNanoseconds, time: record.times.sent)
            message.add(Tag.responseMessage, octets: record.response)
        }
        octets.removeAll(keepingCapacity: true)
        octets += origin
        message.withUnsafeBytes { octets.add(Tag.message, octets: $0) }
        octets.add(Tag.type, number: UInt64(Self.isMessage))
    }

    private static func address(_ address: UnsafeRawPointer, _ isIPv6: Bool) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: address + (isIPv6 ? 8 : 4), count: isIPv6 ? 16 : 4)
    }
}

extension [UInt8] {
    /// Seven bits an octet, the least significant first; the highest bit says that more follow.
    private mutating func add(varint number: UInt64) {
        var rest = number
        while rest > 127 {
            append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    fileprivate mutating func add(_ tag: UInt8, number: UInt64) {
        append(tag)
        add(varint: number)
    }

    fileprivate mutating func add(_ tag: UInt8, octets: UnsafeRawBufferPointer) {
        append(tag)
        add(varint: UInt64(octets.count))
        append(contentsOf: octets)
    }

    /// A time in nanoseconds since 1970, as whole seconds and nanoseconds of the second.
    fileprivate mutating func add(_ secondsTag: UInt8, _ nanosecondsTag: UInt8, time: Int64) {
        let time = UInt64(Swift.max(time, 0))
        add(secondsTag, number: time / 1_000_000_000)
        append(nanosecondsTag)
        Swift.withUnsafeBytes(of: UInt32(time % 1_000_000_000).littleEndian) { append(contentsOf: $0) }
    }
}
