/// Collects names and RRsets, then lays them out as one `RecordBlock`.
///
/// What does not fit into the limit is left out, so that no offset in a block can overflow, whatever comes in.
package struct RecordBlockBuilder {
    /// An RRset that has been added.
    package struct Handle: Sendable {
        let index: Int
    }

    /// The addresses of the host that one record names, added before.
    package struct Additional: Sendable {
        /// The host's A records.
        package var ipv4: Handle?
        /// The host's AAAA records.
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
        /// Whether the places of pointers to the owner stand before the only record.
        var hasLinks = false
        /// Where in each record the name of the host begins that has additional data; 0 if none has any.
        var hostOffset: UInt8 = 0
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
            if hasLinks { flags.insert(.hasLinks) }
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

    /// Adds an RRset. `additional` has an entry for each record, or none at all; it is left out where the records name no hosts.
    package mutating func add(_ rrset: RRset, additional: [Additional] = []) -> Handle {
        precondition(rrset.weights.isEmpty || rrset.weights.count == rrset.records.count, "a weight a record, or none")
        precondition(additional.isEmpty || additional.count == rrset.records.count, "an entry a record, or none")
        precondition(rrset.places.isEmpty || rrset.places.count == rrset.records.count, "a place a record, or none")
        var (length, isWritable) = (0, true)
        for record in rrset.records {
            length += record.length
            isWritable = isWritable && record.length <= UInt16.max
        }
        if !isWritable { isOverfull = true }
        guard isWritable, take(Self.room(forRecords: rrset.records.count, ofLength: 0) + length) else { return placeEmpty() }
        let hasPlaces = rrset.places.count > 1 && length + rrset.records.count * EncodedRRset.headerLength > Self.alwaysFits
        if hasPlaces { rrset.places.withUnsafeBytes { octets.append(contentsOf: $0) } }
        let start = octets.count
        var ends: [UInt32] = []
        for record in rrset.records {
            append(record, ttl: rrset.ttl)
            ends.append(UInt32(octets.count - start))
        }
        let hostOffset = additional.isEmpty ? 0 : Self.hostOffset(rrset)
        return place(
            PlacedRRset(
                type: rrset.type, isHeld: rrset.isHeld, isUnknown: rrset.isUnknown && rrset.records.isEmpty, hasPlaces: hasPlaces,
                hostOffset: hostOffset, ends: ends, start: start,
                cumulativeWeights: cumulative(rrset.weights), additional: hostOffset == 0 ? [] : additional))
    }

    /// Where in each record the name of a host begins; 0 if one has no such name, or not there.
    private static func hostOffset(_ rrset: RRset) -> UInt8 {
        guard let format = RecordFormat.of(rrset.type), let first = rrset.records.first else { return 0 }
        func offset(_ record: RecordData) -> Int? {
            if case .srv(_, _, _, let target) = record { return record.length - target.octets.count }
            return format.host(in: record.octets[...])?.startIndex
        }
        guard let common = offset(first), rrset.records.allSatisfy({ offset($0) == common }) else { return 0 }
        return UInt8(exactly: EncodedRRset.headerLength + common) ?? 0
    }

    /// Adds an RRset that is one record of another and shares its octets.
    package mutating func add(record index: Int, of handle: Handle, isHeld: Bool, additional: Additional? = nil) -> Handle {
        let whole = rrsets[handle.index]
        guard whole.ends.indices.contains(index), take(Self.room(forRecords: 1, ofLength: 0)) else { return placeEmpty() }
        let start = index == 0 ? 0 : whole.ends[index - 1]
        return place(
            PlacedRRset(
                type: whole.type, isHeld: isHeld, isUnknown: false, hostOffset: whole.hostOffset, ends: [whole.ends[index] - start],
                start: whole.start + Int(start), cumulativeWeights: [],
                additional: whole.hostOffset == 0 ? [] : additional.map { [$0] } ?? []))
    }

    /// Adds an RRset of one record that only names at or below `owner` may have, if their own is `owner`: names in its RDATA that end so are
    /// compressed where RFC 3597 §4 allows it, with pointers that each response points to the owner.
    mutating func add(compressed record: RecordData, ttl: UInt32, owner: DomainName) -> Handle {
        let whole = record.octets
        var data: [UInt8] = []
        var links: [UInt16] = []
        let format = RecordFormat.of(record.type)
        let fields = format.flatMap { $0.names.contains(.areCompressible) ? $0.split(whole[...]) : nil } ?? []
        for (field, part) in fields {
            let name = DomainName(wire: part)
            // The root is no longer than a pointer to it.
            guard case .name = field, owner != .root, links.count < 2, name.isAtOrBelow(owner) else {
                data += part
                continue
            }
            data += part.dropLast(owner.octets.count)
            links.append(UInt16(EncodedRRset.headerLength + data.count))
            data.append(number: EncodedRRset.owner)
        }
        guard !links.isEmpty else { return add(RRset(record.type, ttl: ttl, records: [record])) }
        guard take(Self.room(forRecords: 1, ofLength: data.count)) else { return placeEmpty() }
        for link in links + [UInt16](repeating: 0, count: 2 - links.count) { withUnsafeBytes(of: link) { octets.append(contentsOf: $0) } }
        let start = octets.count
        append(.other(record.type, data), ttl: ttl)
        return place(
            PlacedRRset(
                type: record.type, isHeld: false, isUnknown: false, hasLinks: true, ends: [UInt32(octets.count - start)], start: start,
                cumulativeWeights: [], additional: []))
    }

    /// Adds a name with RRsets of different types, each added before.
    package mutating func add(_ name: DomainName, _ rrsets: [Handle] = []) {
        guard rrsets.count <= UInt8.max, take(Self.room(forName: name.octets.count, rrsets: rrsets.count)) else { return isOverfull = true }
        let host = rrsets.compactMap { place(of: name, asHostIn: $0) }.first
        names.append(PlacedName(start: host ?? octets.count, length: UInt8(name.octets.count), rrsets: rrsets))
        if host == nil { octets.append(contentsOf: name.octets) }
    }

    /// Where a name stands in `octets` if it is the host of the only record of an RRset, as an instance's own name is in its SRV record.
    private func place(of name: DomainName, asHostIn handle: Handle) -> Int? {
        let rrset = rrsets[handle.index]
        guard rrset.hostOffset > 0, rrset.ends.count == 1, let length = rrset.ends.first else { return nil }
        let start = rrset.start + Int(rrset.hostOffset)
        return octets[start..<rrset.start + Int(length)].elementsEqual(name.octets) ? start : nil
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

    /// Appends a record whose RDATA has at most 65,535 octets.
    private mutating func append(_ record: RecordData, ttl: UInt32) {
        octets.append(number: EncodedRRset.owner)
        octets.append(number: record.type.rawValue)
        octets.append(number: RecordClass.internet)
        octets.append(number: ttl)
        octets.append(number: UInt16(truncatingIfNeeded: record.length))
        record.append(to: &octets)
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

extension RecordBlockBuilder {
    /// Most octets of a block that an RRset takes whose records have RDATA of a length.
    package static func room(forRecords count: Int, ofLength length: Int) -> Int {
        let tables = 2 * MemoryLayout<UInt32>.stride + MemoryLayout<UInt64>.stride + MemoryLayout<AdditionalRRsets>.stride
        return MemoryLayout<EncodedRRset.Entry>.stride + count * (EncodedRRset.headerLength + length + tables)
    }

    /// Most octets of a block that a name of a length takes with references to so many RRsets.
    package static func room(forName length: Int, rrsets count: Int) -> Int {
        MemoryLayout<ZoneNode.Entry>.stride + length + count * MemoryLayout<Int32>.stride
    }

    /// Octets of records for which every response has room: the least one, without its header, the longest question, OPT with an error.
    private static let alwaysFits =
        UDPPayloadSize.withoutEDNS - Header.length - DomainName.maximumLength - 4 - EDNS.recordLength - EDNS.extendedErrorLength
}
