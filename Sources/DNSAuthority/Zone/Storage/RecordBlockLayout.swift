/// Where each part of a block begins, in octets.
struct RecordBlockLayout {
    let rrsets: Int
    let lists: Int
    let additional: Int
    let weights: Int
    let ends: Int
    let octets: Int
    let size: Int

    /// What may be read behind a name.
    private static let margin = 7

    /// Octets that a block takes beside names and RRsets: its own address, the margin, what the parts lose to alignment, and the empty RRset
    /// that stands for what does not fit.
    static let overhead = RecordBlock.firstNode + margin + 6 * 7 + MemoryLayout<EncodedRRset.Entry>.stride

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
        additional = take(sum(content.rrsets) { content.addressRun(of: $0) == nil ? $0.additional.count : 0 }, AdditionalRRsets.self)
        weights = take(sum(content.rrsets) { $0.cumulativeWeights.count }, UInt64.self)
        ends = take(sum(content.rrsets) { $0.commonLength == nil ? $0.ends.count : 0 }, UInt32.self)
        octets = take(content.octets.count + Self.margin, UInt8.self)
        size = next
    }

    /// Where an RRset's entry stands.
    func entry(of handle: RecordBlockBuilder.Handle) -> Int { rrsets + handle.index * MemoryLayout<EncodedRRset.Entry>.stride }
}

extension RecordBlockBuilder {
    /// Lays out what was added; `isBetween` says that these names are empty non-terminals.
    package func build(isBetween: Bool = false) -> RecordBlock {
        let layout = RecordBlockLayout(self)
        let block = RecordBlock(size: layout.size, nodeCount: names.count, isBetween: isBetween)
        octets.withUnsafeBytes { source in
            if let start = source.baseAddress { block.address(layout.octets).copyMemory(from: start, byteCount: source.count) }
        }
        writeRRsets(to: block, layout)
        writeNames(to: block, layout)
        return block
    }

    private func writeRRsets(to block: RecordBlock, _ layout: RecordBlockLayout) {
        var nextAdditional = layout.additional
        var weights = layout.weights
        var ends = layout.ends
        for (index, rrset) in rrsets.enumerated() {
            let entry = layout.entry(of: Handle(index: index))
            let commonLength = rrset.commonLength
            let run = addressRun(of: rrset)
            let additional = run.map { layout.octets + $0.start } ?? write(additionalOf: rrset, to: block, &nextAdditional, layout)
            let view = EncodedRRset.Entry(
                type: rrset.type, flags: rrset.flags, hostOffset: rrset.hostOffset, recordLength: commonLength ?? 0,
                addressLength: run?.length ?? 0, count: UInt32(rrset.ends.count), length: rrset.ends.last ?? 0,
                octets: Int32(layout.octets + rrset.start - entry),
                ends: offset(of: commonLength == nil ? write(rrset.ends, to: block, &ends) : nil, from: entry),
                cumulativeWeights: offset(of: write(rrset.cumulativeWeights, to: block, &weights), from: entry),
                additional: offset(of: additional, from: entry))
            block.address(entry).initializeMemory(as: EncodedRRset.Entry.self, to: view)
        }
    }

    /// Writes where the addresses of each record's host are; where that stands, or nil if there are none to write.
    private func write(additionalOf rrset: PlacedRRset, to block: RecordBlock, _ next: inout Int, _ layout: RecordBlockLayout) -> Int? {
        let start = next
        let addresses = rrset.additional.enumerated().map { index, additional in
            let entry = start + index * MemoryLayout<AdditionalRRsets>.stride
            return AdditionalRRsets(
                ipv4: offset(of: additional.ipv4.map(layout.entry), from: entry),
                ipv6: offset(of: additional.ipv6.map(layout.entry), from: entry))
        }
        return write(addresses, to: block, &next)
    }

    /// Where the addresses of an RRset's hosts stand, one a host and one after another, and how long each is; nil where they do not.
    func addressRun(of rrset: PlacedRRset) -> (start: Int, length: UInt16)? {
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

    private func writeNames(to block: RecordBlock, _ layout: RecordBlockLayout) {
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
