import DNSAuthority

/// The records of a transfer in their order, with no name compressed, piece by piece.
struct TransferRecords {
    /// What comes next.
    private enum Stage {
        case first
        case zone
        case former
        case gone
        case latter
        case came
        case last
        case end
    }

    /// Octets of records that are written down at once, or one name's records more.
    private static let pieceLength = 32 << 10

    private let zone: Zone
    /// What is left of all records.
    private var rest: ZoneRecords
    private var differences: ArraySlice<ZoneDifference>
    private var stage = Stage.first
    private var isSOAAlone = false

    /// All records of a version between its SOA records (RFC 5936 §2.2).
    init(of zone: Zone) {
        self.zone = zone
        rest = ZoneRecords(of: zone)
        differences = []
    }

    /// What is different, each difference behind the SOA records of its versions, between the SOA records of the last one (RFC 1995 §4).
    init(_ differences: ArraySlice<ZoneDifference>, to zone: Zone) {
        self.init(of: zone)
        self.differences = differences
    }

    /// The SOA record alone: the client has what there is, or must come over TCP (RFC 1995 §2).
    init(soaOf zone: Zone) {
        self.init(of: zone)
        isSOAAlone = true
    }

    /// Puts the next records into the place of those in `octets`; false at the end. They may be none.
    mutating func next(_ octets: inout [UInt8]) -> Bool {
        switch stage {
        case .first:
            putSOA(zone.authority.serial, &octets)
            stage = isSOAAlone ? .end : differences.isEmpty ? .zone : .former
        case .zone:
            octets.removeAll(keepingCapacity: true)
            if !rest.append(to: &octets, upTo: Self.pieceLength) { stage = .last }
        case .former:
            putSOA(differences.first?.from ?? zone.authority.serial, &octets)
            stage = .gone
        case .gone:
            octets = differences.first?.gone ?? []
            stage = .latter
        case .latter:
            putSOA(differences.first?.to ?? zone.authority.serial, &octets)
            stage = .came
        case .came:
            octets = differences.popFirst()?.came ?? []
            stage = differences.isEmpty ? .last : .former
        case .last:
            putSOA(zone.authority.serial, &octets)
            stage = .end
        case .end: return false
        }
        return true
    }

    private func putSOA(_ serial: UInt32, _ octets: inout [UInt8]) {
        octets.removeAll(keepingCapacity: true)
        ZoneRecords.appendSOA(of: zone, serial: serial, to: &octets)
    }
}

/// A record in wire form with no name compressed (RFC 1035 §3.2.1), in memory that others own.
struct RawRecord {
    /// Octets of its header behind the owner: type, class, TTL, RDLENGTH.
    static let headerLength = 10

    /// All of it.
    let octets: UnsafeRawBufferPointer
    /// Octets of its owner.
    let ownerLength: Int

    /// The record that some octets begin with; nil if they begin with none.
    init?(atStartOf octets: UnsafeRawBufferPointer) {
        guard let owner = Self.nameLength(atStartOf: octets), octets.count - owner >= Self.headerLength else { return nil }
        let end = owner + Self.headerLength + Self.uint16(octets, owner + 8)
        guard end <= octets.count else { return nil }
        self.octets = UnsafeRawBufferPointer(rebasing: octets[..<end])
        ownerLength = owner
    }

    var type: Int { Self.uint16(octets, ownerLength) }
    var owner: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: octets[..<ownerLength]) }
    /// Type, class and TTL.
    var header: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: octets[ownerLength..<ownerLength + 8]) }
    var data: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: octets[(ownerLength + Self.headerLength)...]) }

    /// Octets of the name that some octets begin with; nil if they begin with none.
    static func nameLength(atStartOf octets: UnsafeRawBufferPointer) -> Int? {
        let end = min(octets.count, DomainName.maximumLength)
        var offset = 0
        while offset < end {
            let label = Int(octets[offset])
            guard label <= DomainName.maximumLabelLength else { return nil }
            offset += 1 + label
            if label == 0 { return offset }
        }
        return nil
    }

    private static func uint16(_ octets: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        Int(octets[offset]) << 8 | Int(octets[offset + 1])
    }
}
