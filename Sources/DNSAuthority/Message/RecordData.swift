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
    indirect case soa(StartOfAuthority)
    /// RDATA of any type, with no name compressed (RFC 3597).
    case other(RecordType, [UInt8])

    /// The record's type.
    package var type: RecordType {
        switch self {
        case .a: .a
        case .aaaa: .aaaa
        case .srv: .srv
        case .ns: .ns
        case .soa: .soa
        case .other(let type, _): type
        }
    }

    /// Octets of the RDATA in wire form.
    var length: Int {
        switch self {
        case .a: 4
        case .aaaa: 16
        case .srv(_, _, _, let target): 6 + target.octets.count
        case .ns(let server): server.octets.count
        case .soa(let soa): soa.primary.octets.count + soa.mailbox.octets.count + 5 * 4
        case .other(_, let octets): octets.count
        }
    }

    /// The RDATA in wire form, with no name compressed.
    package var octets: [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(length)
        append(to: &octets)
        return octets
    }

    /// Appends the RDATA in wire form, with no name compressed.
    func append(to octets: inout [UInt8]) {
        switch self {
        case .a(let address): octets.append(number: address)
        case .aaaa(let address): octets.append(number: address)
        // Uncompressed: RFC 2782 forbids pointers in SRV targets.
        case .srv(let priority, let weight, let port, let target):
            for number in [priority, weight, port] { octets.append(number: number) }
            octets.append(contentsOf: target.octets)
        case .ns(let server): octets.append(contentsOf: server.octets)
        case .soa(let soa):
            octets.append(contentsOf: soa.primary.octets)
            octets.append(contentsOf: soa.mailbox.octets)
            for number in [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum] { octets.append(number: number) }
        case .other(_, let data): octets.append(contentsOf: data)
        }
    }
}

/// The RDATA of a SOA record (RFC 1035 §3.3.13); times in seconds.
package struct StartOfAuthority: Hashable, Sendable {
    /// MNAME: the zone's primary server.
    package var primary: DomainName
    /// RNAME: the mailbox of those who are responsible for the zone.
    package var mailbox: DomainName
    /// SERIAL: rises with each change (RFC 1982).
    package var serial: UInt32
    /// REFRESH.
    package var refresh: UInt32
    /// RETRY.
    package var retry: UInt32
    /// EXPIRE.
    package var expire: UInt32
    /// MINIMUM: how long a negative answer may be kept (RFC 2308 §4).
    package var minimum: UInt32

    package init(
        primary: DomainName, mailbox: DomainName, serial: UInt32, refresh: UInt32, retry: UInt32, expire: UInt32, minimum: UInt32
    ) {
        (self.primary, self.mailbox, self.serial) = (primary, mailbox, serial)
        (self.refresh, self.retry, self.expire, self.minimum) = (refresh, retry, expire, minimum)
    }
}

extension [UInt8] {
    /// Appends a number's octets in network order.
    mutating func append(number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}
