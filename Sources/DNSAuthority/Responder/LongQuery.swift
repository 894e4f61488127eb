/// Answers what takes more than a look at the zones: transfers, and queries with a signature. From any thread.
package typealias LongAnswerer = @Sendable (LongQuery) -> LongAnswer

/// What a `LongAnswerer` gives.
package enum LongAnswer {
    /// No response.
    case silence
    /// A response of one message. `isVerified`: the query's signature held, so that the response is not held to a rate limit.
    case message([UInt8], Responder.Answer, isVerified: Bool = false)
    /// A response of several messages, over TCP alone: the first, and where the others come from.
    case messages([UInt8], any MessageSource, Responder.Answer)
}

/// The messages of a long response behind the first, one after another. On one event loop.
///
/// Each is taken when the client has read most of those before it. The source is let go of when the connection closes.
package protocol MessageSource: AnyObject {
    /// The next message without the length that goes before it; nil after the last.
    func next() -> [UInt8]?
}

/// A query that a `LongAnswerer` answers; valid as long as its call.
package struct LongQuery {
    /// The whole message.
    package let message: UnsafeRawBufferPointer
    package let client: ClientAddress
    package let transport: Transport
    /// The zones to answer from.
    package let zones: ServedZones
    package let policy: QueryPolicy
    /// Most octets of a response over UDP to any client.
    package let udpLimit: Int
    private let query: Query

    /// `message`: what the responder was given.
    package init(
        _ message: UnsafeRawBufferPointer, from client: ClientAddress, over transport: Transport, zones: ServedZones, policy: QueryPolicy,
        udpLimit: Int = UDPPayloadSize.unfragmented
    ) {
        (self.message, self.client, self.transport, self.zones, self.policy) = (message, client, transport, zones, policy)
        self.udpLimit = udpLimit
        if let start = message.baseAddress, message.count >= Header.length {
            query = QueryParser.parse(message.bytes, HeaderFlags(of: start))
        } else {
            query = Query(flags: HeaderFlags(bits: 0))
        }
    }

    /// What a query asks for.
    package enum Kind: Equatable, Sendable {
        /// All records of a zone (RFC 5936).
        case transfer
        /// What is different since the version that the client has: its serial, nil if the query does not say it (RFC 1995).
        case incrementalTransfer(since: UInt32?)
        /// Something else.
        case other
    }

    /// What it asks for.
    package var kind: Kind {
        guard query.isTransfer else { return .other }
        return query.type == .axfr ? .transfer : .incrementalTransfer(since: QueryParser.serial(message.bytes, behind: query))
    }

    /// Whether the message has a TSIG record, wherever it stands in the additional section.
    package var isSigned: Bool { QueryParser.isSigned(message.bytes, query) }

    /// The zone whose origin is asked for, with its place among all, from 1 on; nil if there is none.
    package var zone: (served: ServedZone, place: Int)? {
        guard query.questionEnd > Header.length, query.recordClass == RecordClass.internet else { return nil }
        let name = message[Header.length..<Header.length + query.nameLength]
        let index = zones.all.firstIndex { zone in
            zone.origin.octets.count == name.count && zip(zone.origin.octets, name).allSatisfy { $0 == $1.asciiLowercased }
        }
        return index.map { (zones.all[$0], $0 + 1) }
    }

    /// Most octets of the response.
    package var limit: Int {
        transport == .tcp ? Int(UInt16.max) : min(UDPPayloadSize(limit: udpLimit).octets, query.edns.payloadSize.octets)
    }
}

// MARK: Responses

extension LongQuery {
    /// Header and question of a response from a zone, without records.
    package var responseBeginning: [UInt8] {
        write(Disposition.transferred, isTruncated: false, withOPT: false).octets
    }

    /// The OPT record of such a response; nothing if the query has none.
    package var responseOPT: [UInt8] {
        guard query.edns.isPresent else { return [] }
        let whole = write(Disposition.transferred, isTruncated: false, withOPT: true).octets
        return Array(whole[query.questionEnd...])
    }

    /// A response without records. `place`: the zone's, 0 for none.
    package func answer(_ disposition: Disposition, place: Int = 0) -> (octets: [UInt8], answer: Responder.Answer) {
        write(disposition, isTruncated: false, withOPT: true, place: place)
    }

    /// A response that says that records do not fit.
    package func truncated(place: Int) -> (octets: [UInt8], answer: Responder.Answer) {
        write(.overLimit(hasCookie: false), isTruncated: true, withOPT: true, place: place)
    }

    /// What is counted of a response whose octets are these. `code`: nil for what the header says.
    package func summary(of octets: [UInt8], _ code: ResponseCode? = nil, place: Int) -> Responder.Answer {
        let header = octets.count > 3 ? ResponseCode(rawValue: UInt16(octets[3] & 15)) : nil
        return Responder.Answer(
            length: min(octets.count, Int(UInt16.max)), isTruncated: octets.count > 2 && octets[2] & 2 != 0, zone: place,
            code: code ?? header ?? .serverFailure, type: query.type)
    }

    private func write(
        _ disposition: Disposition, isTruncated: Bool, withOPT: Bool, place: Int = 0
    ) -> (octets: [UInt8], answer: Responder.Answer) {
        var query = query
        if !withOPT { query.edns = .absent }
        var answer: Responder.Answer?
        let octets = [UInt8](unsafeUninitializedCapacity: UDPPayloadSize.withoutEDNS) { buffer, count in
            guard let start = buffer.baseAddress, message.count >= query.questionEnd else { return }
            let memory = UnsafeMutableRawPointer(start)
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: UnsafeRawBufferPointer(rebasing: message[..<query.questionEnd]))
            var writer = ResponseWriter(memory, query, disposition, limit: buffer.count)
            if isTruncated { writer.truncate() }
            let written = writer.finish()
            if policy.isForwarding { HeaderFlags.set(HeaderFlags.recursionAvailable, in: memory) }
            (answer, count) = (written, written.length)
        }
        return (octets, summary(of: octets, answer?.code, place: place))
    }
}
