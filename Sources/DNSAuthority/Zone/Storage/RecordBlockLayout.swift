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
        _ = take(content.names.count, ZoneNode.Entry.self)
        rrsets = take(content.rrsets.count, EncodedRRset.Entry.self)
        lists = take(content.lists.count, Int32.self)
        additional = take(content.additional.count, AdditionalRRsets.self)
        weights = take(content.weights.count, UInt64.self)
        ends = take(content.ends.count, UInt32.self)
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
        for index in rrsets.indices { writeRRset(index, to: block, layout) }
        writeNames(to: block, layout, isBetween: isBetween)
        writeAdditional(to: block, layout)
        write(weights, to: block, layout.weights)
        write(ends, to: block, layout.ends)
        return block
    }

    private func writeRRset(_ index: Int, to block: RecordBlock, _ layout: RecordBlockLayout) {
        let rrset = rrsets[index]
        let entry = layout.entry(of: Handle(index: index))
        func place<Element>(_ index: Int32?, _ start: Int, _: Element.Type) -> Int? {
            index.map { start + Int($0) * MemoryLayout<Element>.stride }
        }
        let additional =
            rrset.addressLength > 0
            ? place(rrset.additional, layout.octets, UInt8.self) : place(rrset.additional, layout.additional, AdditionalRRsets.self)
        let view = EncodedRRset.Entry(
            type: rrset.type, flags: rrset.flags, hostOffset: rrset.hostOffset, recordLength: rrset.recordLength,
            addressLength: rrset.addressLength, count: rrset.count, length: rrset.length,
            octets: Int32(layout.octets + Int(rrset.start) - entry),
            ends: offset(of: place(rrset.ends, layout.ends, UInt32.self), from: entry),
            cumulativeWeights: offset(of: place(rrset.weights, layout.weights, UInt64.self), from: entry),
            additional: offset(of: additional, from: entry))
        block.address(entry).initializeMemory(as: EncodedRRset.Entry.self, to: view)
    }

    private func writeNames(to block: RecordBlock, _ layout: RecordBlockLayout, isBetween: Bool) {
        var next = 0
        for (index, name) in names.enumerated() {
            let entry = RecordBlock.firstNode + index * MemoryLayout<ZoneNode.Entry>.stride
            let list = layout.lists + next * MemoryLayout<Int32>.stride
            let node = ZoneNode.Entry(
                block: Int32(-entry), name: Int32(layout.octets + name.start - entry), rrsets: name.count == 0 ? 0 : Int32(list - entry),
                nameLength: name.length, count: name.count,
                flags: name.coversBelow ? .coversBelow : isBetween ? .isBetween : [])
            block.address(entry).initializeMemory(as: ZoneNode.Entry.self, to: node)
            for position in 0..<Int(name.count) {
                let place = block.address(list + position * MemoryLayout<Int32>.stride)
                place.initializeMemory(as: Int32.self, to: Int32(layout.entry(of: lists[next + position]) - entry))
            }
            next += Int(name.count)
        }
    }

    private func writeAdditional(to block: RecordBlock, _ layout: RecordBlockLayout) {
        for (index, additional) in additional.enumerated() {
            let entry = layout.additional + index * MemoryLayout<AdditionalRRsets>.stride
            let addresses = AdditionalRRsets(
                ipv4: offset(of: additional.ipv4.map(layout.entry), from: entry),
                ipv6: offset(of: additional.ipv6.map(layout.entry), from: entry))
            block.address(entry).initializeMemory(as: AdditionalRRsets.self, to: addresses)
        }
    }

    /// How far a place is behind another; 0 for none.
    private func offset(of place: Int?, from start: Int) -> Int32 { place.map { Int32($0 - start) } ?? 0 }

    private func write<Value: BitwiseCopyable>(_ values: [Value], to block: RecordBlock, _ place: Int) {
        block.address(place).bindMemory(to: Value.self, capacity: values.count).initialize(from: values, count: values.count)
    }
}

extension Int {
    /// The next multiple of eight.
    var roundedUpToWord: Int { (self + 7) & ~7 }
}
