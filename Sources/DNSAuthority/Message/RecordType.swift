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
    /// An IPv6 address (RFC 3596 §2.1).
    package static let aaaa = RecordType(rawValue: 28)
    /// The location of a service (RFC 2782).
    package static let srv = RecordType(rawValue: 33)

    static let opt = RecordType(rawValue: 41)
    static let nxname = RecordType(rawValue: 128)
    static let ixfr = RecordType(rawValue: 251)
    static let axfr = RecordType(rawValue: 252)
    static let any = RecordType(rawValue: 255)

    /// QTYPEs and meta-types, which are never the type of stored data (RFC 6895 §3.1).
    var isMeta: Bool { 128...255 ~= rawValue }
}

/// The class of a question (RFC 1035 §3.2.4).
enum RecordClass {
    static let internet: UInt16 = 1
    static let any: UInt16 = 255
}
