/// The type of a resource record or of a question (RFC 1035 §3.2.2); every 16-bit number is one (RFC 3597).
package struct RecordType: RawRepresentable, Hashable, Sendable {
    /// The number that stands in messages.
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// An IPv4 address (RFC 1035 §3.4.1).
    package static let a = RecordType(rawValue: 1)
    /// A name server of the zone (RFC 1035 §3.3.11).
    package static let ns = RecordType(rawValue: 2)
    /// The start of a zone of authority (RFC 1035 §3.3.13).
    package static let soa = RecordType(rawValue: 6)
    /// A name that an address leads to (RFC 1035 §3.3.12).
    package static let ptr = RecordType(rawValue: 12)
    /// A mail exchange (RFC 1035 §3.3.9).
    package static let mx = RecordType(rawValue: 15)
    /// Text (RFC 1035 §3.3.14).
    package static let txt = RecordType(rawValue: 16)
    /// An IPv6 address (RFC 3596 §2.1).
    package static let aaaa = RecordType(rawValue: 28)
    /// The location of a service (RFC 2782).
    package static let srv = RecordType(rawValue: 33)
    /// How a service is reached (RFC 9460 §2).
    package static let svcb = RecordType(rawValue: 64)
    /// How an HTTP origin is reached (RFC 9460 §9).
    package static let https = RecordType(rawValue: 65)

    static let opt = RecordType(rawValue: 41)
    static let nxname = RecordType(rawValue: 128)
    static let tsig = RecordType(rawValue: 250)
    static let ixfr = RecordType(rawValue: 251)
    static let axfr = RecordType(rawValue: 252)
    static let any = RecordType(rawValue: 255)

    /// QTYPEs and meta-types, which are never the type of stored data (RFC 6895 §3.1).
    var isMeta: Bool { 128...255 ~= rawValue }

    /// The type's mnemonic, or TYPE and its number (RFC 3597 §5).
    package var text: String { mnemonic.map { "\($0)" } ?? "TYPE\(rawValue)" }

    /// The type's mnemonic; nil for one that is rarely asked for.
    package var mnemonic: StaticString? { Self.mnemonics[rawValue] }

    /// The one table of mnemonics (IANA's list of types).
    private static let mnemonics: [UInt16: StaticString] = [
        1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 43: "DS", 46: "RRSIG", 47: "NSEC",
        48: "DNSKEY", 50: "NSEC3", 64: "SVCB", 65: "HTTPS", 251: "IXFR", 252: "AXFR", 255: "ANY", 257: "CAA",
    ]
}

/// The class of a question (RFC 1035 §3.2.4).
enum RecordClass {
    static let internet: UInt16 = 1
    static let any: UInt16 = 255
}
