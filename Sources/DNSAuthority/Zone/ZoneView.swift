/// A zone as the query path sees it: a plain pointer, valid as long as the zone, so that no look-up counts references.
struct ZoneView {
    /// What a look-up reads.
    struct Storage {
        /// The name at the top in lower case; seven octets of any kind stand behind it.
        let origin: UnsafeRawPointer
        /// Octets of the origin.
        let originLength: Int
        /// The SOA record of negative answers.
        let negativeAuthority: EncodedRRset
        let seed: UInt64
        let shards: UnsafePointer<ZoneShard>
        /// How many bits of a hash tell the shard.
        let shardBits: UInt64
        let exceptions: Exceptions
    }

    /// What names that are not in the zone may be, beside names that do not exist.
    struct Exceptions: OptionSet {
        let rawValue: UInt8
        /// They may lie below a service of which nothing is known.
        static let unknownServices = Exceptions(rawValue: 1)
        /// They may lie below a name that has an answer for all names below it.
        static let coveringNames = Exceptions(rawValue: 2)
    }

    private let storage: UnsafePointer<Storage>

    init(_ storage: UnsafePointer<Storage>) { self.storage = storage }

    /// Octets of the origin.
    var originLength: Int { storage.pointee.originLength }
    /// The SOA record of negative answers.
    var negativeAuthority: EncodedRRset { storage.pointee.negativeAuthority }

    /// Whether a name is the origin or below it. O(octets), no allocation.
    @inline(__always)
    func contains(_ name: FoldedName) -> Bool { name.isAtOrBelow(storage.pointee.origin, length: storage.pointee.originLength) }

    /// The node of a name at or below the origin; nil if there is no such name. O(octets), no allocation.
    @inline(__always)
    func node(_ name: FoldedName) -> ZoneNode? {
        let hash = name.hash(seed: storage.pointee.seed)
        let shard = storage.pointee.shards[Int(truncatingIfNeeded: ZoneView.shard(of: hash, bits: storage.pointee.shardBits))]
        var index = Int(truncatingIfNeeded: hash) & shard.mask
        while let node = shard.slots[index].node {
            if shard.slots[index].hash == hash, name.equals(node.name) { return node }
            index = (index &+ 1) & shard.mask
        }
        return nil
    }

    /// The upper `bits` bits of a hash, at most 63. In two steps, as a shift by 64 would be none.
    @inline(__always)
    static func shard(of hash: UInt64, bits: UInt64) -> UInt64 { (hash &>> 1) &>> (63 &- bits) }
}

/// What a zone holds for a question (RFC 1034 §4.3.2, RFC 2308 §2). Views are valid as long as the zone.
enum LookupResult {
    /// The name exists and has records of the asked type.
    case data(EncodedRRset)
    /// The name exists, has records, and all of them are asked for.
    case all(ZoneNode)
    /// It is not known now whether the name exists, or whether it has records of the asked type.
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
        guard let node = node(name) else {
            return storage.pointee.exceptions.isEmpty ? .nameError : absent(name, type)
        }
        let result = Self.lookup(node, type)
        if case .noData = result, node.isBetween { return between(name, type) }
        return result
    }

    /// Looks up what a name has of a type.
    @inline(__always)
    private static func lookup(_ node: ZoneNode, _ type: RecordType) -> LookupResult {
        if type == .any { return any(of: node) }
        for index in 0..<node.count where node[index].type == type {
            let rrset = node[index]
            if rrset.count > 0 { return .data(rrset) }
            return rrset.isUnknown ? .unknown : .noData
        }
        return .noData
    }

    @inline(never)
    private static func any(of node: ZoneNode) -> LookupResult {
        if (0..<node.count).contains(where: { node[$0].count > 0 }) { return .all(node) }
        return (0..<node.count).contains { node[$0].isUnknown } ? .unknown : .noData
    }

    /// What becomes of a name that is not in the zone where there are exceptions.
    @inline(never)
    private func absent(_ name: FoldedName, _ type: RecordType) -> LookupResult {
        let above = above(name)
        if let below = above.covering?.below { return Self.lookup(below, type) }
        // The instances of a service of which nothing is known are not known either.
        return above.closest?.isUnknownService == true ? .unknown : .nameError
    }

    /// What becomes of an empty non-terminal: it may lie below a name that has an answer for all names below it.
    @inline(never)
    private func between(_ name: FoldedName, _ type: RecordType) -> LookupResult {
        guard storage.pointee.exceptions.contains(.coveringNames), let below = above(name).covering?.below else { return .noData }
        return Self.lookup(below, type)
    }

    /// The name whose records are answered for another: itself, or the one above it that has an answer for all names below it.
    func source(of name: FoldedName) -> FoldedName {
        guard storage.pointee.exceptions.contains(.coveringNames), node(name)?.isBetween ?? true else { return name }
        return above(name).covering.map { name.suffix($0.name.count) } ?? name
    }

    /// The closest name above a node that has an answer for all names below it; nil if there is none, or the node has such an answer itself.
    func covering(_ node: ZoneNode) -> ZoneNode? {
        guard hasCoveringNames, !node.coversBelow, node.name.count > originLength else { return nil }
        return withFolded(node.name) { above($0).covering }
    }

    /// Whether some names have an answer for all names below them.
    var hasCoveringNames: Bool { storage.pointee.exceptions.contains(.coveringNames) }

    /// The node of a name at or below the origin, given in wire form in lower case, of at most 255 octets.
    func node(named name: UnsafeRawBufferPointer) -> ZoneNode? { withFolded(name) { node($0) } }

    /// The RDATA of what a name, given in wire form in lower case, has of a type; nil while that is not known.
    func data(of type: RecordType, at name: [UInt8]) -> [[UInt8]]? {
        let result = name.withUnsafeBytes { withFolded($0) { contains($0) ? lookup($0, type) : .nameError } }
        switch result {
        case .data(let rrset):
            return (0..<rrset.count).map { Array(rrset.record($0).dropFirst(EncodedRRset.headerLength)) }
        case .unknown: return nil
        case .all, .noData, .nameError: return []
        }
    }

    /// Calls a function with a name in memory of its own.
    private func withFolded<Result>(_ name: UnsafeRawBufferPointer, _ body: (FoldedName) -> Result) -> Result {
        FoldedName.withMemory { body(FoldedName(padding: name, in: $0)) }
    }

    /// The closest name of the zone above one, and the closest that has an answer for all names below it.
    ///
    /// From the origin down, as names exist above each that does (RFC 8020): O(labels of the closest name), however many the one asked for
    /// has.
    private func above(_ name: FoldedName) -> (closest: ZoneNode?, covering: ZoneNode?) {
        name.clearForSuffixes()
        // Most names below one that covers them are right below it.
        let parent = name.suffix(name.length &- 1 &- Int(name.octets.load(as: UInt8.self)))
        if parent.length > originLength, let node = node(parent), node.coversBelow { return (node, node) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: DomainName.maximumLength) { lengths in
            var count = 0
            var length = name.length
            while length > originLength, count < lengths.count {
                lengths[count] = UInt8(truncatingIfNeeded: length)
                count += 1
                length -= 1 + Int(name.octets.load(fromByteOffset: name.length - length, as: UInt8.self))
            }
            var above: (closest: ZoneNode?, covering: ZoneNode?) = (nil, nil)
            // The first is the name itself.
            while count > 1 {
                count -= 1
                guard let node = node(name.suffix(Int(lengths[count]))) else { break }
                above.closest = node
                if node.coversBelow { above.covering = node }
            }
            return above
        }
    }
}
