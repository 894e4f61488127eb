/// Writes a response over the query in the same memory: header and question are there already.
///
/// Every method that adds octets first asks whether they fit below the limit, which never exceeds the memory's size.
struct ResponseWriter {
    private let memory: UnsafeMutableRawPointer
    /// Octets the response may have, less those kept for its OPT record.
    private let limit: Int
    /// Octets written so far.
    private(set) var length: Int
    private var answerCount: UInt16 = 0
    private var authorityCount: UInt16 = 0
    private var additionalCount: UInt16 = 0
    private(set) var isTruncated = false

    /// Begins behind the question, which ends at `questionEnd`; `limit` is at least that.
    @inline(__always)
    init(_ memory: UnsafeMutableRawPointer, questionEnd: Int, limit: Int) {
        self.memory = memory
        self.limit = limit
        length = questionEnd
    }

    @inline(__always)
    private func fits(_ octets: Int) -> Bool { octets <= limit &- length }

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
    /// Adds an RRset beginning with record `first` and coming round to it; what does not fit is left out with TC (RFC 2181 §9).
    @inline(__always)
    mutating func addAnswer(_ rrset: UnsafePointer<EncodedRRset>, from first: Int) {
        if fits(Int(rrset.pointee.length)) {
            let start = rrset.pointee.start(ofRecord: first)
            copy(rrset.pointee.octets + start, Int(rrset.pointee.length) &- start)
            copy(rrset.pointee.octets, start)
            answerCount &+= UInt16(truncatingIfNeeded: rrset.pointee.count)
        } else {
            addPart(of: rrset, from: first)
        }
    }

    /// Adds record by record what fits.
    private mutating func addPart(of rrset: UnsafePointer<EncodedRRset>, from first: Int) {
        let rrset = rrset.pointee
        isTruncated = true
        let count = Int(rrset.count)
        for step in 0..<count {
            let index = first + step < count ? first + step : first + step - count
            let start = rrset.start(ofRecord: index)
            let octets = rrset.start(ofRecord: index + 1) - start
            guard fits(octets) else { return }
            copy(rrset.octets + start, octets)
            answerCount &+= 1
        }
    }
}

// MARK: Additional data

extension ResponseWriter {
    /// Adds the addresses of the targets of an SRV RRset that was added whole as the first answer, in the same order, as whole RRsets
    /// until one does not fit (RFC 2782; RFC 2181 §9: no TC for those).
    @inline(__always)
    mutating func addAddresses(ofTargetsIn rrset: UnsafePointer<EncodedRRset>, from first: Int, answersStart: Int) {
        guard let targets = rrset.pointee.targets else { return }
        if let glue = rrset.pointee.glue, addGlue(glue, of: rrset, from: first, answersStart: answersStart) { return }
        addEach(targets, of: rrset, from: first, answersStart: answersStart)
    }

    /// Adds one address record for each record of an RRset whose records are equally long; false if not all of them fit.
    @inline(__always)
    private mutating func addGlue(_ glue: UnsafeRawPointer, of rrset: UnsafePointer<EncodedRRset>, from first: Int, answersStart: Int)
        -> Bool
    {
        let count = Int(rrset.pointee.count)
        let recordLength = Int(rrset.pointee.recordLength)
        let glueLength = Int(rrset.pointee.glueLength)
        let lastTarget = answersStart &+ (count &- 1) &* recordLength &+ Target.offsetInRecord
        guard fits(count &* glueLength), lastTarget <= Target.lastReachable else { return false }
        var owner = length
        let start = first &* glueLength
        copy(glue + start, count &* glueLength &- start)
        copy(glue, start)
        var pointer = UInt16(truncatingIfNeeded: 0xC000 | (answersStart &+ Target.offsetInRecord))
        while owner < length {
            store(pointer, at: owner)
            pointer &+= UInt16(truncatingIfNeeded: recordLength)
            owner &+= glueLength
        }
        additionalCount &+= UInt16(truncatingIfNeeded: count)
        return true
    }

    /// Adds whole RRsets target by target.
    private mutating func addEach(
        _ targets: UnsafePointer<TargetAddresses>, of rrset: UnsafePointer<EncodedRRset>, from first: Int, answersStart: Int
    ) {
        let rrset = rrset.pointee
        let count = Int(rrset.count)
        let firstStart = rrset.start(ofRecord: first)
        for step in 0..<count {
            let wraps = first + step >= count
            let index = wraps ? first + step - count : first + step
            let start = rrset.start(ofRecord: index)
            let record = answersStart + start - firstStart + (wraps ? Int(rrset.length) : 0)
            let target = Target(
                offset: record + Target.offsetInRecord, length: rrset.start(ofRecord: index + 1) - start - Target.offsetInRecord)
            if let ipv4 = targets[index].ipv4, !add(ipv4, ownedBy: target) { return }
            if let ipv6 = targets[index].ipv6, !add(ipv6, ownedBy: target) { return }
        }
    }

    /// Where in the response the target of an SRV record stands.
    private struct Target {
        let offset: Int
        let length: Int

        /// Owner, type, class, TTL, RDLENGTH, priority, weight, port: 2 + 2 + 2 + 4 + 2 + 2 + 2 + 2 octets.
        static let offsetInRecord = 18
        /// Largest offset that a compression pointer can hold (RFC 1035 §4.1.4).
        static let lastReachable = 0x3FFF
    }

    /// Adds an RRset under a target's name; false if it does not fit.
    @inline(__always)
    private mutating func add(_ rrset: UnsafePointer<EncodedRRset>, ownedBy target: Target) -> Bool {
        guard target.offset <= Target.lastReachable else { return addUncompressed(rrset, ownedBy: target) }
        let octets = Int(rrset.pointee.length)
        guard fits(octets) else { return false }
        var owner = length
        copy(rrset.pointee.octets, octets)
        while owner < length {
            store(UInt16(truncatingIfNeeded: 0xC000 | target.offset), at: owner)
            owner += Int(rrset.pointee.recordLength)
        }
        additionalCount &+= UInt16(truncatingIfNeeded: rrset.pointee.count)
        return true
    }

    /// The same where no pointer reaches the target any more: its name is repeated.
    private mutating func addUncompressed(_ rrset: UnsafePointer<EncodedRRset>, ownedBy target: Target) -> Bool {
        let recordLength = Int(rrset.pointee.recordLength)
        let count = Int(rrset.pointee.count)
        guard fits((recordLength - 2 + target.length) * count) else { return false }
        for index in 0..<count {
            copy(memory + target.offset, target.length)
            copy(rrset.pointee.octets + index * recordLength + 2, recordLength - 2)
        }
        additionalCount &+= UInt16(truncatingIfNeeded: count)
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
        authorityCount = 1
    }

    /// Writes the header and, if the query had one, the OPT record, for which the limit left room; returns the response's length.
    @inline(__always)
    mutating func finish(_ query: Query, _ code: ResponseCode, isAuthoritative: Bool, _ error: ExtendedError?) -> Int {
        if let edns = query.edns { addOPT(edns, code, error) }
        var flags = HeaderFlags.response | query.flags.bits & HeaderFlags.copied | code.headerBits
        if isAuthoritative { flags |= HeaderFlags.authoritative }
        if isTruncated { flags |= HeaderFlags.truncated }
        store(flags, at: Header.flagsOffset)
        store(query.questionEnd > Header.length ? 1 : 0, at: Header.countsOffset)
        store(answerCount, at: Header.countsOffset + 2)
        store(authorityCount, at: Header.countsOffset + 4)
        store(additionalCount, at: Header.countsOffset + 6)
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
        additionalCount &+= 1
    }
}
