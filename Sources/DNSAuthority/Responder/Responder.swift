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

    /// Most octets that a response has.
    package static func limit(over transport: Transport) -> Int {
        switch transport {
        case .udp: UDPPayloadSize.unfragmented
        case .tcp: Int(UInt16.max)
        }
    }

    /// Octets of memory that answering takes: a response and, behind it, the question's name as zones hold it. A query may be longer.
    package static func capacity(for transport: Transport) -> Int { scratch(over: transport) + FoldedName.capacity * 8 }

    /// Where the name stands: the next multiple of sixteen after the longest response.
    @inline(__always)
    private static func scratch(over transport: Transport) -> Int { (limit(over: transport) + 15) & ~15 }

    /// Writes the response over the query, which stands in the first `queryLength` octets of `buffer`, aligned to eight octets.
    ///
    /// Returns the response's length in octets, or 0 if there must be none (or `buffer` is smaller than `capacity(for:)`).
    /// O(query + response).
    package mutating func respond(
        in buffer: UnsafeMutableRawBufferPointer, queryLength: Int, over transport: Transport, from zones: ServedZones
    ) -> Int {
        guard let memory = buffer.baseAddress, buffer.count >= Self.capacity(for: transport), queryLength <= buffer.count,
            case .accept(let flags) = QueryAcceptance.judge(memory, length: queryLength)
        else { return 0 }
        var query = Query(flags: flags)
        QueryParser.parse(UnsafeRawBufferPointer(start: memory, count: queryLength).bytes, into: &query)
        if let refusal = Refusal.judge(query) {
            return respond(to: query, in: memory, over: transport, refusal.code, refusal.error)
        }
        // From here on the query is needed up to its question only.
        let words = (memory + Self.scratch(over: transport)).assumingMemoryBound(to: UInt64.self)
        let name = FoldedName(memory + Header.length, length: query.nameLength, in: words)
        guard let entry = zones.zone(of: name) else {
            return respond(to: query, in: memory, over: transport, .refused, .notAuthoritative)
        }
        switch entry.pointee.status {
        case nil: return respond(to: query, in: memory, over: transport, .serverFailure, .notReady)
        case .expired: return respond(to: query, in: memory, over: transport, .serverFailure, .noReachableAuthority)
        case .current, .stale: return answer(query, name, from: entry, in: memory, over: transport)
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
        _ query: Query, _ name: FoldedName, from entry: UnsafePointer<ServedZones.Entry>, in memory: UnsafeMutableRawPointer,
        over transport: Transport
    ) -> Int {
        let isStale = entry.pointee.status == .stale
        let result = entry.pointee.view.lookup(name, query.type, isAnyWhole: transport == .tcp)
        switch result {
        case .data(let rrset):
            let error: ExtendedError? = isStale || rrset.isHeld ? .staleAnswer : nil
            var writer = writer(for: query, in: memory, over: transport, error)
            addWithAddresses(rrset, to: &writer)
            return writer.finish(query, .noError, isAuthoritative: true, error)
        case .all(let node):
            return answerAll(query, from: node, in: memory, over: transport, isStale: isStale)
        case .unknown:
            return respond(to: query, in: memory, over: transport, .serverFailure, .noReachableAuthority)
        case .noData:
            return negative(query, .noError, from: entry, in: memory, over: transport, isStale ? .staleAnswer : nil)
        case .nameError:
            guard !entry.pointee.view.hasUnknownServices else {
                return nameErrorUnlessUnknown(query, name, from: entry, in: memory, over: transport)
            }
            return negative(query, .nameError, from: entry, in: memory, over: transport, isStale ? .staleNameError : nil)
        }
    }

    @inline(__always)
    private mutating func addWithAddresses(_ rrset: EncodedRRset, to writer: inout ResponseWriter) {
        let first = firstRecord(of: rrset)
        let answersStart = writer.length
        writer.addAnswer(rrset, from: first)
        if !writer.isTruncated { writer.addAddresses(ofTargetsIn: rrset, from: first, answersStart: answersStart) }
    }

    /// Every RRset of a name (RFC 8482 §4.3 leaves that to TCP).
    private mutating func answerAll(
        _ query: Query, from node: ZoneNode, in memory: UnsafeMutableRawPointer, over transport: Transport, isStale: Bool
    ) -> Int {
        let indices = 0..<node.count
        let error: ExtendedError? = isStale || indices.contains { node[$0].isHeld } ? .staleAnswer : nil
        var writer = writer(for: query, in: memory, over: transport, error)
        for index in indices where !writer.isTruncated { writer.addAnswer(node[index], from: firstRecord(of: node[index])) }
        return writer.finish(query, .noError, isAuthoritative: true, error)
    }

    /// No such name, unless it may be one of a service of which nothing is known. Apart, as it is rare.
    @inline(never)
    private func nameErrorUnlessUnknown(
        _ query: Query, _ name: FoldedName, from entry: UnsafePointer<ServedZones.Entry>, in memory: UnsafeMutableRawPointer,
        over transport: Transport
    ) -> Int {
        if entry.pointee.view.isBelowUnknownService(name) {
            return respond(to: query, in: memory, over: transport, .serverFailure, .noReachableAuthority)
        }
        let isStale = entry.pointee.status == .stale
        return negative(query, .nameError, from: entry, in: memory, over: transport, isStale ? .staleNameError : nil)
    }

    /// No data or no such name, with the SOA (RFC 2308 §2).
    private func negative(
        _ query: Query, _ code: ResponseCode, from entry: UnsafePointer<ServedZones.Entry>, in memory: UnsafeMutableRawPointer,
        over transport: Transport, _ error: ExtendedError?
    ) -> Int {
        var writer = writer(for: query, in: memory, over: transport, error)
        let origin = Header.length + query.nameLength - entry.pointee.view.origin.length
        writer.addNegativeAuthority(entry.pointee.view.negativeAuthority, origin: origin)
        return writer.finish(query, code, isAuthoritative: true, error)
    }

    /// A writer that leaves room for the OPT record which `finish` adds.
    @inline(__always)
    private func writer(
        for query: Query, in memory: UnsafeMutableRawPointer, over transport: Transport, _ error: ExtendedError?
    ) -> ResponseWriter {
        var limit = Self.limit(over: transport)
        if transport == .udp { limit = min(limit, query.edns?.payloadSize.octets ?? UDPPayloadSize.withoutEDNS) }
        if query.edns != nil { limit &-= EDNS.recordLength &+ (error == nil ? 0 : EDNS.extendedErrorLength) }
        return ResponseWriter(memory, questionEnd: query.questionEnd, limit: limit)
    }

    /// Which record comes first: any, or one drawn by weight.
    @inline(__always)
    private mutating func firstRecord(of rrset: EncodedRRset) -> Int {
        let count = rrset.count
        guard count > 1 else { return 0 }
        guard let sums = rrset.cumulativeWeights else {
            return Int(truncatingIfNeeded: randomness.next(below: UInt64(truncatingIfNeeded: count)))
        }
        return weightedRecord(sums, count)
    }

    private mutating func weightedRecord(_ sums: UnsafePointer<UInt64>, _ count: Int) -> Int {
        let drawn = randomness.next(below: sums[count - 1])
        var low = 0
        var high = count - 1
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > drawn { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
