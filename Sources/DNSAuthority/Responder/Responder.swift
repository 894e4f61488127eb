/// How a query came and its response goes.
package enum Transport: Sendable {
    /// A datagram: the response keeps to what the client and the network take.
    case udp
    /// A stream: the response may have 65,535 octets (RFC 7766 §8).
    case tcp
}

/// Answers one query at a time, in the memory that it stands in: no I/O, no clock, no allocation, no reference counting.
///
/// One for each thread. Same seed, same queries, same zones: same octets.
package struct Responder {
    private var randomness: Randomness

    /// The seed decides only which record of an RRset comes first.
    package init(seed: UInt64) { randomness = Randomness(seed: seed) }

    /// Octets of memory that a response may take; a query may be longer.
    package static func capacity(for transport: Transport) -> Int {
        switch transport {
        case .udp: UDPPayloadSize.unfragmented
        case .tcp: Int(UInt16.max)
        }
    }

    /// Writes the response over the query, which stands in the first `queryLength` octets of `buffer`.
    ///
    /// Returns the response's length in octets, or 0 if there must be none (or `buffer` is smaller than `capacity(for:)`).
    /// O(query + response).
    @inline(__always)
    package mutating func respond(
        in buffer: UnsafeMutableRawBufferPointer, queryLength: Int, over transport: Transport, from zones: ServedZones
    ) -> Int {
        guard let memory = buffer.baseAddress, buffer.count >= Self.capacity(for: transport), queryLength <= buffer.count,
            case .accept(let flags) = QueryAcceptance.judge(memory, length: queryLength)
        else { return 0 }
        let query = QueryParser.parse(UnsafeRawBufferPointer(start: memory, count: queryLength).bytes, flags)
        if let refusal = Refusal.judge(query) {
            return respond(to: query, in: memory, over: transport, refusal.code, refusal.error)
        }
        guard let entry = zones.zone(of: memory + Header.length, length: query.nameLength) else {
            return respond(to: query, in: memory, over: transport, .refused, .notAuthoritative)
        }
        switch entry.pointee.status {
        case .current: return answer(query, from: entry.pointee.view, in: memory, over: transport, isStale: false)
        case .stale: return answer(query, from: entry.pointee.view, in: memory, over: transport, isStale: true)
        case nil: return respond(to: query, in: memory, over: transport, .serverFailure, .notReady)
        case .expired: return respond(to: query, in: memory, over: transport, .serverFailure, .noReachableAuthority)
        }
    }

    /// A response without records.
    private func respond(
        to query: Query, in memory: UnsafeMutableRawPointer, over transport: Transport, _ code: ResponseCode, _ error: ExtendedError?
    ) -> Int {
        var writer = writer(for: query, in: memory, over: transport, error)
        return writer.finish(query, code, isAuthoritative: false, error)
    }

    /// Answers from a zone that holds the name's place (RFC 1034 §4.3.2).
    @inline(__always)
    private mutating func answer(
        _ query: Query, from zone: ZoneView, in memory: UnsafeMutableRawPointer, over transport: Transport, isStale: Bool
    ) -> Int {
        let result = zone.lookup(memory + Header.length, length: query.nameLength, query.type, isAnyWhole: transport == .tcp)
        switch result {
        case .data(let rrset):
            let error: ExtendedError? = isStale || rrset.pointee.isHeld ? .staleAnswer : nil
            var writer = writer(for: query, in: memory, over: transport, error)
            addWithAddresses(rrset, to: &writer)
            return writer.finish(query, .noError, isAuthoritative: true, error)
        case .all(let node):
            return answerAll(query, from: node, in: memory, over: transport, isStale: isStale)
        case .unknown:
            return respond(to: query, in: memory, over: transport, .serverFailure, .noReachableAuthority)
        case .noData:
            return negative(query, .noError, from: zone, in: memory, over: transport, isStale ? .staleAnswer : nil)
        case .nameError:
            return negative(query, .nameError, from: zone, in: memory, over: transport, isStale ? .staleNameError : nil)
        }
    }

    @inline(__always)
    private mutating func addWithAddresses(_ rrset: UnsafePointer<EncodedRRset>, to writer: inout ResponseWriter) {
        let first = firstRecord(of: rrset.pointee)
        let answersStart = writer.length
        writer.addAnswer(rrset.pointee, from: first)
        if !writer.isTruncated { writer.addAddresses(ofTargetsIn: rrset.pointee, from: first, answersStart: answersStart) }
    }

    /// Every RRset of a name (RFC 8482 §4.3 leaves that to TCP).
    private mutating func answerAll(
        _ query: Query, from node: UnsafePointer<ZoneNode>, in memory: UnsafeMutableRawPointer, over transport: Transport, isStale: Bool
    ) -> Int {
        let rrsets = UnsafeBufferPointer(start: node.pointee.rrsets, count: Int(node.pointee.count))
        let error: ExtendedError? = isStale || rrsets.contains { $0.pointee.isHeld } ? .staleAnswer : nil
        var writer = writer(for: query, in: memory, over: transport, error)
        for rrset in rrsets where !writer.isTruncated { writer.addAnswer(rrset.pointee, from: firstRecord(of: rrset.pointee)) }
        return writer.finish(query, .noError, isAuthoritative: true, error)
    }

    /// No data or no such name, with the SOA (RFC 2308 §2).
    @inline(__always)
    private func negative(
        _ query: Query, _ code: ResponseCode, from zone: ZoneView, in memory: UnsafeMutableRawPointer,
        over transport: Transport, _ error: ExtendedError?
    ) -> Int {
        var writer = writer(for: query, in: memory, over: transport, error)
        writer.addNegativeAuthority(zone.negativeAuthority, origin: Header.length + query.nameLength - zone.originLength)
        return writer.finish(query, code, isAuthoritative: true, error)
    }

    /// A writer that leaves room for the OPT record which `finish` adds.
    @inline(__always)
    private func writer(
        for query: Query, in memory: UnsafeMutableRawPointer, over transport: Transport, _ error: ExtendedError?
    ) -> ResponseWriter {
        var limit = Int(UInt16.max)
        if transport == .udp { limit = min(query.edns?.payloadSize.octets ?? UDPPayloadSize.withoutEDNS, UDPPayloadSize.unfragmented) }
        if query.edns != nil { limit -= EDNS.recordLength + (error == nil ? 0 : EDNS.extendedErrorLength) }
        return ResponseWriter(memory, questionEnd: query.questionEnd, limit: limit)
    }

    /// Which record comes first: any, or one drawn by weight.
    @inline(__always)
    private mutating func firstRecord(of rrset: EncodedRRset) -> Int {
        guard rrset.count > 1 else { return 0 }
        guard let sums = rrset.cumulativeWeights else { return Int(randomness.next(below: UInt64(rrset.count))) }
        let drawn = randomness.next(below: sums[Int(rrset.count) - 1])
        var low = 0
        var high = Int(rrset.count) - 1
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > drawn { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
