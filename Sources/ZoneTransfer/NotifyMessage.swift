import DNSAuthority
import DNSSecurity
import IPAddressing

/// A server that hears of new versions of a zone, and the key that messages to it are signed with.
package struct NotifyTarget: Hashable, Sendable {
    package let endpoint: SocketEndpoint
    /// Nil for no signature.
    package let key: TransactionKey?

    package init(_ endpoint: SocketEndpoint, key: TransactionKey? = nil) { (self.endpoint, self.key) = (endpoint, key) }
}

/// Which servers hear of new versions of which zones, and how often at most.
package struct NotifyPolicy: Hashable, Sendable {
    /// The least time between the first messages of two versions of a zone.
    package var delay: Duration
    /// The servers that hear of zones without servers of their own.
    package var usual: [NotifyTarget]
    /// The servers of zones that have servers of their own, by the zones' origins.
    package var own: [DomainName: [NotifyTarget]]

    package init(delay: Duration = .seconds(1), usual: [NotifyTarget] = [], own: [DomainName: [NotifyTarget]] = [:]) {
        (self.delay, self.usual, self.own) = (delay, usual, own)
    }

    /// The servers that hear of a zone.
    func targets(of origin: DomainName) -> [NotifyTarget] { own[origin] ?? usual }

    /// Whether no server hears of any zone.
    var isEmpty: Bool { usual.isEmpty && own.values.allSatisfy(\.isEmpty) }
}

/// A version of a zone that servers hear of.
struct NotifyVersion: Hashable, Sendable {
    let serial: UInt32
    /// The SOA record in wire form, its owner a pointer to the question's name.
    let record: [UInt8]

    init(of zone: Zone) {
        serial = zone.authority.serial
        var record: [UInt8] = []
        ZoneRecords.appendSOA(of: zone, serial: serial, to: &record)
        self.record = Self.questionName + record.dropFirst(zone.origin.octets.count)
    }

    /// A pointer to the name behind the header (RFC 1035 §4.1.4).
    private static let questionName: [UInt8] = [0xC0, 0x0C]
}

/// The messages that say that there is a new version of a zone (RFC 1996 §3).
enum NotifyMessage {
    /// The opcode of both.
    private static let opcode: UInt8 = 4
    private static let headerLength = 12
    /// Octets that a message over UDP has at most (RFC 1035 §4.2.1).
    private static let longest = 512

    /// A request. The version's SOA is a hint (RFC 1996 §3.7): it is left out where the message would be too long.
    static func request(_ id: UInt16, for origin: DomainName, _ version: NotifyVersion) -> [UInt8] {
        let question = origin.octets + [0, 6, 0, 1]
        let hasRecord = headerLength + question.count + version.record.count <= longest
        // With AA, as the answer is authoritative.
        let header: [UInt8] = [UInt8(id >> 8), UInt8(id & 255), opcode << 3 | 0x04, 0, 0, 1, 0, hasRecord ? 1 : 0, 0, 0, 0, 0]
        return header + question + (hasRecord ? version.record : [])
    }

    /// The ID and the RCODE of a response; nil if some octets are none.
    static func response(_ octets: [UInt8]) -> (id: UInt16, code: UInt8)? {
        guard octets.count >= headerLength, octets[2] & 0x80 != 0, octets[2] >> 3 & 15 == opcode else { return nil }
        return (UInt16(octets[0]) << 8 | UInt16(octets[1]), octets[3] & 15)
    }
}
