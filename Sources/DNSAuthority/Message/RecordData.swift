/// What a resource record says (RFC 1035 §3.2.1, RDATA).
package enum RecordData: Hashable, Sendable {
    /// An IPv4 address as a number.
    case a(UInt32)
    /// An IPv6 address as a number.
    case aaaa(UInt128)
    /// A service's location (RFC 2782).
    case srv(priority: UInt16, weight: UInt16, port: UInt16, target: DomainName)
    /// A name server.
    case ns(DomainName)
    /// The start of a zone.
    case soa(StartOfAuthority)

    /// The record's type.
    package var type: RecordType {
        switch self {
        case .a: .a
        case .aaaa: .aaaa
        case .srv: .srv
        case .ns: .ns
        case .soa: .soa
        }
    }

    /// Octets of the RDATA in wire form.
    var length: Int {
        switch self {
        case .a: 4
        case .aaaa: 16
        case .srv(_, _, _, let target): 6 + target.octets.count
        case .ns(let server): server.octets.count
        case .soa(let soa): soa.primary.octets.count + soa.mailbox.octets.count + soa.timers.count
        }
    }

    /// The RDATA in wire form, with no name compressed.
    package var octets: [UInt8] {
        switch self {
        case .a(let address): address.octets
        case .aaaa(let address): address.octets
        // Uncompressed: RFC 2782 forbids pointers in SRV targets.
        case .srv(let priority, let weight, let port, let target): priority.octets + weight.octets + port.octets + target.octets
        case .ns(let server): server.octets
        case .soa(let soa): soa.primary.octets + soa.mailbox.octets + soa.timers
        }
    }
}

/// The RDATA of a SOA record (RFC 1035 §3.3.13); times in seconds.
package struct StartOfAuthority: Hashable, Sendable {
    /// The labels of MNAME in front of the origin; negative answers rely on them.
    package static let primaryLabels = ["ns", "dns"]
    /// The labels of RNAME in front of the origin; negative answers rely on them.
    package static let mailboxLabels = ["hostmaster"]

    /// MNAME: the zone's primary server.
    package var primary: DomainName
    /// RNAME: the mailbox of whom it may concern.
    package var mailbox: DomainName
    /// SERIAL: rises with each change (RFC 1982).
    package var serial: UInt32
    /// REFRESH.
    package var refresh: UInt32 = 7200
    /// RETRY.
    package var retry: UInt32 = 1800
    /// EXPIRE.
    package var expire: UInt32 = 86400
    /// MINIMUM: how long a negative answer may be kept (RFC 2308 §4).
    package var minimum: UInt32

    package init(primary: DomainName, mailbox: DomainName, serial: UInt32, minimum: UInt32) {
        self.primary = primary
        self.mailbox = mailbox
        self.serial = serial
        self.minimum = minimum
    }

    /// The five numbers at the end of the RDATA.
    var timers: [UInt8] { [serial, refresh, retry, expire, minimum].flatMap(\.octets) }
}

extension FixedWidthInteger {
    /// The number's octets in network order.
    var octets: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
