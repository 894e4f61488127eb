/// Writes a response over the query in the same memory: header and question are there already.
///
/// Every method that adds octets first asks whether they fit below the limit, which never exceeds the memory's size.
struct ResponseWriter {
    private let memory: UnsafeMutableRawPointer
    /// Octets the response may have, less those kept for its OPT record.
    private let limit: Int
    /// Octets written so far.
    private(set) var length: Int
    /// How many records each section has, as the header has them: the question's count in the upper sixteen bits.
    private var counts: UInt64 = 0
    private(set) var isTruncated = false

    /// Begins behind the question, which ends at `questionEnd`; `limit` is at least that.
    @inline(__always)
    init(_ memory: UnsafeMutableRawPointer, questionEnd: Int, limit: Int) {
        self.memory = memory
        self.limit = limit
        length = questionEnd
        if questionEnd > Header.length { note(1, in: .question) }
    }

    /// The sections, each by the place of its count.
    private enum Section: UInt64 {
        case question = 48
        case answer = 32
        case authority = 16
        case additional = 0
    }

    /// Counts records. A section of a response has fewer than 2¹⁶ of them: each takes more than one octet.
    @inline(__always)
    private mutating func note(_ records: Int, in section: Section) { counts &+= UInt64(truncatingIfNeeded: records) &<< section.rawValue }

    /// Whether so many octets of records fit.
    @inline(__always)
    func fits(_ octets: Int) -> Bool { octets <= limit &- length }

    @inline(__always)
    private mutating func copy(_ octets: UnsafeRawPointer, _ count: Int) {
        (memory + length).copyMemory(from: octets, byteCount: count)
        length &+= count
    }

    @inline(__always)
    private func store(_ value: UInt16, at offset: Int) {
        memory.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }
}

// MARK: Answers

extension ResponseWriter {
    /// Adds an RRset beginning with record `first` and coming round to it. If it does not fit, as many records as do, with TC (RFC 2181 §9):
    /// the client's part, in turn.
    @inline(__always)
    mutating func addAnswer(_ rrset: EncodedRRset, from first: Int, to client: UnsafeRawPointer) {
        if fits(rrset.length) {
            let start = rrset.start(ofRecord: first)
            copy(rrset.octets + start, rrset.length &- start)
            copy(rrset.octets, start)
            note(rrset.count, in: .answer)
        } else {
            addPart(of: rrset, from: rrset.first(for: client), turn: first)
        }
    }

    /// Adds as many records as fit, from `start` on round the RRset; `turn` says which of them comes first.
    private mutating func addPart(of rrset: EncodedRRset, from start: Int, turn: Int) {
        isTruncated = true
        let count = rrset.count
        func index(_ step: Int) -> Int { start + step < count ? start + step : start + step - count }
        func length(_ index: Int) -> Int { rrset.start(ofRecord: index + 1) - rrset.start(ofRecord: index) }
        var (part, octets) = (0, 0)
        while part < count, fits(octets + length(index(part))) {
            octets += length(index(part))
            part += 1
        }
        for step in 0..<part {
            let index = index((step + turn) % part)
            copy(rrset.octets + rrset.start(ofRecord: index), length(index))
        }
        note(part, in: .answer)
    }
}

// MARK: Additional data

extension ResponseWriter {
    /// Adds the addresses of the targets of an SRV RRset that was added whole as the first answer, in the same order, as whole RRsets
    /// until one does not fit (RFC 2782; RFC 2181 §9: no TC for those).
    @inline(__always)
    mutating func addAddresses(ofTargetsIn rrset: EncodedRRset, from first: Int, answersStart: Int) {
        let addresses = rrset.addresses
        if case .none = addresses { return }
        if case .glue(let glue, let length) = addresses, addGlue(glue, length, of: rrset, from: first, answersStart: answersStart) {
            return
        }
        addEach(addresses, of: rrset, from: first, answersStart: answersStart)
    }

    /// Adds one address record for each record of an RRset whose records are equally long; false if not all of them fit.
    @inline(__always)
    private mutating func addGlue(
        _ glue: UnsafeRawPointer, _ glueLength: Int, of rrset: EncodedRRset, from first: Int, answersStart: Int
    ) -> Bool {
        let recordLength = rrset.recordLength
        let firstTarget = answersStart &+ EncodedRRset.targetOffset
        guard fits(rrset.count &* glueLength), firstTarget &+ rrset.length &- recordLength <= Target.lastReachable else { return false }
        var owner = length
        let start = first &* glueLength
        copy(glue + start, rrset.count &* glueLength &- start)
        copy(glue, start)
        var pointer = UInt16(truncatingIfNeeded: 0xC000 | firstTarget)
        while owner < length {
            store(pointer, at: owner)
            pointer &+= UInt16(truncatingIfNeeded: recordLength)
            owner &+= glueLength
        }
        note(rrset.count, in: .additional)
        return true
    }

