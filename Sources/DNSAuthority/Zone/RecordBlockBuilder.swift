/// Collects names and RRsets, then lays them out as one `RecordBlock`.
///
/// What does not fit into the limit is left out, so that no offset in a block can overflow, whatever comes in.
package struct RecordBlockBuilder {
    /// An RRset that has been added.
    package struct Handle: Sendable {
        let index: Int
    }

    /// The addresses of one SRV record's target, added before.
    package struct Additional: Sendable {
        /// The target's A records.
        package var ipv4: Handle?
        /// The target's AAAA records.
        package var ipv6: Handle?

        package init(ipv4: Handle? = nil, ipv6: Handle? = nil) {
            self.ipv4 = ipv4
            self.ipv6 = ipv6
        }
    }

    /// An RRset whose records stand in `octets`.
    struct PlacedRRset {
        var type: RecordType
        var isHeld: Bool
        var isUnknown: Bool
        /// Whether the records' places on the ring stand before them.
        var hasPlaces = false
        /// Where each record ends, from the RRset's own beginning.
        var ends: [UInt32]
        /// Where the records begin in `octets`.
        var start: Int
        var cumulativeWeights: [UInt64]
        var additional: [Additional]

        /// What is true of all records together.
        var flags: EncodedRRset.Flags {
            var flags: EncodedRRset.Flags = []
            if isHeld { flags.insert(.isHeld) }
            if isUnknown { flags.insert(.isUnknown) }
            if hasPlaces { flags.insert(.hasPlaces) }
            return flags
        }

        /// Octets of each record if all are equally long.
        var commonLength: UInt16? {
            guard let first = ends.first else { return 0 }
            return ends.enumerated().allSatisfy { $1 == first &* UInt32($0 + 1) } ? UInt16(exactly: first) : nil
        }
    }

    /// A name that stands in `octets`.
    struct PlacedName {
        /// Where the name stands in `octets`.
        var start: Int
        var length: UInt8
        var rrsets: [Handle]
    }

    private(set) var octets: [UInt8] = []
    private(set) var rrsets: [PlacedRRset] = []
    private(set) var names: [PlacedName] = []
    private var empty: Handle?
    /// Octets that the block may still grow by.
    private var room: Int
    /// Whether something did not fit and was left out.
    package private(set) var isOverfull = false

    /// Most octets of a block: offsets within it are of 32 bits.
    package static let mostOctets = Int(Int32.max)

    /// A builder of a block of at most so many octets.
    package init(limit: Int = mostOctets) { room = min(limit, Self.mostOctets) - RecordBlockLayout.overhead }

    /// Adds an RRset; `additional` has an entry for each SRV record, or none at all.
    package mutating func add(_ rrset: RRset, additional: [Additional] = []) -> Handle {
        precondition(rrset.weights.isEmpty || rrset.weights.count == rrset.records.count, "a weight a record, or none")
        precondition(additional.isEmpty || additional.count == rrset.records.count, "an entry a record, or none")
        precondition(rrset.places.isEmpty || rrset.places.count == rrset.records.count, "a place a record, or none")
        let length = rrset.records.reduce(0) { $0 + $1.length }
        guard take(Self.room(forRecords: rrset.records.count, ofLength: 0) + length) else { return placeEmpty() }
        let hasPlaces = rrset.places.count > 1 && length + rrset.records.count * Self.recordHeaderLength > Self.alwaysFits
        if hasPlaces { rrset.places.withUnsafeBytes { octets.append(contentsOf: $0) } }
        let start = octets.count
        var ends: [UInt32] = []
        for record in rrset.records {
            append(record, ttl: rrset.ttl)
            ends.append(UInt32(octets.count - start))
        }
        return place(
            PlacedRRset(
                type: rrset.type, isHeld: rrset.isHeld, isUnknown: rrset.isUnknown && rrset.records.isEmpty, hasPlaces: hasPlaces,
                ends: ends, start: start,
                cumulativeWeights: cumulative(rrset.weights), additional: additional))
    }

    /// Adds an RRset that is one record of another and shares its octets.
    package mutating func add(record index: Int, of handle: Handle, isHeld: Bool, additional: Additional? = nil) -> Handle {
        let whole = rrsets[handle.index]
        guard whole.ends.indices.contains(index), take(Self.room(forRecords: 1, ofLength: 0)) else { return placeEmpty() }
        let start = index == 0 ? 0 : whole.ends[index - 1]
        return place(
            PlacedRRset(
                type: whole.type, isHeld: isHeld, isUnknown: false, ends: [whole.ends[index] - start], start: whole.start + Int(start),
                cumulativeWeights: [], additional: additional.map { [$0] } ?? []))
    }

    /// Adds a name with RRsets of different types, each added before.
    package mutating func add(_ name: DomainName, _ rrsets: [Handle] = []) {
        guard rrsets.count <= UInt8.max, take(Self.room(forName: name.octets.count, rrsets: rrsets.count)) else { return isOverfull = true }
        let target = rrsets.compactMap { place(of: name, asTargetIn: $0) }.first
        names.append(PlacedName(start: target ?? octets.count, length: UInt8(name.octets.count), rrsets: rrsets))
        if target == nil { octets.append(contentsOf: name.octets) }
    }

    /// Where a name stands in `octets` if it is the target of the only record of an SRV RRset, as an instance's own name mostly is.
    private func place(of name: DomainName, asTargetIn handle: Handle) -> Int? {
        let rrset = rrsets[handle.index]
        guard rrset.type == .srv, rrset.ends.count == 1, let length = rrset.ends.first else { return nil }
        let start = rrset.start + EncodedRRset.targetOffset
        let target = octets[start..<rrset.start + Int(length)]
        return target.elementsEqual(name.octets) ? start : nil
    }

    /// What stands in the place of all RRsets that do not fit.
    private mutating func placeEmpty() -> Handle {
        if let empty { return empty }
        let rrset = PlacedRRset(type: .a, isHeld: false, isUnknown: false, ends: [], start: 0, cumulativeWeights: [], additional: [])
        let handle = place(rrset)
        empty = handle
        return handle
    }

    /// Takes room if there is so much left.
    private mutating func take(_ octets: Int) -> Bool {
        guard octets <= room else {
            isOverfull = true
            return false
        }
        room -= octets
        return true
    }

    private mutating func place(_ rrset: PlacedRRset) -> Handle {
        rrsets.append(rrset)
        return Handle(index: rrsets.count - 1)
    }

    private mutating func append(_ record: RecordData, ttl: UInt32) {
        let data = record.octets
        octets.append(contentsOf: ownerPointer.octets)
        octets.append(contentsOf: record.type.rawValue.octets)
        octets.append(contentsOf: RecordClass.internet.octets)
        octets.append(contentsOf: ttl.octets)
        octets.append(contentsOf: UInt16(data.count).octets)
        octets.append(contentsOf: data)
    }

    /// Running sums of the weights; none where they make no difference.
    private func cumulative(_ weights: [UInt64]) -> [UInt64] {
        guard let first = weights.first, !weights.allSatisfy({ $0 == first }) else { return [] }
        var sum: UInt64 = 0
        return weights.map { weight in
            sum = sum.addingReportingOverflow(weight).overflow ? .max : sum + weight
            return sum
        }
    }
}

