import DNSAuthority
import DNSSecurity
import Glibc
import IPAddressing
import Synchronization

/// What an operator wants to know of transfers.
package enum TransferReport: Equatable, Sendable {
    /// The signature of a query does not hold; the key's name in wire form.
    case signatureRefused(IPAddress, key: [UInt8], SignatureError)
    /// A client may not transfer zones.
    case refused(IPAddress)
    /// There are as many transfers as there may be.
    case tooMany(IPAddress, DomainName)
}

/// Answers transfers, and queries with a signature: its `answer` is what a server's `QueryPolicy` has as `answerLong`.
package final class TransferAnswerer: Sendable {
    private let policy: Mutex<TransferPolicy>
    private let limit = TransferLimit()
    private let report: @Sendable (TransferReport) -> Void
    private let time: @Sendable () -> UInt64

    /// `report` is called with what an operator wants to know; `time`: seconds since 1970, by which signatures are made and judged.
    package init(
        _ policy: TransferPolicy = TransferPolicy(), report: @escaping @Sendable (TransferReport) -> Void,
        time: @escaping @Sendable () -> UInt64 = { UInt64(clamping: Glibc.time(nil)) }
    ) {
        self.policy = Mutex(policy)
        (self.report, self.time) = (report, time)
    }

    /// Has queries from now on answered by another policy. Transfers that have begun go on.
    package func follow(_ policy: TransferPolicy) { self.policy.withLock { $0 = policy } }

    /// How many transfers of several messages are under way.
    package var underWay: Int { limit.underWay }

    /// Answers a query; from any thread.
    @Sendable package func answer(_ query: LongQuery) -> LongAnswer {
        let policy = policy.withLock { $0 }
        guard query.isSigned else { return answer(query, by: policy, signedBy: nil) }
        switch RequestVerification(Array(query.message), keys: policy.keys, at: time()) {
        case .unsigned, .malformed: return respond(to: query, .unreadableSignature, nil)
        case .refused(let request):
            note(.signatureRefused(query.address, key: request.keyName, request.error), of: query)
            return respond(to: query, .wrongSignature, request.signer)
        case .verified(let request):
            let response: LongAnswer = request.content.withUnsafeBytes { content in
                let inner = LongQuery(
                    content, from: query.client, over: query.transport, zones: query.zones, policy: query.policy, udpLimit: query.udpLimit)
                return answer(inner, by: policy, signedBy: request)
            }
            guard case .message(let octets, let summary, _) = response else { return response }
            return .message(octets, summary, isVerified: true)
        }
    }

    private func answer(_ query: LongQuery, by policy: TransferPolicy, signedBy request: VerifiedRequest?) -> LongAnswer {
        switch query.kind {
        case .other: return request.map { answerOrdinary(query, $0.signer) } ?? .silence
        case .transfer: return transfer(query, since: nil, by: policy, request)
        case .incrementalTransfer(let serial): return transfer(query, since: serial, by: policy, request)
        }
    }

    /// A response without records.
    private func respond(to query: LongQuery, _ disposition: Disposition, _ signer: Signer?, place: Int = 0) -> LongAnswer {
        let (octets, answer) = query.answer(disposition, place: place)
        return sign(octets, answer, of: query, signer)
    }

    /// Reports what an operator wants to know, of TCP alone: a datagram may have any address as its source.
    private func note(_ event: TransferReport, of query: LongQuery) {
        if query.transport == .tcp { report(event) }
    }

    /// Signs a response of one message. Where the signature does not fit beside the records, the client comes again over TCP.
    private func sign(_ octets: [UInt8], _ answer: Responder.Answer, of query: LongQuery, _ signer: Signer?) -> LongAnswer {
        guard var signer else { return .message(octets, answer) }
        var (octets, answer) = (octets, answer)
        if octets.count + signer.length > query.limit { (octets, answer) = query.truncated(place: answer.zone) }
        signer.sign(&octets, at: time())
        return octets.count <= query.limit ? .message(octets, query.summary(of: octets, answer.code, place: answer.zone)) : .silence
    }
}