    /// Adds whole RRsets target by target.
    private mutating func addEach(_ addresses: EncodedRRset.Addresses, of rrset: EncodedRRset, from first: Int, answersStart: Int) {
        let firstStart = rrset.start(ofRecord: first)
        for step in 0..<rrset.count {
            let wraps = first + step >= rrset.count
            let index = wraps ? first + step - rrset.count : first + step
            let start = rrset.start(ofRecord: index)
            let record = answersStart + start - firstStart + (wraps ? rrset.length : 0)
            let target = Target(
                offset: record + EncodedRRset.targetOffset,
                length: rrset.start(ofRecord: index + 1) - start - EncodedRRset.targetOffset)
            switch addresses {
            case .none: return
            case .glue(let glue, let length):
                guard add(AddressRecords(octets: glue + index * length, recordLength: length, count: 1), ownedBy: target) else { return }
            case .targets(let targets):
                if let ipv4 = (targets + index).ipv4, !add(records(ipv4), ownedBy: target) { return }
                if let ipv6 = (targets + index).ipv6, !add(records(ipv6), ownedBy: target) { return }
            }
        }
    }

    /// Where in the response the target of an SRV record stands.
    private struct Target {
        let offset: Int
        let length: Int

        /// Largest offset that a compression pointer can hold (RFC 1035 §4.1.4).
        static let lastReachable = 0x3FFF
    }

    /// One target's addresses of one type: `count` records of `recordLength` octets.
    private struct AddressRecords {
        let octets: UnsafeRawPointer
        let recordLength: Int
        let count: Int
    }

    private func records(_ rrset: EncodedRRset) -> AddressRecords {
        AddressRecords(octets: rrset.octets, recordLength: rrset.recordLength, count: rrset.count)
    }

    /// Adds records under a target's name; false if they do not fit.
    @inline(__always)
    private mutating func add(_ records: AddressRecords, ownedBy target: Target) -> Bool {
        guard target.offset <= Target.lastReachable else { return addUncompressed(records, ownedBy: target) }
        let octets = records.count &* records.recordLength
        guard fits(octets) else { return false }
        var owner = length
        copy(records.octets, octets)
        while owner < length {
            store(UInt16(truncatingIfNeeded: 0xC000 | target.offset), at: owner)
            owner += records.recordLength
        }
        note(records.count, in: .additional)
        return true
    }

    /// The same where no pointer reaches the target any more: its name is repeated.
    private mutating func addUncompressed(_ records: AddressRecords, ownedBy target: Target) -> Bool {
        let afterOwner = records.recordLength - 2
        guard fits((afterOwner + target.length) * records.count) else { return false }
        for index in 0..<records.count {
            copy(memory + target.offset, target.length)
            copy(records.octets + index * records.recordLength + 2, afterOwner)
        }
        note(records.count, in: .additional)
        return true
    }
}

// MARK: Negative answers, errors, the end

extension ResponseWriter {
    /// Adds a zone's SOA to the authority section (RFC 2308 §2); `origin` is where its name begins in the question.
    @inline(__always)
    mutating func addNegativeAuthority(_ template: UnsafeRawPointer, origin: Int) {
        guard fits(NegativeAuthority.length) else { return }
        let start = length
        copy(template, NegativeAuthority.length)
        let pointer = UInt16(truncatingIfNeeded: 0xC000 | origin)
        store(pointer, at: start + NegativeAuthority.pointerOffsets.0)
        store(pointer, at: start + NegativeAuthority.pointerOffsets.1)
        store(pointer, at: start + NegativeAuthority.pointerOffsets.2)
        note(1, in: .authority)
    }

    /// Writes the header and, if the query had one, the OPT record, for which the limit left room; returns the response's length.
    @inline(__always)
    mutating func finish(_ query: Query, _ code: ResponseCode, isAuthoritative: Bool, _ error: ExtendedError?) -> Int {
        if let edns = query.edns { addOPT(edns, code, error) }
        var flags = HeaderFlags.response | query.flags.bits & HeaderFlags.copied | code.headerBits
        if isAuthoritative { flags |= HeaderFlags.authoritative }
        if isTruncated { flags |= HeaderFlags.truncated }
        store(flags, at: Header.flagsOffset)
        memory.storeBytes(of: counts.bigEndian, toByteOffset: Header.countsOffset, as: UInt64.self)
        return length
    }

    /// Writes an OPT record (RFC 6891 §6.1.2), with an extended error if there is one (RFC 8914 §2).
    @inline(__always)
    private mutating func addOPT(_ edns: EDNS, _ code: ResponseCode, _ error: ExtendedError?) {
        // The root, OPT, our size, the upper bits of the code, the version, DO: 1 + 2 + 2 + 1 + 1 + 1 octets.
        var start = UInt64(RecordType.opt.rawValue) << 40 | UInt64(UDPPayloadSize.unfragmented) << 24 | UInt64(code.extendedBits) << 16
        start |= UInt64(EDNS.version) << 8 | (edns.wantsSecurity ? 0x80 : 0)
        memory.storeBytes(of: start.bigEndian, toByteOffset: length, as: UInt64.self)
        // The other flags, the length of the options: 1 + 2 octets.
        memory.storeBytes(of: 0, toByteOffset: length &+ 8, as: UInt8.self)
        store(UInt16(error == nil ? 0 : EDNS.extendedErrorLength), at: length &+ 9)
        length &+= EDNS.recordLength
        if let error {
            store(EDNS.extendedErrorOption, at: length)
            store(2, at: length &+ 2)
            store(error.rawValue, at: length &+ 4)
            length &+= EDNS.extendedErrorLength
        }
        note(1, in: .additional)
    }
}
