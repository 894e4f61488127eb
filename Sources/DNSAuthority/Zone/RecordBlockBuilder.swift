/// Collects names and RRsets, then lays them out as one `RecordBlock`.
package struct RecordBlockBuilder {
    /// An RRset that has been added.
    package struct Handle: Sendable {
        fileprivate let index: Int
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

    private struct PlacedRRset {
        var type: RecordType
        var isHeld: Bool
        var isUnknown: Bool
        /// Where each record ends, from the RRset's own beginning.
        var ends: [UInt32]
        /// Where the records begin in `octets`.
        var start: Int
        var cumulativeWeights: [UInt64]
        var additional: [Additional]

        /// Octets of each record if all are equally long.
        var commonLength: UInt16? {
            guard let first = ends.first else { return 0 }
            return ends.enumerated().allSatisfy { $1 == first &* UInt32($0 + 1) } ? UInt16(exactly: first) : nil
        }
    }

    private struct PlacedName {
        /// Where the name stands in `octets`.
        var start: Int
        var length: UInt8
        var rrsets: [Handle]
    }

    private var octets: [UInt8] = []
    private var rrsets: [PlacedRRset] = []
    private var names: [PlacedName] = []

    package init() {}

    /// Adds an RRset; `additional` has an entry for each SRV record, or none at all.
    package mutating func add(_ rrset: RRset, additional: [Additional] = []) -> Handle {
        precondition(rrset.weights.isEmpty || rrset.weights.count == rrset.records.count, "a weight a record, or none")
        precondition(additional.isEmpty || additional.count == rrset.records.count, "an entry a record, or none")
        let start = octets.count
        var ends: [UInt32] = []
        for record in rrset.records {
            append(record, ttl: rrset.ttl)
            ends.append(UInt32(octets.count - start))
        }
        return place(
            PlacedRRset(
                type: rrset.type, isHeld: rrset.isHeld, isUnknown: rrset.isUnknown && rrset.records.isEmpty, ends: ends, start: start,
                cumulativeWeights: cumulative(rrset.weights), additional: additional))
    }

    /// Adds an RRset that is one record of another and shares its octets.
    package mutating func add(record index: Int, of handle: Handle, isHeld: Bool, additional: Additional? = nil) -> Handle {
        let whole = rrsets[handle.index]
        let start = index == 0 ? 0 : whole.ends[index - 1]
        return place(
            PlacedRRset(
                type: whole.type, isHeld: isHeld, isUnknown: false, ends: [whole.ends[index] - start], start: whole.start + Int(start),
                cumulativeWeights: [], additional: additional.map { [$0] } ?? []))
    }

    /// Adds a name with RRsets of different types, each added before.
    package mutating func add(_ name: DomainName, _ rrsets: [Handle] = []) {
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
            sum += weight
            return sum
        }
    }
}

/// The owner field of every record: a pointer to the question's name, right after the header (RFC 1035 §4.1.4).
let ownerPointer: UInt16 = 0xC00C

extension RecordBlockBuilder {
    /// Lays out what was added.
    package func build() -> RecordBlock {
        let layout = Layout(self)
        let block = RecordBlock(size: layout.size, nodeCount: names.count)
        octets.withUnsafeBytes { source in
            if let start = source.baseAddress { block.address(layout.octets).copyMemory(from: start, byteCount: source.count) }
        }
        writeRRsets(to: block, layout)
        writeNames(to: block, layout)
        return block
    }

    /// Where each part of a block begins, in octets.
    private struct Layout {
        let rrsets: Int
        let lists: Int
        let targets: Int
        let weights: Int
        let ends: Int
        let octets: Int
        let size: Int

        /// What may be read behind a name.
        private static let margin = 7

        init(_ content: RecordBlockBuilder) {
            var next = RecordBlock.firstNode
            func take<Element>(_ count: Int, _: Element.Type) -> Int {
                defer { next += (count * MemoryLayout<Element>.stride).roundedUpToWord }
                return next
            }
            func sum<Value>(_ values: [Value], _ count: (Value) -> Int) -> Int { values.reduce(0) { $0 + count($1) } }
            _ = take(content.names.count, ZoneNode.Entry.self)
            rrsets = take(content.rrsets.count, EncodedRRset.Entry.self)
            lists = take(sum(content.names) { $0.rrsets.count }, Int32.self)
            targets = take(sum(content.rrsets) { content.glue(of: $0) == nil ? $0.additional.count : 0 }, TargetAddresses.self)
            weights = take(sum(content.rrsets) { $0.cumulativeWeights.count }, UInt64.self)
            ends = take(sum(content.rrsets) { $0.commonLength == nil ? $0.ends.count : 0 }, UInt32.self)
            octets = take(content.octets.count + Self.margin, UInt8.self)
            size = next
        }

