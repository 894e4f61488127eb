/// Writes the response to a query over it in the same memory: header and question are there already.
///
/// Every method that adds octets first asks whether they fit below the limit, which never exceeds the memory's size. Those that are rare
/// return a changed copy, as a writer whose address is taken is kept in memory rather than in registers.
struct ResponseWriter {
    let memory: UnsafeMutableRawPointer
    private let query: Query
    private let disposition: Disposition
    /// Octets the response may have, less those kept for its OPT record.
    private let limit: Int
    /// Octets written so far.
    private(set) var length: Int
    /// How many records each section has, as the header has them: the question's count in the upper sixteen bits.
    private var counts: UInt64
    /// Whether records of the answer are missing, or the SOA record of a negative one: TC.
    private(set) var isTruncated = false

    /// Begins behind the question. `limit`: most octets of the response, at least 512.
    @inline(__always)
    init(_ memory: UnsafeMutableRawPointer, _ query: Query, _ disposition: Disposition, limit: Int) {
        (self.memory, self.query, self.disposition) = (memory, query, disposition)
        let errorLength = disposition.error == nil ? 0 : EDNS.extendedErrorLength
        self.limit = query.edns.isPresent ? limit &- EDNS.recordLength &- errorLength : limit
        length = query.questionEnd
        counts = query.questionEnd > Header.length ? 1 &<< Section.question.rawValue : 0
    }

    /// The name that owns records, as it stands in each of them.
    enum Owner {
        /// A pointer to a name in the message (RFC 1035 §4.1.4).
        case pointer(UInt16)
        /// The whole name again, which begins at an offset that no pointer can hold.
        case name(offset: Int, length: Int)

        /// Largest offset that a pointer can hold.
        static let lastReachable = 0x3FFF

        /// The name of so many octets at an offset of the message.
        @inline(__always)
        init(offset: Int, length: Int) {
            self = offset <= Self.lastReachable ? .pointer(to: offset) : .name(offset: offset, length: length)
        }

        /// A pointer to an offset that it can hold.
        @inline(__always)
        static func pointer(to offset: Int) -> Owner { .pointer(UInt16(truncatingIfNeeded: 0xC000 | offset)) }

        /// Octets by which a record is longer than it is with a pointer.
        var growth: Int { if case .name(_, let length) = self { length &- 2 } else { 0 } }
    }

    /// Counts records. A section of a response has fewer than 2¹⁶ of them: each takes more than one octet.
    @inline(__always)
    mutating func note(_ records: Int, in section: Section) { counts &+= UInt64(truncatingIfNeeded: records) &<< section.rawValue }

    /// Has the response say that records are missing: TC.
    mutating func truncate() { isTruncated = true }

    /// Whether so many octets of records fit.
    @inline(__always)
    func fits(_ octets: Int) -> Bool { octets <= limit &- length }

    /// Copies octets, for which there is room, to the end.
    @inline(__always)
    mutating func copy(_ octets: UnsafeRawPointer, _ count: Int) {
        (memory + length).copyMemory(from: octets, byteCount: count)
        length &+= count
    }

    @inline(__always)
    private func store(_ value: UInt16, at offset: Int) {
        memory.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }
}

// MARK: RRsets

extension ResponseWriter {
    /// Adds a whole RRset; false, and nothing, if it does not fit. O(octets).
    @inline(__always)
    mutating func add(_ rrset: EncodedRRset, owner: Owner, section: Section) -> Bool {
        guard fits(rrset.length &+ rrset.count &* owner.growth) else { return false }
        if case .pointer(let pointer) = owner {
            copy(rrset, pointer)
        } else {
            for index in 0..<rrset.count { copy(rrset.record(index), owner: owner) }
        }
        note(rrset.count, in: section)
        return true
    }

    /// Copies records and lets their owners, and the names in their RDATA that end in it, point to a name.
    @inline(__always)
    private mutating func copy(_ rrset: EncodedRRset, _ pointer: UInt16) {
        let start = length
        copy(rrset.octets, rrset.length)
        for index in 0..<rrset.count { store(pointer, at: start &+ rrset.start(ofRecord: index)) }
        guard let links = rrset.links else { return }
        if links.0 != 0 { store(pointer, at: start &+ Int(links.0)) }
        if links.1 != 0 { store(pointer, at: start &+ Int(links.1)) }
    }

    /// Copies one record under an owner.
    mutating func copy(_ record: UnsafeRawBufferPointer, owner: Owner) {
        switch owner {
        case .pointer(let pointer):
            store(pointer, at: length)
            length &+= 2
        case .name(let offset, let nameLength): copy(memory + offset, nameLength)
        }
        if let octets = record.baseAddress { copy(octets + 2, record.count &- 2) }
    }

