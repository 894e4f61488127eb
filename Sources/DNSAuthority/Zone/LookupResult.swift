/// What a zone holds for a question (RFC 1034 §4.3.2, RFC 2308 §2). Views are valid as long as the zone.
enum LookupResult {
    /// The name exists and has records of the asked type.
    case data(EncodedRRset)
    /// The name exists, has records, and all of them are asked for.
    case all(ZoneNode)
    /// The name exists; whether it has records of the asked type is not known at present.
    case unknown
    /// The name exists; it has no records of the asked type.
    case noData
    /// The name does not exist, nor does anything below it.
    case nameError
}

extension ZoneView {
    /// Looks up a name at or below the origin. O(octets), no allocation.
    @inline(__always)
    func lookup(_ name: FoldedName, _ type: RecordType) -> LookupResult {
        guard let node = node(name) else { return .nameError }
        if type == .any { return Self.any(of: node) }
        for index in 0..<node.count where node[index].type == type {
            let rrset = node[index]
            if rrset.count > 0 { return .data(rrset) }
            return rrset.isUnknown ? .unknown : .noData
        }
        return .noData
    }

    /// Whether the closest name above one that does not exist is a service of which nothing is known: its instances are not known either.
    /// From the origin down, as names exist above each that does (RFC 8020): O(labels of that name), however many the one asked for has.
    func isBelowUnknownService(_ name: FoldedName) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: FoldedName.capacity) { words in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: DomainName.maximumLength) { starts in
                guard let memory = words.baseAddress else { return false }
                var count = 0
                var start = 0
                while name.length - start > origin.length, count < starts.count {
                    starts[count] = UInt8(truncatingIfNeeded: start)
                    count += 1
                    start += 1 + Int(name.octets.load(fromByteOffset: start, as: UInt8.self))
                }
                var closest: ZoneNode?
                while count > 0 {
                    count -= 1
                    let start = Int(starts[count])
                    guard let node = node(FoldedName(name.octets + start, length: name.length - start, in: memory)) else { break }
                    closest = node
                }
                return closest?.isUnknownService == true
            }
        }
    }

    private static func any(of node: ZoneNode) -> LookupResult {
        if (0..<node.count).contains(where: { node[$0].count > 0 }) { return .all(node) }
        return (0..<node.count).contains { node[$0].isUnknown } ? .unknown : .noData
    }
}
