/// What a zone holds for a question (RFC 1034 §4.3.2, RFC 2308 §2). Pointers are valid as long as the zone.
enum LookupResult {
    /// The name exists and has records of the asked type.
    case data(UnsafePointer<EncodedRRset>)
    /// The name exists, has records, and all of them are asked for.
    case all(UnsafePointer<ZoneNode>)
    /// The name exists; whether it has records of the asked type is not known at present.
    case unknown
    /// The name exists; it has no records of the asked type.
    case noData
    /// The name does not exist, nor does anything below it.
    case nameError
}

extension ZoneView {
    /// Looks up a name at or below the origin. ANY gives every RRset, or one if not `isAnyWhole` (RFC 8482 §4.1).
    /// O(octets), no allocation.
    @inline(__always)
    func lookup(_ name: FoldedName, _ type: RecordType, isAnyWhole: Bool) -> LookupResult {
        guard let node = node(name) else { return .nameError }
        if type == .any { return Self.any(of: node, isWhole: isAnyWhole) }
        for index in 0..<Int(node.pointee.count) where node.pointee.rrsets[index].pointee.type == type {
            let rrset = node.pointee.rrsets[index]
            if rrset.pointee.count > 0 { return .data(rrset) }
            return rrset.pointee.isUnknown ? .unknown : .noData
        }
        return .noData
    }

    private static func any(of node: UnsafePointer<ZoneNode>, isWhole: Bool) -> LookupResult {
        let rrsets = UnsafeBufferPointer(start: node.pointee.rrsets, count: Int(node.pointee.count))
        guard let first = rrsets.first(where: { $0.pointee.count > 0 }) else {
            return rrsets.contains { $0.pointee.isUnknown } ? .unknown : .noData
        }
        return isWhole ? .all(node) : .data(first)
    }
}