    /// Adds an RRset to the answer section under the question's name, to which its octets point already: the fast case of `add`. Begins with
    /// record `first` and comes round to it. If the RRset does not fit, adds as many records as do, with TC (RFC 2181 §9): the client's part.
    @inline(__always)
    mutating func addAnswer(_ rrset: EncodedRRset, from first: Int, for client: ClientAddress) {
        if fits(rrset.length) {
            let start = rrset.start(ofRecord: first)
            copy(rrset.octets + start, rrset.length &- start)
            copy(rrset.octets, start)
            note(rrset.count, in: .answer)
        } else {
            self = addingPart(of: rrset, from: rrset.first(for: client), turn: first)
        }
    }

    /// Adds one record of an RRset to the answer section under the question's name; TC if it does not fit.
    @inline(__always)
    mutating func addRecord(_ index: Int, of rrset: EncodedRRset) {
        let record = rrset.record(index)
        guard fits(record.count), let octets = record.baseAddress else { return isTruncated = true }
        let ttl = length &+ EncodedRRset.ttlOffset
        copy(octets, record.count)
        memory.storeBytes(of: rrset.ttl(ofRecord: index).bigEndian, toByteOffset: ttl, as: UInt32.self)
        note(1, in: .answer)
    }

    /// Adds as many records as fit, from `start` on round the RRset; `turn` says which of them comes first.
    @inline(never)
    private func addingPart(of rrset: EncodedRRset, from start: Int, turn: Int) -> ResponseWriter {
        var writer = self
        writer.isTruncated = true
        let count = rrset.count
        func record(_ step: Int) -> UnsafeRawBufferPointer { rrset.record(start + step < count ? start + step : start + step - count) }
        var (part, octets) = (0, 0)
        while part < count, fits(octets + record(part).count) {
            octets += record(part).count
            part += 1
        }
        for step in 0..<part {
            let record = record((step + turn) % part)
            writer.copy(record.baseAddress ?? rrset.octets, record.count)
        }
        writer.note(part, in: .answer)
        return writer
    }

    /// Adds a zone's SOA record to the authority section, under the origin at the end of the question's name (RFC 2308 §2); TC if it does
    /// not fit.
    @inline(__always)
    mutating func addNegativeAuthority(of zone: ZoneView) {
        let origin = Owner.pointer(to: Header.length &+ query.nameLength &- zone.originLength)
        if !add(zone.negativeAuthority, owner: origin, section: .authority) { isTruncated = true }
    }
}

// MARK: The end

extension ResponseWriter {
    /// Writes the header and, if the query had one, the OPT record, for which the limit left room. `zone` is the one that answers. `options`:
    /// octets of options that the caller writes at the end of the response; the caller has left them off the limit.
    @inline(__always)
    consuming func finish(_ zone: UnsafePointer<ServedZones.Entry>? = nil, reserving options: Int = 0) -> Responder.Answer {
        if query.edns.isPresent { addOPT(reserving: options) }
        var flags = HeaderFlags.response | HeaderFlags(of: memory).bits & HeaderFlags.copied | disposition.headerBits
        if isTruncated { flags |= HeaderFlags.truncated }
        store(flags, at: Header.flagsOffset)
        memory.storeBytes(of: counts.bigEndian, toByteOffset: Header.countsOffset, as: UInt64.self)
        return Responder.Answer(
            length: length, isTruncated: isTruncated, zone: Int(zone?.pointee.place ?? 0), code: disposition.code, type: query.type)
    }

    /// Writes an OPT record (RFC 6891 §6.1.2), with an extended error if there is one (RFC 8914 §2).
    @inline(__always)
    private mutating func addOPT(reserving options: Int) {
        // The root, OPT, our size, the upper bits of the code, the version, DO: 1 + 2 + 2 + 1 + 1 + 1 octets.
        var start = UInt64(RecordType.opt.rawValue) << 40 | UInt64(UDPPayloadSize.unfragmented) << 24
        start |= UInt64(disposition.code.extendedBits) << 16 | UInt64(EDNS.version) << 8 | (query.edns.wantsSecurity ? 0x80 : 0)
        memory.storeBytes(of: start.bigEndian, toByteOffset: length, as: UInt64.self)
        // The other flags, the length of the options: 1 + 2 octets.
        memory.storeBytes(of: 0, toByteOffset: length &+ 8, as: UInt8.self)
        let errorLength = disposition.error == nil ? 0 : EDNS.extendedErrorLength
        store(UInt16(truncatingIfNeeded: errorLength &+ options), at: length &+ 9)
        length &+= EDNS.recordLength
        if let error = disposition.error {
            store(EDNS.extendedErrorOption, at: length)
            store(2, at: length &+ 2)
            store(error.rawValue, at: length &+ 4)
            length &+= EDNS.extendedErrorLength
        }
        length &+= options
        note(1, in: .additional)
    }
}
