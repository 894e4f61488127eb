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
        var flags: EncodedRRset.Flags = []
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
        /// Where the addresses of the targets stand in `octets` one after another, and how long each is.
        var glue: (start: Int, length: UInt16)?
        /// Where in `additional` the targets' addresses begin; nil where there are none, or there is glue.
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

    /// Adds an RRset; `additional` has an entry for each SRV record, or none at all.
    package mutating func add(_ rrset: RRset, additional: [Additional] = []) -> Handle {
        let count = rrset.records.count
        precondition(rrset.weights.isEmpty || rrset.weights.count == count, "a weight a record, or none")
        precondition(additional.isEmpty || additional.count == count, "an entry a record, or none")
        precondition(rrset.places.isEmpty || rrset.places.count == count, "a place a record, or none")
        let length = rrset.records.reduce(0) { $0 + $1.length }
        guard take(Self.room(forRecords: count, ofLength: 0) + length) else { return placeEmpty() }
        var placed = PlacedRRset(type: rrset.type, count: count, length: count * Self.recordHeaderLength + length)
        if rrset.isHeld { placed.flags.insert(.isHeld) }
        if rrset.isUnknown, count == 0 { placed.flags.insert(.isUnknown) }
        if rrset.places.count > 1, placed.length > Self.alwaysFits {
            placed.flags.insert(.hasPlaces)
            rrset.places.withUnsafeBytes { octets.append(contentsOf: $0) }
        }
        placed.start = octets.count
        append(rrset, to: &placed)
        placed.weights = append(weights: rrset.weights)
        additional.withUnsafeBufferPointer { set($0, of: &placed) }
        return place(placed)
    }

    /// Adds an RRset that is one record of another and shares its octets.
    package mutating func add(record index: Int, of handle: Handle, isHeld: Bool, additional: Additional? = nil) -> Handle {
        let whole = rrsets[handle.index]
        guard 0..<whole.count ~= index, take(Self.room(forRecords: 1, ofLength: 0)) else { return placeEmpty() }
        let start = end(ofRecord: index - 1, of: whole)
        let length = end(ofRecord: index, of: whole) - start
        var placed = PlacedRRset(type: whole.type, count: 1, length: length, start: whole.start + start)
        if let recordLength = UInt16(exactly: length) {
            placed.recordLength = recordLength
        } else {
            placed.ends = ends.count
            ends.append(UInt32(length))
        }
        if isHeld { placed.flags.insert(.isHeld) }
        if let additional { withUnsafePointer(to: additional) { set(.init(start: $0, count: 1), of: &placed) } }
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
        var target: Int?
        for index in lists.count - count..<lists.count where target == nil { target = place(of: name, asTargetIn: lists[index]) }
        names.append(PlacedName(start: target ?? octets.count, length: UInt8(name.octets.count), count: UInt8(count)))
        if target == nil { octets += name.octets }
    }

    /// Where a name stands in `octets` if it is the target of the only record of an SRV RRset, as an instance's own name mostly is.
    private func place(of name: DomainName, asTargetIn handle: Handle) -> Int? {
        let rrset = rrsets[handle.index]
        let start = rrset.start + EncodedRRset.targetOffset
        guard rrset.type.rawValue == RecordType.srv.rawValue, rrset.count == 1,
            rrset.length == EncodedRRset.targetOffset + name.octets.count
        else { return nil }
        let isTarget = octets.withUnsafeBytes { all in
            name.octets.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: all[start..<start + $0.count]).hasOctets(of: $0) }
        }
        return isTarget ? start : nil
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
        let commonLength = UInt16(exactly: Self.recordHeaderLength + first)
        let areEqual = commonLength != nil && rrset.records.allSatisfy { $0.length == first }
        if areEqual { placed.recordLength = rrset.records.isEmpty ? 0 : commonLength ?? 0 } else { placed.ends = ends.count }
        octets.append(contentsOf: repeatElement(0, count: placed.length))
        octets.withUnsafeMutableBytes { memory in
            var next = placed.start
            for record in rrset.records {
                memory.store(ownerPointer, at: &next)
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

    /// Says where the addresses of an RRset's targets are.
    private mutating func set(_ new: UnsafeBufferPointer<Additional>, of rrset: inout PlacedRRset) {
        rrset.glue = glue(new, rrset)
        guard rrset.glue == nil, !new.isEmpty else { return }
        rrset.additional = additional.count
        additional.append(contentsOf: new)
    }

    /// Where the addresses of an RRset's targets stand one after another, and how long each is; nil where they do not.
    private func glue(_ additional: UnsafeBufferPointer<Additional>, _ rrset: PlacedRRset) -> (start: Int, length: UInt16)? {
        guard rrset.ends == nil, let first = additional.first.flatMap(address) else { return nil }
        for (index, additional) in additional.enumerated() {
            guard let address = address(additional), address.count == 1, address.type.rawValue == first.type.rawValue,
                address.start == first.start + index * first.length
            else { return nil }
        }
        return (first.start, first.recordLength)
    }

    /// A target's addresses if they are of one type.
    private func address(_ additional: Additional) -> PlacedRRset? {
        switch (additional.ipv4, additional.ipv6) {
        case (let only?, nil), (nil, let only?): rrsets[only.index]
        case (nil, nil), (_?, _?): nil
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
