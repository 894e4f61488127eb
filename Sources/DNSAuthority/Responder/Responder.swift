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
    var order: RecordOrder
    let transport: Transport
    /// Most octets of a response.
    private let limit: Int
    /// Most octets of a response to a client that says nothing of its size, or 512: over UDP as many, over a stream all.
    private let leastLimit: Int
    /// Where the question's name stands, as zones hold it: the next multiple of sixteen behind the longest response.
    let scratch: Int
    /// Octets of memory that answering takes, at least. A query may be longer.
    package let capacity: Int
    /// The time in seconds since 1970, by which cookies are made and judged.
    package var seconds: UInt32 = 0
    /// What is known of the last query that was judged by more than its zone.
    var guarded = GuardedQuery()
    /// The seed of the hashes by which responses are limited, secret: a client cannot choose whose share it uses up.
    let rateSeed: UInt64

    /// What becomes of a message.
    package enum Outcome: Sendable {
        /// It has a response.
        case answered(Answer)
        /// It has no response.
        case silent
        /// Another server knows its response: header and question stand where they stood.
        case deferred(Deferral)
        /// The policy's `LongAnswerer` answers it: the message stands as it came.
        case long
    }

    /// What is known of a response. Each property comes in a register of its own: the caller counts all of them.
    package struct Answer: Sendable {
        /// Its octets, with `truncationMark` if it is truncated: one word, as a caller looks first whether it is short and whole.
        package let lengthAndMark: Int
        /// Its RCODE.
        package let code: ResponseCode
        /// The place of the zone that answers among `ServedZones.all`, behind 0 for no zone.
        package let zone: Int
        /// The type that was asked for; 0 if there is no question that can be read.
        package let type: RecordType

        private static let truncationMark = 1 << 16

        @inline(__always)
        init(length: Int, isTruncated: Bool, zone: Int, code: ResponseCode, type: RecordType) {
            lengthAndMark = length | (isTruncated ? Self.truncationMark : 0)
            (self.zone, self.code, self.type) = (zone, code, type)
        }

        /// Its octets.
        package var length: Int { lengthAndMark & 0xFFFF }
        /// Whether TC is set, since not all records of the answer fit.
        package var isTruncated: Bool { lengthAndMark > 0xFFFF }
    }

    /// The seed decides only which record of an RRset comes first, and which responses beyond the rate limit are sent without records.
    /// `udpLimit` is the most octets of a response over UDP, from 512 on; over TCP it is 65,535 (RFC 1035 §4.2.2). `rateSeed`: for `rateKey`.
    package init(
        seed: UInt64, over transport: Transport, udpLimit: Int = UDPPayloadSize.unfragmented, rateSeed: UInt64 = 0
    ) {
        self.rateSeed = rateSeed
        order = RecordOrder(seed: seed)
        self.transport = transport
        limit = transport == .tcp ? Int(UInt16.max) : UDPPayloadSize(limit: udpLimit).octets
        leastLimit = transport == .tcp ? limit : UDPPayloadSize.withoutEDNS
        scratch = (limit + 15) & ~15
        capacity = scratch + FoldedName.capacity * 8
    }

    /// Writes the response over the query, which stands in the first `queryLength` octets of `buffer`, aligned to eight octets. `socketAddress`:
    /// the client's, `ClientAddress.length` octets. Silent too if `buffer` is smaller than `capacity`. O(query + response).
    package mutating func respond(
        in buffer: UnsafeMutableRawBufferPointer, queryLength: Int, to socketAddress: UnsafeRawPointer, from zones: ServedZones,
        by policy: QueryPolicy
    ) -> Outcome {
        guard let memory = buffer.baseAddress, buffer.count >= capacity, queryLength <= buffer.count else { return .silent }
        let flags = HeaderFlags(of: memory)
        if Disposition.isSilent(flags, messageLength: queryLength) { return .silent }
        let client = ClientAddress(socketAddress)
        let query = QueryParser.parse(UnsafeRawBufferPointer(start: memory, count: queryLength).bytes, flags)
        let outcome =
            if policy.isGuarding || query.edns.isRare {
                answerGuarded(in: memory, queryLength: queryLength, to: client, from: zones, by: policy)
            } else {
                answer(query, in: memory, to: client, from: zones, by: policy)
            }
        if policy.isForwarding, case .answered = outcome { HeaderFlags.set(HeaderFlags.recursionAvailable, in: memory) }
        return outcome
    }

    /// Answers a query that may be answered. `options`: octets that the caller writes at the end of the response, if it has an OPT record.
    /// `refusesUnknown`: whether names that do not exist are refused, known to the compiler where no guard applies.
    @inline(__always)
    mutating func answer(
        _ query: Query, in memory: UnsafeMutableRawPointer, to client: ClientAddress, from zones: ServedZones, by policy: QueryPolicy,
        reserving options: Int = 0, refusingUnknown refusesUnknown: Bool = false
    ) -> Outcome {
        func begin(_ disposition: Disposition) -> ResponseWriter {
            ResponseWriter(memory, query, disposition, limit: limit(for: query) &- options)
        }
        if let disposition = Disposition.judge(query) {
            if policy.answersLong, query.isTransfer { return .long }
            return .answered(begin(disposition).finish(reserving: options))
        }
        let words = (memory + scratch).assumingMemoryBound(to: UInt64.self)
        let name = FoldedName(memory + Header.length, length: query.nameLength, in: words)
        guard let zone = zones.zone(of: name) else {
            guard let deferral = deferral(of: query, by: policy, reserving: options) else {
                return .answered(begin(.outOfZone).finish(reserving: options))
            }
            if name.isLocal, !policy.forwardsLocal {
                return .answered(begin(.local(isItself: name.isLocalItself)).finish(reserving: options))
            }
            return policy.mayForward(client) ? .deferred(deferral) : .answered(begin(.notAdmitted).finish(reserving: options))
        }
        let (view, status) = (zone.pointee.view, zone.pointee.status)
        if let disposition = Disposition.judge(status) { return .answered(begin(disposition).finish(zone, reserving: options)) }
        let result = view.lookup(name, query.type)
        if case .nameError = result, zone.pointee.isPartial, policy.mayForward(client),
            let deferral = deferral(of: query, by: policy, reserving: options)
        {
            return .deferred(deferral)
        }
        if refusesUnknown, case .nameError = result { return .answered(begin(.unknownName).finish(zone, reserving: options)) }
        let disposition = Disposition.judge(result, isStale: status == .stale)
        // A writer for each case: the compiler then knows what goes into it.
        switch result {
        case .data(let rrset) where rrset.givesOne:
            return .answered(addingOne(of: rrset, to: begin(disposition)).finish(zone, reserving: options))
        case .data(let rrset):
            var writer = begin(disposition)
            add(rrset, to: &writer, for: client)
            return .answered(writer.finish(zone, reserving: options))
        case .all(let node):
            return .answered(addingAll(of: node, to: begin(disposition), for: client).finish(zone, reserving: options))
        case .noData, .nameError:
            var writer = begin(disposition)
            writer.addNegativeAuthority(of: view)
            return .answered(writer.finish(zone, reserving: options))
        case .unknown:
            return .answered(begin(disposition).finish(zone, reserving: options))
        }
    }

    /// Most octets of the response to a query.
    @inline(__always)
    func limit(for query: Query) -> Int {
        min(limit, max(query.edns.payloadSize.octets, leastLimit))
    }

    /// Adds the records of the asked type, with their additional data where all fit.
    @inline(__always)
    private mutating func add(_ rrset: EncodedRRset, to writer: inout ResponseWriter, for client: ClientAddress) {
        let first = order.first(of: rrset)
        let start = writer.length
        writer.addAnswer(rrset, from: first, for: client)
        if !writer.isTruncated { writer.addAdditionalData(of: rrset, from: first, answersStart: start) }
    }

    /// Adds one record of the asked type, drawn by weight, with its additional data.
    @inline(never)
    private mutating func addingOne(of rrset: EncodedRRset, to writer: ResponseWriter) -> ResponseWriter {
        var writer = writer
        let (index, start) = (order.first(of: rrset), writer.length)
        writer.addRecord(index, of: rrset)
        if case .none = rrset.additional { return writer }
        return writer.addingAdditionalData(ofRecord: index, of: rrset, answerStart: start)
    }

    /// Adds every RRset of a name over TCP, and over UDP where they fit whole; else one of them: SRV, which says the most, if there is one
    /// (RFC 8482 §4.1, §4.3).
    @inline(never)
    private mutating func addingAll(of node: ZoneNode, to writer: ResponseWriter, for client: ClientAddress) -> ResponseWriter {
        var writer = writer
        var chosen = 0..<node.count
        if transport == .udp, !writer.fits(chosen.reduce(0) { $0 + node[$1].mostOctets }) {
            let one = chosen.first { node[$0].type == .srv && node[$0].count > 0 } ?? chosen.first { node[$0].count > 0 }
            if let one { chosen = one..<one + 1 }
        }
        for index in chosen where !writer.isTruncated {
            let first = order.first(of: node[index])
            if node[index].givesOne {
                writer.addRecord(first, of: node[index])
            } else {
                writer.addAnswer(node[index], from: first, for: client)
            }
        }
        return writer
    }
}
