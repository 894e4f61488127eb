/// Which names of a zone may have other records than in an earlier state of it.
package struct ZoneChanges {
    /// Blocks that have come since then; some of their names may lead to others by now.
    private var blocks: [ObjectIdentifier: RecordBlock] = [:]
    /// Names that have gone since then; some may be back.
    private var removed: Set<DomainName> = []

    mutating func note(_ block: RecordBlock) { blocks[ObjectIdentifier(block)] = block }

    mutating func note(removed name: DomainName) { removed.insert(name) }

    /// The difference between the earlier state and the later; nil if it has more octets than `limit`, or if names have changed of which nothing
    /// is noted. `builder` has made both. O(names that may differ + records of those that do).
    package func difference(from old: Zone, to new: Zone, by builder: ZoneBuilder, limit: Int) -> ZoneDifference? {
        var records = ChangedRecords(old: old.view, new: new.view, limit: limit)
        for block in blocks.values {
            guard records.hasAllNames(of: block, builder.namesBelow) else { return nil }
            for index in 0..<block.nodeCount {
                let name = block.node(index).name
                guard new.view.node(named: name)?.block.toOpaque() == Unmanaged.passUnretained(block).toOpaque() else { continue }
                guard records.compare(name) else { return nil }
            }
        }
        for name in removed where !hasNoted(new.view, name) { guard records.compare(name) else { return nil } }
        return ZoneDifference(from: old.authority.serial, to: new.authority.serial, gone: records.gone, came: records.came)
    }

    private func hasNoted(_ view: ZoneView, _ name: DomainName) -> Bool {
        guard let node = name.octets.withUnsafeBytes(view.node(named:)) else { return false }
        return blocks[ObjectIdentifier(node.block.takeUnretainedValue())] != nil
    }
}

/// The records by which names differ in two zones.
private struct ChangedRecords {
    let old: ZoneView
    let new: ZoneView
    let limit: Int
    private(set) var gone: [UInt8] = []
    private(set) var came: [UInt8] = []
    /// The names that have been compared, where names may come up twice.
    private var compared: Set<[UInt8]> = []
    private let hasCoveringNames: Bool

    init(old: ZoneView, new: ZoneView, limit: Int) {
        (self.old, self.new, self.limit) = (old, new, limit)
        hasCoveringNames = old.hasCoveringNames || new.hasCoveringNames
    }

    /// Compares what a name has, which must not have been compared before; false if there are too many octets.
    mutating func compare(_ name: UnsafeRawBufferPointer) -> Bool {
        let (old, new) = (old.node(named: name), new.node(named: name))
        guard hasCoveringNames else {
            if let old, let new, old.hasRecords(of: new) { return true }
            return compare(old, new)
        }
        guard compared.insert(Array(name)).inserted else { return true }
        return compare(old, new) && compareNamesAbove(name)
    }

    /// Whether all names are in a block that lie below those of its names that answer for others: what these answer may have changed.
    func hasAllNames(of block: RecordBlock, _ namesBelow: (DomainName) -> Int) -> Bool {
        guard hasCoveringNames else { return true }
        return (0..<block.nodeCount).allSatisfy { index in
            let covering = block.node(index)
            guard covering.coversBelow else { return true }
            let own = (0..<block.nodeCount).count { other in
                let node = block.node(other)
                guard other != index, node.folded.isAtOrBelow(covering.wire, length: covering.name.count) else { return false }
                return new.node(named: node.name)?.block.toOpaque() == Unmanaged.passUnretained(block).toOpaque()
            }
            return own == namesBelow(covering.owner)
        }
    }

    mutating func compare(_ name: DomainName) -> Bool { name.octets.withUnsafeBytes { compare($0) } }

    /// Compares the empty non-terminals above a name: they have what the name has that answers for all names below it.
    private mutating func compareNamesAbove(_ name: UnsafeRawBufferPointer) -> Bool {
        var rest = name[...]
        while let label = rest.first, label > 0, rest.count - 1 - Int(label) > new.originLength {
            rest = rest.dropFirst(1 + Int(label))
            let above = UnsafeRawBufferPointer(rebasing: rest)
            let (old, new) = (old.node(named: above), new.node(named: above))
            guard old?.isBetween == true || new?.isBetween == true, compared.insert(Array(above)).inserted else { continue }
            guard compare(old, new) else { return false }
        }
        return true
    }

    private mutating func compare(_ old: ZoneNode?, _ new: ZoneNode?) -> Bool {
        var (before, after): ([UInt8], [UInt8]) = ([], [])
        if let old { ZoneRecords.append(old, of: self.old, to: &before) }
        if let new { ZoneRecords.append(new, of: self.new, to: &after) }
        note(Self.records(in: before), Self.records(in: after))
        return gone.count + came.count <= limit
    }

    /// Notes what one list of records has and the other has not. Most lists begin and end as the other does.
    private mutating func note(_ before: [ArraySlice<UInt8>], _ after: [ArraySlice<UInt8>]) {
        let first = zip(before, after).prefix { $0 == $1 }.count
        let last = zip(before.reversed(), after.reversed()).prefix(min(before.count, after.count) - first).prefix { $0 == $1 }.count
        let (old, new) = (before[first..<before.count - last], after[first..<after.count - last])
        let (olds, news) = (Set(old), Set(new))
        for record in old where !news.contains(record) { gone += record }
        for record in new where !olds.contains(record) { came += record }
    }

    /// Records in wire form that stand one after another, with no name compressed.
    private static func records(in octets: [UInt8]) -> [ArraySlice<UInt8>] {
        var records: [ArraySlice<UInt8>] = []
        var start = 0
        while start < octets.count {
            var end = start
            while octets[end] > 0 { end += 1 + Int(octets[end]) }
            // The root's length, then type, class and TTL.
            end += 1 + 8
            end += 2 + Int(octets[end]) << 8 + Int(octets[end + 1])
            records.append(octets[start..<end])
            start = end
        }
        return records
    }
}

extension ZoneNode {
    /// Whether its records are those of another node of the same name.
    fileprivate func hasRecords(of other: ZoneNode) -> Bool {
        guard count == other.count else { return false }
        return (0..<count).allSatisfy { index in
            let (own, other) = (self[index], other[index])
            guard own.type == other.type, own.count == other.count, own.length == other.length, own.isBrief == other.isBrief else {
                return false
            }
            return UnsafeRawBufferPointer(start: own.octets, count: own.length)
                .hasOctets(of: UnsafeRawBufferPointer(start: other.octets, count: other.length))
        }
    }
}
