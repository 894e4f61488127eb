extension ResponseWriter {
    /// Adds the addresses of the hosts that the records of an RRset name, in the order of the records, as whole RRsets until one does not fit
    /// (RFC 2782; RFC 2181 §9: no TC for those). The RRset was added whole as the first answer at `answersStart`, beginning with record
    /// `first`.
    @inline(__always)
    mutating func addAdditionalData(of rrset: EncodedRRset, from first: Int, answersStart: Int) {
        let additional = rrset.additional
        if case .none = additional { return }
        if case .oneEach(let addresses, let length) = additional,
            addOneEach(addresses, length, of: rrset, from: first, answersStart: answersStart)
        {
            return
        }
        self = addingEach(of: rrset, from: first, answersStart: answersStart)
    }

    /// Adds one address record for each record of an RRset whose records are equally long; false if not all fit.
    @inline(__always)
    private mutating func addOneEach(
        _ addresses: UnsafeRawPointer, _ addressLength: Int, of rrset: EncodedRRset, from first: Int, answersStart: Int
    ) -> Bool {
        let recordLength = rrset.recordLength
        let host = answersStart &+ rrset.hostOffset
        guard fits(rrset.count &* addressLength), host &+ rrset.length &- recordLength <= Owner.lastReachable else { return false }
        let owners = memory + length
        let (start, end) = (first &* addressLength, rrset.count &* addressLength)
        copy(addresses + start, end &- start)
        copy(addresses, start)
        Self.point(owners, memory + length, each: addressLength, to: UInt16(truncatingIfNeeded: 0xC000 | host), step: recordLength)
        note(rrset.count, in: .additional)
        return true
    }

    /// Lets the owners of records of `each` octets point to names that lie `step` octets apart. Not inlined: its loop needs all registers.
    @inline(never)
    private static func point(
        _ records: UnsafeMutableRawPointer, _ end: UnsafeMutableRawPointer, each recordLength: Int, to first: UInt16, step: Int
    ) {
        var (owner, pointer) = (records, first)
        while owner < end {
            owner.storeBytes(of: pointer.bigEndian, as: UInt16.self)
            pointer &+= UInt16(truncatingIfNeeded: step)
            owner += recordLength
        }
    }

    /// Adds whole RRsets host by host.
    @inline(never)
    private func addingEach(of rrset: EncodedRRset, from first: Int, answersStart: Int) -> ResponseWriter {
        var writer = self
        var start = answersStart
        for step in 0..<rrset.count {
            let index = (first + step) % rrset.count
            guard writer.addHost(ofRecord: index, of: rrset, recordStart: start) else { break }
            start += rrset.record(index).count
        }
        return writer
    }

    /// Adds the addresses of the host that one record of an RRset names, which stands alone in the answer section, as far as they fit.
    @inline(never)
    func addingAdditionalData(ofRecord index: Int, of rrset: EncodedRRset, answerStart: Int) -> ResponseWriter {
        var writer = self
        if !isTruncated { _ = writer.addHost(ofRecord: index, of: rrset, recordStart: answerStart) }
        return writer
    }

    /// Adds the addresses of one record's host as whole RRsets; false if one does not fit, or if there are none for any record.
    private mutating func addHost(ofRecord index: Int, of rrset: EncodedRRset, recordStart: Int) -> Bool {
        let host = Owner(offset: recordStart + rrset.hostOffset, length: rrset.record(index).count - rrset.hostOffset)
        switch rrset.additional {
        case .none: return false
        case .oneEach(let addresses, let length):
            guard fits(length + host.growth) else { return false }
            copy(UnsafeRawBufferPointer(start: addresses + index * length, count: length), owner: host)
            note(1, in: .additional)
        case .rrsets(let all):
            if let ipv4 = (all + index).ipv4, !add(ipv4, owner: host, section: .additional) { return false }
            if let ipv6 = (all + index).ipv6, !add(ipv6, owner: host, section: .additional) { return false }
        }
        return true
    }
}
