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
        var flags: EncodedRRset.Flags = []
        /// Where in each record the name of the host begins that has additional data; 0 if none has any.
        var hostOffset: UInt8 = 0
        var count = 0
        /// Octets of every record if they are equally long, else 0.
        var recordLength: UInt16 = 0
        /// Octets of all records together.
        var length = 0
        /// Where the records begin in `octets`.
        var start = 0
        /// Where in `ends` it stands where each record ends, from the RRset's own beginning; nil if they are equally long.
        var ends: Int?
        /// Where in `weights` the running sums of the weights begin; nil where they make no difference.
        var weights: Int?
        /// Where the addresses of the hosts stand in `octets`, one a host and one after another, and how long each is; nil where they do not.
        var addressRun: (start: Int, length: UInt16)?
        /// Where in `additional` the hosts' addresses begin; nil where there are none, or a run of them.
        var additional: Int?
    }

    /// A name that stands in `octets`.
    struct PlacedName {
        /// Where the name stands in `octets`.
        var start: Int
        var length: UInt8
        /// How many RRsets it has; `lists` has those of one name after another.
        var count: UInt8
    }

    private(set) var octets: [UInt8] = []
    private(set) var rrsets: [PlacedRRset] = []
    private(set) var names: [PlacedName] = []
    private(set) var lists: [Handle] = []
    private(set) var ends: [UInt32] = []
    private(set) var weights: [UInt64] = []
    private(set) var additional: [Additional] = []
    private var empty: Handle?
    /// Octets that the block may still grow by.
    private var room: Int
    /// Whether something did not fit and was left out.
    package private(set) var isOverfull = false

    /// Most octets of a block: offsets within it are of 32 bits.
    package static let mostOctets = Int(Int32.max)

    /// A builder of a block of at most so many octets.
    package init(limit: Int = mostOctets) { room = min(limit, Self.mostOctets) - RecordBlockLayout.overhead }

    /// Has room for so many names and octets at once, where they are known before they are added.
    package mutating func reserve(names count: Int, octets length: Int) {
        names.reserveCapacity(count)
        lists.reserveCapacity(2 * count)
        rrsets.reserveCapacity(2 * count)
        octets.reserveCapacity(length)
    }

    /// Adds an RRset. `additional` has an entry for each record, or none at all; it is left out where the records name no hosts.
    package mutating func add(_ rrset: RRset, additional: [Additional] = []) -> Handle {
        let count = rrset.records.count
        precondition(rrset.weights.isEmpty || rrset.weights.count == count, "a weight a record, or none")
        precondition(additional.isEmpty || additional.count == count, "an entry a record, or none")
        precondition(rrset.places.isEmpty || rrset.places.count == count, "a place a record, or none")
        var (length, isWritable) = (0, true)
        for record in rrset.records {
            let octets = record.length
            length += octets
            isWritable = isWritable && octets <= UInt16.max
        }
        if !isWritable { isOverfull = true }
        guard isWritable, take(Self.room(forRecords: count, ofLength: 0) + length) else { return placeEmpty() }
        var placed = PlacedRRset(type: rrset.type, count: count, length: count * EncodedRRset.headerLength + length)
        if rrset.isHeld { placed.flags.insert(.isHeld) }
        if rrset.isUnknown, count == 0 { placed.flags.insert(.isUnknown) }
        if rrset.places.count > 1, placed.length > Self.alwaysFits {
            placed.flags.insert(.hasPlaces)
            rrset.places.withUnsafeBytes { octets.append(contentsOf: $0) }
        }
        placed.start = octets.count
        append(rrset, to: &placed)
        placed.weights = append(weights: rrset.weights)
        if !additional.isEmpty { placed.hostOffset = Self.hostOffset(rrset) }
        if placed.hostOffset > 0 { additional.withUnsafeBufferPointer { set($0, of: &placed) } }
        return place(placed)
    }

    /// Where in each record the name of a host begins; 0 if one has no such name, or not there.
    private static func hostOffset(_ rrset: RRset) -> UInt8 {
        guard let first = rrset.records.first, let common = hostOffset(first), rrset.records.allSatisfy({ hostOffset($0) == common }) else {
            return 0
        }
        return UInt8(exactly: EncodedRRset.headerLength + common) ?? 0
    }

    /// Where in a record's data the name of a host begins; nil if it has none.
    private static func hostOffset(_ record: RecordData) -> Int? {
        // The most frequent, without a look at the table.
        if case .srv = record { return 3 * MemoryLayout<UInt16>.size }
        return RecordFormat.of(record.type)?.host(in: record.octets[...])?.startIndex
    }

    /// Adds an RRset that is one record of another and shares its octets.
    package mutating func add(record index: Int, of handle: Handle, isHeld: Bool, additional: Additional? = nil) -> Handle {
        let whole = rrsets[handle.index]
        guard 0..<whole.count ~= index, take(Self.room(forRecords: 1, ofLength: 0)) else { return placeEmpty() }
        let start = end(ofRecord: index - 1, of: whole)
        let length = end(ofRecord: index, of: whole) - start
        var placed = PlacedRRset(type: whole.type, hostOffset: whole.hostOffset, count: 1, length: length, start: whole.start + start)
        if let recordLength = UInt16(exactly: length) {
            placed.recordLength = recordLength
        } else {
            placed.ends = ends.count
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
        var placed = PlacedRRset(type: record.type, flags: .hasLinks, count: 1, length: EncodedRRset.headerLength + data.count)
        placed.start = octets.count
        append(RRset(record.type, ttl: ttl, records: [.other(record.type, data)]), to: &placed)
        return place(placed)
    }

    /// Adds a name with RRsets of different types, each added before.
    package mutating func add(_ name: DomainName, _ rrsets: [Handle] = []) {
        guard rrsets.count <= UInt8.max, take(Self.room(forName: name.octets.count, rrsets: rrsets.count)) else { return isOverfull = true }
        lists += rrsets
        add(name, count: rrsets.count)
    }

    /// Adds a name with addresses and an SRV RRset, as far as it has them, each added before.
    package mutating func add(_ name: DomainName, _ addresses: Additional, srv: Handle?) {
        guard take(Self.room(forName: name.octets.count, rrsets: 3)) else { return isOverfull = true }
        let before = lists.count
        if let ipv4 = addresses.ipv4 { lists.append(ipv4) }
        if let ipv6 = addresses.ipv6 { lists.append(ipv6) }
        if let srv { lists.append(srv) }
        add(name, count: lists.count - before)
    }

    /// Adds a name with the RRsets that were listed last.
    private mutating func add(_ name: DomainName, count: Int) {
        var host: Int?
        for index in lists.count - count..<lists.count where host == nil { host = place(of: name, asHostIn: lists[index]) }
        names.append(PlacedName(start: host ?? octets.count, length: UInt8(name.octets.count), count: UInt8(count)))
        if host == nil { octets += name.octets }
    }

    /// Where a name stands in `octets` if it is the host of the only record of an RRset, as an instance's own name is in its SRV record.
    private func place(of name: DomainName, asHostIn handle: Handle) -> Int? {
        let rrset = rrsets[handle.index]
        let start = rrset.start + Int(rrset.hostOffset)
        guard rrset.hostOffset > 0, rrset.count == 1, rrset.length == Int(rrset.hostOffset) + name.octets.count else { return nil }
        let isHost = octets.withUnsafeBytes { all in
            name.octets.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: all[start..<start + $0.count]).hasOctets(of: $0) }
        }
        return isHost ? start : nil
    }

    /// Where a record of an RRset ends, from the RRset's beginning; 0 before the first.
    private func end(ofRecord index: Int, of rrset: PlacedRRset) -> Int {
        guard let ends = rrset.ends, index >= 0 else { return (index + 1) * Int(rrset.recordLength) }
        return Int(self.ends[ends + index])
    }

    /// What stands in the place of all RRsets that do not fit.
    private mutating func placeEmpty() -> Handle {
        if let empty { return empty }
        let handle = place(PlacedRRset(type: .a))
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

    /// Appends the records of an RRset with their headers, and where each ends if they are not equally long.
    private mutating func append(_ rrset: RRset, to placed: inout PlacedRRset) {
        let first = rrset.records.first?.length ?? 0
        let commonLength = UInt16(exactly: EncodedRRset.headerLength + first)
        let areEqual = commonLength != nil && rrset.records.allSatisfy { $0.length == first }
        if areEqual { placed.recordLength = rrset.records.isEmpty ? 0 : commonLength ?? 0 } else { placed.ends = ends.count }
        octets.append(contentsOf: repeatElement(0, count: placed.length))
        octets.withUnsafeMutableBytes { memory in
            var next = placed.start
            for record in rrset.records {
                memory.store(EncodedRRset.owner, at: &next)
                memory.store(rrset.type.rawValue, at: &next)
                memory.store(RecordClass.internet, at: &next)
                memory.store(rrset.ttl, at: &next)
                memory.store(UInt16(record.length), at: &next)
                memory.store(record, at: &next)
                if !areEqual { ends.append(UInt32(next - placed.start)) }
            }
        }
    }

    /// Appends running sums of the weights; nil where they make no difference.
    private mutating func append(weights new: [UInt64]) -> Int? {
        guard let first = new.first, !new.allSatisfy({ $0 == first }) else { return nil }
        let start = weights.count
        var sum: UInt64 = 0
        for weight in new {
            sum = sum.addingReportingOverflow(weight).overflow ? .max : sum + weight
            weights.append(sum)
        }
        return start
    }

    /// Says where the addresses of an RRset's hosts are.
    private mutating func set(_ new: UnsafeBufferPointer<Additional>, of rrset: inout PlacedRRset) {
        rrset.addressRun = addressRun(new, rrset)
        guard rrset.addressRun == nil, !new.isEmpty else { return }
        rrset.additional = additional.count
        additional.append(contentsOf: new)
    }

    /// Where the addresses of an RRset's hosts stand, one a host and one after another, and how long each is; nil where they do not.
    private func addressRun(_ additional: UnsafeBufferPointer<Additional>, _ rrset: PlacedRRset) -> (start: Int, length: UInt16)? {
        guard rrset.ends == nil, let first = additional.first.flatMap(address) else { return nil }
        for (index, additional) in additional.enumerated() {
            guard let address = address(additional), address.count == 1, address.type.rawValue == first.type.rawValue,
                address.start == first.start + index * first.length
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

extension UnsafeMutableRawBufferPointer {
    /// Stores a number in network order and moves on behind it.
    fileprivate func store<Number: FixedWidthInteger>(_ number: Number, at next: inout Int) {
        storeBytes(of: number.bigEndian, toByteOffset: next, as: Number.self)
        next += MemoryLayout<Number>.size
    }

    fileprivate func store(_ octets: [UInt8], at next: inout Int) {
        octets.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: self[next..<next + $0.count]).copyMemory(from: $0) }
        next += octets.count
    }

    /// Stores a record's data.
    fileprivate func store(_ record: RecordData, at next: inout Int) {
        switch record {
        case .a(let address): store(address, at: &next)
        case .aaaa(let address): store(address, at: &next)
        case .srv(let priority, let weight, let port, let target):
            store(priority, at: &next)
            store(weight, at: &next)
            store(port, at: &next)
            store(target.octets, at: &next)
        default: store(record.octets, at: &next)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these are the octets of another buffer of the same length, eight at a time.
    fileprivate func hasOctets(of other: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index + 8 <= count {
            let own = loadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard own == other.loadUnaligned(fromByteOffset: index, as: UInt64.self) else { return false }
            index += 8
        }
        while index < count {
            guard self[index] == other[index] else { return false }
            index += 1
        }
        return true
    }
}