/// The owner field of every record: a pointer to the question's name, right after the header (RFC 1035 §4.1.4).
let ownerPointer: UInt16 = 0xC00C

extension RecordBlockBuilder {
    /// Most octets of a block that an RRset takes whose records have RDATA of a length.
    package static func room(forRecords count: Int, ofLength length: Int) -> Int {
        let tables = 2 * MemoryLayout<UInt32>.stride + MemoryLayout<UInt64>.stride + MemoryLayout<TargetAddresses>.stride
        return MemoryLayout<EncodedRRset.Entry>.stride + count * (recordHeaderLength + length + tables)
    }

    /// Most octets of a block that a name of a length takes with references to so many RRsets.
    package static func room(forName length: Int, rrsets count: Int) -> Int {
        MemoryLayout<ZoneNode.Entry>.stride + length + count * MemoryLayout<Int32>.stride
    }

    /// Octets of records for which every response has room: the least one, without its header, the longest question, OPT with an error.
    private static let alwaysFits =
        UDPPayloadSize.withoutEDNS - Header.length - DomainName.maximumLength - 4 - EDNS.recordLength - EDNS.extendedErrorLength

    /// Octets of a record before its RDATA: owner, type, class, TTL, RDLENGTH.
    private static let recordHeaderLength = 2 + 2 + 2 + 4 + 2
}
