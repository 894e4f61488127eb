extension RecordBlockBuilder {
    /// Adds an RRset. `additional` has an entry for each record, or none at all; it is left out where the records name no hosts.
    package mutating func add(_ rrset: RRset, additional: [Additional] = []) -> Handle {
        precondition(rrset.weights.isEmpty || rrset.weights.count == rrset.count, "a weight a record, or none")
        precondition(additional.isEmpty || additional.count == rrset.count, "an entry a record, or none")
        precondition(rrset.places.isEmpty || rrset.places.count == rrset.count, "a place a record, or none")
        let dataLength = rrset.octets.count - rrset.count * EncodedRRset.headerLength
        if !rrset.isWritable { isOverfull = true }
        guard rrset.isWritable, take(Self.room(forRecords: rrset.count, ofLength: 0) + dataLength) else { return placeEmpty() }
        var placed = PlacedRRset(type: rrset.type, count: UInt32(rrset.count), length: UInt32(rrset.octets.count))
        if rrset.isHeld { placed.flags.insert(.isHeld) }
        if rrset.givesOne { placed.flags.insert(.givesOne) }
        if rrset.isUnknown, rrset.count == 0 { placed.flags.insert(.isUnknown) }
        if rrset.places.count > 1, placed.length > Self.alwaysFits {
            placed.flags.insert(.hasPlaces)
            rrset.places.withUnsafeBytes { octets.append(contentsOf: $0) }
        }
        append(rrset, to: &placed)
        placed.weights = append(weights: rrset.weights)
        if !additional.isEmpty { placed.hostOffset = Self.hostOffset(rrset) }
        if placed.hostOffset > 0 { additional.withUnsafeBufferPointer { set($0, of: &placed) } }
        return place(placed)
    }

    /// Adds an RRset that has the records of another and shares their octets. Each answer has one of them, which clients may keep for a second
    /// at most.
    package mutating func add(oneOf handle: Handle) -> Handle {
        guard take(Self.room(forRecords: 0, ofLength: 0)) else { return placeEmpty() }
        var placed = rrsets[handle.index]
        placed.flags.formUnion([.givesOne, .isBrief])
        return place(placed)
    }

    /// Adds an RRset that is one record of another and shares its octets.
    package mutating func add(record index: Int, of handle: Handle, isHeld: Bool, additional: Additional? = nil) -> Handle {
        let whole = rrsets[handle.index]
        guard 0..<Int(whole.count) ~= index, take(Self.room(forRecords: 1, ofLength: 0)) else { return placeEmpty() }
        let start = end(ofRecord: index - 1, of: whole)
        let length = end(ofRecord: index, of: whole) - start
        var placed = PlacedRRset(type: whole.type, hostOffset: whole.hostOffset, count: 1, length: UInt32(length))
        placed.start = whole.start + Int32(start)
        if let recordLength = UInt16(exactly: length) {
            placed.recordLength = recordLength
        } else {
            placed.ends = Int32(ends.count)
            ends.append(UInt32(length))
        }
        if isHeld { placed.flags.insert(.isHeld) }
        if let additional, placed.hostOffset > 0 { withUnsafePointer(to: additional) { set(.init(start: $0, count: 1), of: &placed) } }
        return place(placed)
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
        var placed = PlacedRRset(type: record.type, flags: .hasLinks, count: 1, length: UInt32(EncodedRRset.headerLength + data.count))
        append(RRset(record.type, ttl: ttl, records: [.other(record.type, data)]), to: &placed)
        return place(placed)
    }

    /// Where a record of an RRset ends, from the RRset's beginning; 0 before the first.
    private func end(ofRecord index: Int, of rrset: PlacedRRset) -> Int {
        guard let ends = rrset.ends, index >= 0 else { return (index + 1) * Int(rrset.recordLength) }
        return Int(self.ends[Int(ends) + index])
    }

    /// Appends the records of an RRset, and where each ends if they are not equally long.
    private mutating func append(_ rrset: RRset, to placed: inout PlacedRRset) {
        placed.start = Int32(octets.count)
        octets += rrset.octets
        if let length = rrset.recordLength.flatMap(UInt16.init(exactly:)) {
            placed.recordLength = length
        } else if rrset.count > 0 {
            placed.ends = Int32(ends.count)
            ends += rrset.ends
        }
    }

    /// Appends running sums of the weights; nil where they make no difference.
    private mutating func append(weights new: [UInt64]) -> Int32? {
        guard let first = new.first, !new.allSatisfy({ $0 == first }) else { return nil }
        let start = Int32(weights.count)
        var sum: UInt64 = 0
        for weight in new {
            sum = sum.addingReportingOverflow(weight).overflow ? .max : sum + weight
            weights.append(sum)
        }
        return start
    }

    /// Octets of records for which every response has room: the least one, without its header, the longest question, OPT with an error.
    private static let alwaysFits =
        UDPPayloadSize.withoutEDNS - Header.length - DomainName.maximumLength - 4 - EDNS.recordLength - EDNS.extendedErrorLength
}

// MARK: Additional data

extension RecordBlockBuilder {
    /// Where in each record the name of a host begins; 0 if one has no such name, or not there.
    private static func hostOffset(_ rrset: RRset) -> UInt8 {
        // The most frequent, without a look at the records.
        if rrset.type == .srv, !rrset.hasOpaqueData { return UInt8(EncodedRRset.headerLength + 3 * MemoryLayout<UInt16>.size) }
        guard let format = RecordFormat.of(rrset.type) else { return 0 }
        let ends = rrset.ends.map(Int.init)
        let offsets = zip([0] + ends, ends).map { start, end in
            format.host(in: rrset.octets[start + EncodedRRset.headerLength..<end]).map { $0.startIndex - start }
        }
        guard let first = offsets.first, let common = first, offsets.allSatisfy({ $0 == common }) else { return 0 }
        return UInt8(exactly: common) ?? 0
    }

    /// Says where the addresses of an RRset's hosts are.
    private mutating func set(_ new: UnsafeBufferPointer<Additional>, of rrset: inout PlacedRRset) {
        if let run = addressRun(new, rrset) {
            (rrset.additional, rrset.addressLength) = (run.start, run.length)
        } else if !new.isEmpty {
            rrset.additional = Int32(additional.count)
            additional.append(contentsOf: new)
        }
    }

    /// Where the addresses of an RRset's hosts stand in `octets`, one a host and one after another, and how long each is; nil where they do not.
    private func addressRun(_ additional: UnsafeBufferPointer<Additional>, _ rrset: PlacedRRset) -> (start: Int32, length: UInt16)? {
        guard rrset.ends == nil, let first = additional.first.flatMap(address), first.recordLength > 0 else { return nil }
        for (index, additional) in additional.enumerated() {
            guard let address = address(additional), address.count == 1, address.type.rawValue == first.type.rawValue,
                Int(address.start) == Int(first.start) + index * Int(first.length)
            else { return nil }
        }
        return (first.start, first.recordLength)
    }

    /// A host's addresses if they are of one type.
    private func address(_ additional: Additional) -> PlacedRRset? {
        switch (additional.ipv4, additional.ipv6) {
        case (let only?, nil), (nil, let only?): rrsets[only.index]
        case (nil, nil), (_?, _?): nil
        }
    }
}
