/// How a query came and its response goes.
package enum Transport: Sendable {
    /// A datagram: the response keeps to what the client and the network take.
    case udp
    /// A stream: the response may have 65,535 octets (RFC 7766 §8).
    case tcp
}

/// Answers one query at a time, in the memory that it stands in: no I/O, no clock, no allocation, no reference counting.
///
/// One for each thread and transport. Same seed, same queries, same zones: same octets.
package struct Responder {
    private var randomness: Randomness
    private let transport: Transport
    /// Most octets of a response.
    private let limit: Int
    /// Where the question's name stands, as zones hold it: the next multiple of sixteen behind the longest response.
    private let scratch: Int
    /// Octets of memory that answering takes, at least. A query may be longer.
    package let capacity: Int

    /// Octets that tell one client from another: an address of either family.
    package static let clientLength = 20

    /// The seed decides only which record of an RRset comes first. `udpLimit` is the most octets of a response over UDP, from 512 on; over
    /// TCP it is 65,535 (RFC 1035 §4.2.2).
    package init(seed: UInt64, over transport: Transport, udpLimit: Int = UDPPayloadSize.unfragmented) {
        randomness = Randomness(seed: seed)
        self.transport = transport
        limit = transport == .tcp ? Int(UInt16.max) : UDPPayloadSize(limit: udpLimit).octets
        scratch = (limit + 15) & ~15
        capacity = scratch + FoldedName.capacity * 8
    }

    /// Writes the response over the query, which stands in the first `queryLength` octets of `buffer`, aligned to eight octets. `client`:
    /// `clientLength` octets.
    ///
    /// Returns the response's length in octets, or 0 if there must be none (or `buffer` is smaller than `capacity`). O(query + response).
    package mutating func respond(
        in buffer: UnsafeMutableRawBufferPointer, queryLength: Int, to client: UnsafeRawPointer, from zones: ServedZones
    ) -> Int {
        guard let memory = buffer.baseAddress, buffer.count >= capacity, queryLength <= buffer.count,
            case .accept(let flags) = QueryAcceptance.judge(memory, length: queryLength)
        else { return 0 }
        var query = Query(flags: flags)
        QueryParser.parse(UnsafeRawBufferPointer(start: memory, count: queryLength).bytes, into: &query)
        if let refusal = Refusal.judge(query) {
            return respond(to: query, in: memory, refusal.code, refusal.error)
        }
        // From here on the query is needed up to its question only.
        let words = (memory + scratch).assumingMemoryBound(to: UInt64.self)
        let name = FoldedName(memory + Header.length, length: query.nameLength, in: words)
        guard let entry = zones.zone(of: name) else {
            return respond(to: query, in: memory, .refused, .notAuthoritative)
        }
        switch entry.pointee.status {
        case nil: return respond(to: query, in: memory, .serverFailure, .notReady)
        case .expired: return respond(to: query, in: memory, .serverFailure, .noReachableAuthority)
        case .current, .stale: return answer(query, name, from: entry, in: memory, to: client)
        }
    }

    /// A response without records.
    private func respond(
        to query: Query, in memory: UnsafeMutableRawPointer, _ code: ResponseCode, _ error: ExtendedError?
    ) -> Int {
        var writer = writer(for: query, in: memory, error)
        return writer.finish(query, code, isAuthoritative: false, error)
    }

    /// Answers from a zone that holds the name's place (RFC 1034 §4.3.2).
    @inline(__always)
    private mutating func answer(
        _ query: Query, _ name: FoldedName, from entry: UnsafePointer<ServedZones.Entry>, in memory: UnsafeMutableRawPointer,
        to client: UnsafeRawPointer
    ) -> Int {
        let isStale = entry.pointee.status == .stale
        let result = entry.pointee.view.lookup(name, query.type)
        switch result {
        case .data(let rrset):
            let error: ExtendedError? = isStale || rrset.isHeld ? .staleAnswer : nil
            var writer = writer(for: query, in: memory, error)
            addWithAddresses(rrset, in: &writer, to: client)
            return writer.finish(query, .noError, isAuthoritative: true, error)
        case .all(let node):
            return answerAll(query, from: node, in: memory, to: client, isStale: isStale)
        case .unknown:
            return respond(to: query, in: memory, .serverFailure, .noReachableAuthority)
        case .noData:
            return negative(query, .noError, from: entry, in: memory, isStale ? .staleAnswer : nil)
        case .nameError:
            guard !entry.pointee.view.hasUnknownServices else {
                return nameErrorUnlessUnknown(query, name, from: entry, in: memory)
            }
            return negative(query, .nameError, from: entry, in: memory, isStale ? .staleNameError : nil)
        }
    }

    @inline(__always)
    private mutating func addWithAddresses(_ rrset: EncodedRRset, in writer: inout ResponseWriter, to client: UnsafeRawPointer) {
        let first = firstRecord(of: rrset)
        let answersStart = writer.length
        writer.addAnswer(rrset, from: first, to: client)
        if !writer.isTruncated { writer.addAddresses(ofTargetsIn: rrset, from: first, answersStart: answersStart) }
    }

    /// Every RRset of a name; over UDP where they fit whole, else one of them: SRV, which says the most, if there is one (RFC 8482 §4.1, §4.3).
    @inline(never)
    private mutating func answerAll(
        _ query: Query, from node: ZoneNode, in memory: UnsafeMutableRawPointer, to client: UnsafeRawPointer,
        isStale: Bool
    ) -> Int {
        var chosen = 0..<node.count
        let isHeld = chosen.contains { node[$0].isHeld }
        let error: ExtendedError? = isStale || isHeld ? .staleAnswer : nil
        var writer = writer(for: query, in: memory, error)
        if transport == .udp, !writer.fits(chosen.reduce(0) { $0 + node[$1].length }) {
            let one = chosen.first { node[$0].type == .srv && node[$0].count > 0 } ?? chosen.first { node[$0].count > 0 }
            if let one { chosen = one..<one + 1 }
        }
        for index in chosen where !writer.isTruncated { writer.addAnswer(node[index], from: firstRecord(of: node[index]), to: client) }
        return writer.finish(query, .noError, isAuthoritative: true, error)
    }

    /// No such name, unless it may be one of a service of which nothing is known. Apart, as it is rare.
    @inline(never)
    private func nameErrorUnlessUnknown(
        _ query: Query, _ name: FoldedName, from entry: UnsafePointer<ServedZones.Entry>, in memory: UnsafeMutableRawPointer
    ) -> Int {
        if entry.pointee.view.isBelowUnknownService(name) {
            return respond(to: query, in: memory, .serverFailure, .noReachableAuthority)
        }
        let isStale = entry.pointee.status == .stale
        return negative(query, .nameError, from: entry, in: memory, isStale ? .staleNameError : nil)
    }

    /// No data or no such name, with the SOA (RFC 2308 §2).
    private func negative(
        _ query: Query, _ code: ResponseCode, from entry: UnsafePointer<ServedZones.Entry>, in memory: UnsafeMutableRawPointer,
        _ error: ExtendedError?
    ) -> Int {
        var writer = writer(for: query, in: memory, error)
        let origin = Header.length + query.nameLength - entry.pointee.view.origin.length
        writer.addNegativeAuthority(entry.pointee.view.negativeAuthority, origin: origin)
        return writer.finish(query, code, isAuthoritative: true, error)
    }

    /// A writer that leaves room for the OPT record which `finish` adds.
    @inline(__always)
    private func writer(
        for query: Query, in memory: UnsafeMutableRawPointer, _ error: ExtendedError?
    ) -> ResponseWriter {
        var limit = limit
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