// MARK: Transfers

extension TransferAnswerer {
    /// The zone, or what is different in it since a serial, to those who may have it.
    private func transfer(
        _ query: LongQuery, since serial: UInt32?, by policy: TransferPolicy, _ request: VerifiedRequest?
    ) -> LongAnswer {
        let signer = request?.signer
        guard policy.allows(query.address, key: request?.key) else {
            note(.refused(query.address), of: query)
            return respond(to: query, .notAdmitted, signer)
        }
        guard let (served, place) = query.zone else { return respond(to: query, .notOrigin, signer) }
        if let disposition = Disposition.judge(served.status) { return respond(to: query, disposition, signer, place: place) }
        // What has been read, as the status says, has a zone.
        guard let history = served.history ?? served.zone.map({ ZoneHistory($0) }) else { return .silence }
        if query.kind == .transfer, query.transport == .udp { return respond(to: query, .transferOverUDP, signer, place: place) }
        if query.transport == .udp || serial.map({ Self.isCurrent($0, history.serial) }) == true {
            return begin(TransferRecords(soaOf: history.zone), query, signer, permit: nil, place)
        }
        guard let permit = limit.permit() else {
            note(.tooMany(query.address, served.origin), of: query)
            return respond(to: query, .tooManyTransfers, signer, place: place)
        }
        return begin(Self.records(of: history, since: serial), query, signer, permit: permit, place)
    }

    private func begin(
        _ records: TransferRecords, _ query: LongQuery, _ signer: Signer?, permit: TransferLimit.Permit?, _ place: Int
    ) -> LongAnswer {
        let stream = TransferStream(records, to: query, signer: signer, permit: permit, time: time)
        guard let first = stream.next() else { return .silence }
        guard first.count <= query.limit else {
            let (octets, answer) = query.truncated(place: place)
            return sign(octets, answer, of: query, signer)
        }
        let summary = query.summary(of: first, place: place)
        return stream.isDone ? .message(first, summary) : .messages(first, stream, summary)
    }

    /// Whether a client's serial is ours, or ahead of ours (RFC 1982 §3.2).
    private static func isCurrent(_ serial: UInt32, _ ours: UInt32) -> Bool { Int32(bitPattern: serial &- ours) >= 0 }

    /// What leads from a client's version to ours, if that is known and not longer than the zone; else the zone.
    private static func records(of history: ZoneHistory, since serial: UInt32?) -> TransferRecords {
        guard let differences = serial.flatMap({ history.differences(since: $0) }), !differences.isEmpty else {
            return TransferRecords(of: history.zone)
        }
        let isZoneShorter = history.length > 0 && history.length < differences.reduce(0) { $0 + $1.length }
        return isZoneShorter ? TransferRecords(of: history.zone) : TransferRecords(differences, to: history.zone)
    }
}

// MARK: Other queries

extension TransferAnswerer {
    /// The answer of the zones to a query that was signed. Other servers are not asked: what they say could not be signed.
    private func answerOrdinary(_ query: LongQuery, _ signer: Signer) -> LongAnswer {
        var responder = Responder(seed: .random(in: 0 ... .max), over: query.transport, udpLimit: query.udpLimit)
        responder.seconds = UInt32(truncatingIfNeeded: time())
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(responder.capacity, query.message.count), alignment: 8)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        memory.copyMemory(from: query.message)
        let outcome = responder.respond(
            in: memory, queryLength: query.message.count, to: query.client.socketAddress, from: query.zones, by: query.policy)
        switch outcome {
        case .silent, .long: return .silence
        case .answered(let answer): return sign(Array(memory[..<answer.length]), answer, of: query, signer)
        case .deferred(let deferral):
            let octets = Array(memory[..<deferral.fail(in: memory, cookie: responder.cookieOption(for: deferral))])
            return sign(octets, query.summary(of: octets, place: 0), of: query, signer)
        }
    }
}

extension LongQuery {
    /// The client's address.
    fileprivate var address: IPAddress { IPAddress.v6(IPv6Address(value: client.number)).unmapped }
}
