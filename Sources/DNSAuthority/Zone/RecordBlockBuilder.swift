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
        var octets: [UInt8]
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
        names.append(PlacedName(octets: name.octets, rrsets: rrsets))
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
        let pointers: Int
        let targets: Int
        let weights: Int
        let ends: Int
        let names: Int
        let octets: Int
        let size: Int

        init(_ content: RecordBlockBuilder) {
            var next = 0
            func take<Element>(_ count: Int, _: Element.Type) -> Int {
                defer { next += (count * MemoryLayout<Element>.stride).roundedUpToWord }
                return next
            }
            func sum<Value>(_ values: [Value], _ count: (Value) -> Int) -> Int { values.reduce(0) { $0 + count($1) } }
            _ = take(content.names.count, ZoneNode.self)
            rrsets = take(content.rrsets.count, EncodedRRset.self)
            pointers = take(sum(content.names) { $0.rrsets.count }, UnsafePointer<EncodedRRset>.self)
            targets = take(sum(content.rrsets) { $0.additional.count }, TargetAddresses.self)
            weights = take(sum(content.rrsets) { $0.cumulativeWeights.count }, UInt64.self)
            ends = take(sum(content.rrsets) { $0.commonLength == nil ? $0.ends.count : 0 }, UInt32.self)
            names = take(sum(content.names) { $0.octets.count.roundedUpToWord }, UInt8.self)
            octets = take(content.octets.count, UInt8.self)
            size = next
        }
    }

    private func writeRRsets(to block: RecordBlock, _ layout: Layout) {
        let views = block.address(layout.rrsets).bindMemory(to: EncodedRRset.self, capacity: rrsets.count)
        var targets = block.address(layout.targets)
        var weights = block.address(layout.weights)
        var ends = block.address(layout.ends)
        for (index, rrset) in rrsets.enumerated() {
            let addresses = rrset.additional.map { additional in
                TargetAddresses(
                    ipv4: additional.ipv4.map { UnsafePointer(views + $0.index) },
                    ipv6: additional.ipv6.map { UnsafePointer(views + $0.index) })
            }
            let commonLength = rrset.commonLength
            let glue = commonLength == nil ? nil : glue(of: rrset)
            (views + index).initialize(
                to: EncodedRRset(
                    type: rrset.type, isHeld: rrset.isHeld, isUnknown: rrset.isUnknown, recordLength: commonLength ?? 0,
                    glueLength: glue?.length ?? 0, count: UInt32(rrset.ends.count), length: rrset.ends.last ?? 0,
                    octets: UnsafeRawPointer(block.address(layout.octets + rrset.start)),
                    ends: commonLength == nil ? write(rrset.ends, to: &ends) : nil,
                    cumulativeWeights: write(rrset.cumulativeWeights, to: &weights), targets: write(addresses, to: &targets),
                    glue: glue.map { UnsafeRawPointer(block.address(layout.octets + $0.start)) }))
        }
    }

    /// Where the addresses of an RRset's targets stand one after another, and how long each is; nil where they do not.
    private func glue(of rrset: PlacedRRset) -> (start: Int, length: UInt16)? {
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
        let views = block.address(layout.rrsets).assumingMemoryBound(to: EncodedRRset.self)
        let nodes = block.address(0).bindMemory(to: ZoneNode.self, capacity: names.count)
        var pointers = block.address(layout.pointers)
        var octets = block.address(layout.names)
        for (index, name) in names.enumerated() {
            let padding = [UInt8](repeating: 0, count: name.octets.count.roundedUpToWord - name.octets.count)
            let owner = write(name.octets + padding, to: &octets) ?? UnsafePointer(octets.assumingMemoryBound(to: UInt8.self))
            let start = UnsafePointer(pointers.assumingMemoryBound(to: UnsafePointer<EncodedRRset>.self))
            _ = write(name.rrsets.map { UnsafePointer(views + $0.index) }, to: &pointers)
            (nodes + index).initialize(
                to: ZoneNode(
                    name: UnsafeRawPointer(owner), nameLength: UInt8(name.octets.count), count: UInt8(name.rrsets.count), rrsets: start,
                    block: .passUnretained(block)))
        }
    }

    /// Copies values to memory that has room for them and moves on behind them; nil if there are none.
    private func write<Value: BitwiseCopyable>(_ values: [Value], to memory: inout UnsafeMutableRawPointer) -> UnsafePointer<Value>? {
        guard !values.isEmpty else { return nil }
        let start = memory.bindMemory(to: Value.self, capacity: values.count)
        start.initialize(from: values, count: values.count)
        memory = UnsafeMutableRawPointer(start + values.count)
        return UnsafePointer(start)
    }
}

extension Int {
    /// The next multiple of eight.
    var roundedUpToWord: Int { (self + 7) & ~7 }
}
