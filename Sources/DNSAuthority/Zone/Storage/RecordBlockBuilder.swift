/// Collects names and RRsets, then lays them out as one `RecordBlock`.
///
/// What does not fit into the limit is left out, so that no offset in a block can overflow, whatever comes in.
package struct RecordBlockBuilder {
    /// An RRset that has been added.
    package struct Handle: Sendable {
        private let number: UInt32

        /// Its place among the RRsets, of which fewer than 2³¹ have room.
        init(index: Int) { number = UInt32(index) }

        var index: Int { Int(number) }
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

    /// An RRset whose records stand in `octets`. Small: there are two for every provider, and each is looked at often.
    struct PlacedRRset {
        let type: RecordType
        var flags: EncodedRRset.Flags = []
        /// Where in each record the name of the host begins that has additional data; 0 if none has any.
        var hostOffset: UInt8 = 0
        /// Octets of every record if they are equally long, else 0.
        var recordLength: UInt16 = 0
        /// How long the address of each host is if `additional` says where they stand in `octets`, one a host and one after another; else 0.
        var addressLength: UInt16 = 0
        var count: UInt32 = 0
        /// Octets of all records together.
        var length: UInt32 = 0
        /// Where the records begin in `octets`.
        var start: Int32 = 0
        /// Where in `ends` it stands where each record ends, from the RRset's own beginning; nil if they are equally long.
        var ends: Int32?
        /// Where in `weights` the running sums of the weights begin; nil where they make no difference.
        var weights: Int32?
        /// Where in `additional`, or in `octets`, the hosts' addresses begin; nil where there are none.
        var additional: Int32?
    }

    /// A name that stands in `octets`.
    struct PlacedName {
        /// Where the name stands in `octets`.
        var start: Int
        var length: UInt8
        /// How many RRsets it has; `lists` has those of one name after another.
        var count: UInt8
        /// Whether the next name answers for all names below this one.
        var coversBelow = false
    }

    var octets: [UInt8] = []
    var rrsets: [PlacedRRset] = []
    private(set) var names: [PlacedName] = []
    private(set) var lists: [Handle] = []
    var ends: [UInt32] = []
    var weights: [UInt64] = []
    var additional: [Additional] = []
    private var empty: Handle?
    /// Octets that the block may still grow by.
    private var room: Int
    /// Whether something did not fit and was left out.
    package internal(set) var isOverfull = false

    /// Most octets of a block: offsets within it are of 32 bits.
    package static let mostOctets = Int(Int32.max)

    /// A builder of a block of at most so many octets.
    package init(limit: Int = mostOctets) { room = min(limit, Self.mostOctets) - RecordBlockLayout.overhead }

    /// Begins again with the memory of what was added before, unless that is large.
    package mutating func removeAll(limit: Int = mostOctets) {
        guard octets.capacity <= Self.mostKept else { return self = RecordBlockBuilder(limit: limit) }
        octets.removeAll(keepingCapacity: true)
        rrsets.removeAll(keepingCapacity: true)
        names.removeAll(keepingCapacity: true)
        lists.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        weights.removeAll(keepingCapacity: true)
        additional.removeAll(keepingCapacity: true)
        let new = RecordBlockBuilder(limit: limit)
        (empty, room, isOverfull) = (nil, new.room, false)
    }

    /// Most octets of records whose memory is kept: nearly all services have fewer.
    private static let mostKept = 1 << 16

    /// Has room for so many names and octets at once, where they are known before they are added.
    package mutating func reserve(names count: Int, octets length: Int) {
        names.reserveCapacity(count)
        lists.reserveCapacity(2 * count)
        rrsets.reserveCapacity(2 * count)
        octets.reserveCapacity(length)
    }

    /// Adds a name with RRsets of different types, each added before.
    package mutating func add(_ name: DomainName, _ rrsets: [Handle] = []) {
        guard rrsets.count <= UInt8.max, take(Self.room(forName: name.octets.count, rrsets: rrsets.count)) else { return isOverfull = true }
        lists += rrsets
        name.octets.withUnsafeBytes { add($0, count: rrsets.count) }
    }

    /// Adds a name without data below which every name exists: those that are not in the zone, and empty non-terminals, have these RRsets, each
    /// added before and of another type. The RRsets stand at the name with the label `*` in front (RFC 4592); unlike there, other names below do
    /// not hide it.
    package mutating func add(covering name: DomainName, _ rrsets: [Handle]) {
        // Where that is too long, no name fits below.
        guard let wildcard = name.prepending(ZoneNode.wildcardLabel) else { return add(name) }
        let room = Self.room(forName: name.octets.count, rrsets: 0) + Self.room(forName: wildcard.octets.count, rrsets: rrsets.count)
        guard rrsets.count <= UInt8.max, take(room) else { return isOverfull = true }
        name.octets.withUnsafeBytes { add($0, count: 0) }
        names[names.count - 1].coversBelow = true
        lists += rrsets
        wildcard.octets.withUnsafeBytes { add($0, count: rrsets.count) }
    }

    /// Adds a name with addresses and an SRV RRset, as far as it has them, each added before.
    package mutating func add(_ name: DomainName, _ addresses: Additional, srv: Handle?) {
        name.octets.withUnsafeBytes { add(name: $0, addresses, srv: srv) }
    }

    /// Adds a name, given by its wire form of 1 to 255 octets in lower case, with addresses and an SRV RRset.
    package mutating func add(name: UnsafeRawBufferPointer, _ addresses: Additional, srv: Handle?) {
        guard take(Self.room(forName: name.count, rrsets: 3)) else { return isOverfull = true }
        let before = lists.count
        if let ipv4 = addresses.ipv4 { lists.append(ipv4) }
        if let ipv6 = addresses.ipv6 { lists.append(ipv6) }
        if let srv { lists.append(srv) }
        add(name, count: lists.count - before)
    }

    /// Adds a name with the RRsets that were listed last.
    private mutating func add(_ name: UnsafeRawBufferPointer, count: Int) {
        var host: Int?
        for index in lists.count - count..<lists.count where host == nil { host = place(of: name, asHostIn: lists[index]) }
        names.append(PlacedName(start: host ?? octets.count, length: UInt8(name.count), count: UInt8(count)))
        if host == nil { octets.append(contentsOf: name) }
    }

    /// Where a name stands in `octets` if it is the host of the only record of an RRset, as an instance's own name is in its SRV record.
    private func place(of name: UnsafeRawBufferPointer, asHostIn handle: Handle) -> Int? {
        let rrset = rrsets[handle.index]
        let start = Int(rrset.start) + Int(rrset.hostOffset)
        guard rrset.hostOffset > 0, rrset.count == 1, Int(rrset.length) == Int(rrset.hostOffset) + name.count else { return nil }
        let isHost = octets.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[start..<start + name.count]).hasOctets(of: name) }
        return isHost ? start : nil
    }

    /// What stands in the place of all RRsets that do not fit.
    mutating func placeEmpty() -> Handle {
        if let empty { return empty }
        let handle = place(PlacedRRset(type: .a))
        empty = handle
        return handle
    }

    /// Takes room if there is so much left.
    mutating func take(_ octets: Int) -> Bool {
        guard octets <= room else {
            isOverfull = true
            return false
        }
        room -= octets
        return true
    }

    /// Places an RRset whose octets have been appended.
    mutating func place(_ rrset: PlacedRRset) -> Handle {
        rrsets.append(rrset)
        return Handle(index: rrsets.count - 1)
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
}

extension UnsafeRawBufferPointer {
    /// Whether these are the octets of another buffer of the same length, eight at a time.
    func hasOctets(of other: UnsafeRawBufferPointer) -> Bool {
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