        /// Where an RRset's entry stands.
        func entry(of handle: Handle) -> Int { rrsets + handle.index * MemoryLayout<EncodedRRset.Entry>.stride }
    }

    private func writeRRsets(to block: RecordBlock, _ layout: Layout) {
        var targets = layout.targets
        var weights = layout.weights
        var ends = layout.ends
        for (index, rrset) in rrsets.enumerated() {
            let entry = layout.entry(of: Handle(index: index))
            let commonLength = rrset.commonLength
            let glue = glue(of: rrset)
            let addresses = glue.map { layout.octets + $0.start } ?? write(targetsOf: rrset, to: block, &targets, layout)
            let view = EncodedRRset.Entry(
                type: rrset.type, isHeld: rrset.isHeld, isUnknown: rrset.isUnknown, recordLength: commonLength ?? 0,
                glueLength: glue?.length ?? 0, count: UInt32(rrset.ends.count), length: rrset.ends.last ?? 0,
                octets: Int32(layout.octets + rrset.start - entry),
                ends: offset(of: commonLength == nil ? write(rrset.ends, to: block, &ends) : nil, from: entry),
                cumulativeWeights: offset(of: write(rrset.cumulativeWeights, to: block, &weights), from: entry),
                addresses: offset(of: addresses, from: entry))
            block.address(entry).initializeMemory(as: EncodedRRset.Entry.self, to: view)
        }
    }

    /// Writes where each target's addresses are; where that stands, or nil if there are none to write.
    private func write(targetsOf rrset: PlacedRRset, to block: RecordBlock, _ next: inout Int, _ layout: Layout) -> Int? {
        let start = next
        let addresses = rrset.additional.enumerated().map { index, additional in
            let entry = start + index * MemoryLayout<TargetAddresses>.stride
            return TargetAddresses(
                ipv4: offset(of: additional.ipv4.map(layout.entry), from: entry),
                ipv6: offset(of: additional.ipv6.map(layout.entry), from: entry))
        }
        return write(addresses, to: block, &next)
    }

    /// Where the addresses of an RRset's targets stand one after another, and how long each is; nil where they do not.
    private func glue(of rrset: PlacedRRset) -> (start: Int, length: UInt16)? {
        guard rrset.commonLength != nil else { return nil }
        let addresses = rrset.additional.compactMap { ($0.ipv4 == nil) != ($0.ipv6 == nil) ? $0.ipv4 ?? $0.ipv6 : nil }.map {
            rrsets[$0.index]
        }
        guard let first = addresses.first, addresses.count == rrset.ends.count, let length = first.commonLength else { return nil }
        for (index, address) in addresses.enumerated() {
            guard address.ends.count == 1, address.type == first.type, address.start == first.start + index * Int(length) else {
                return nil
            }
        }
        return (first.start, length)
    }

    private func writeNames(to block: RecordBlock, _ layout: Layout) {
        var lists = layout.lists
        for (index, name) in names.enumerated() {
            let entry = RecordBlock.firstNode + index * MemoryLayout<ZoneNode.Entry>.stride
            let list = write(name.rrsets.map { Int32(layout.entry(of: $0) - entry) }, to: block, &lists)
            let node = ZoneNode.Entry(
                block: Int32(-entry), name: Int32(layout.octets + name.start - entry), rrsets: offset(of: list, from: entry),
                nameLength: name.length, count: UInt8(name.rrsets.count))
            block.address(entry).initializeMemory(as: ZoneNode.Entry.self, to: node)
        }
    }

    /// How far a place is behind another; 0 for none.
    private func offset(of place: Int?, from start: Int) -> Int32 { place.map { Int32($0 - start) } ?? 0 }

    /// Copies values to a place that has room for them and moves on behind them; the place, or nil if there are none.
    private func write<Value: BitwiseCopyable>(_ values: [Value], to block: RecordBlock, _ next: inout Int) -> Int? {
        guard !values.isEmpty else { return nil }
        defer { next += values.count * MemoryLayout<Value>.stride }
        block.address(next).bindMemory(to: Value.self, capacity: values.count).initialize(from: values, count: values.count)
        return next
    }
}

extension Int {
    /// The next multiple of eight.
    var roundedUpToWord: Int { (self + 7) & ~7 }
}
