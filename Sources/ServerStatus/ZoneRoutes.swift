import DNSAuthority
import Hummingbird
import NIOCore
import ProviderRegistry
import Synchronization

/// How a name is answered, and why: JSON, or text.
package protocol ShownAnswer: Encodable, Sendable {
    /// The lines for people.
    var text: String { get }
}

/// `/zones`: the zones; `/zones/ORIGIN.zone`: one as a master file; `/zones/ORIGIN/NAME`: how a name is answered.
package struct ZoneRoutes: RouteGroup {
    /// How a name in a zone is answered now; nil if there is no such zone, or the name cannot be one.
    package typealias Explain = @Sendable (_ name: String, _ origin: DomainName) -> (any ShownAnswer)?

    private let board: StatusBoard
    private let served: @Sendable () -> ServedZones
    private let explain: Explain
    private let transfers = Places(4)
    private let tags = MasterFileTags()

    /// `served`: the zones that are answered from now.
    package init(_ board: StatusBoard, served: @escaping @Sendable () -> ServedZones, explain: @escaping Explain) {
        (self.board, self.served, self.explain) = (board, served, explain)
    }

    package func add(to router: Router<BasicRequestContext>) {
        router.get("zones") { _, _ in
            let facts = board.facts
            return try Response.json(facts.zones.map { ZoneSummary($0, at: facts.now) })
        }
        router.get("zones/{zone}") { request, context in try masterFile(request, context) }
        router.get("zones/{zone}/{name}") { request, context in try explanation(request, context) }
    }

    private func explanation(_ request: Request, _ context: BasicRequestContext) throws -> Response {
        guard let origin = context.parameters.get("zone").flatMap(PathText.decode).flatMap(DomainName.init(text:)),
            let name = context.parameters.get("name").flatMap(PathText.decode), let explanation = explain(name, origin)
        else { return .text("no such zone, or no name that could be in it\n", status: .notFound) }
        // Text unless JSON is asked for: whatever follows the name may be a part of it.
        guard request.headers[.accept]?.contains("application/json") == true else { return .text(explanation.text) }
        return try .json(explanation)
    }
}

// MARK: Master files

extension ZoneRoutes {
    private static let suffix = ".zone"
    /// Octets of a master file that are written at once, about.
    private static let pieceLength = 64 << 10
    /// Seconds after which a client may ask again that found too many on their way.
    private static let pause = "1"

    private func masterFile(_ request: Request, _ context: BasicRequestContext) throws -> Response {
        guard let file = context.parameters.get("zone").flatMap(PathText.decode), file.hasSuffix(Self.suffix),
            let origin = DomainName(text: file.dropLast(Self.suffix.count)), let found = served().all.first(where: { $0.origin == origin })
        else { return .text("no such zone\n", status: .notFound) }
        guard let zone = found.zone else { return .text("the zone has not been read\n", status: .serviceUnavailable) }
        let id = tags.id(of: zone)
        let tag = "\"\(id)\""
        guard !request.knows(where: { $0 == id }) else {
            return Response(status: .notModified, headers: [.eTag: tag, .cacheControl: "no-cache"])
        }
        let headers: HTTPFields = [.contentType: "text/dns; charset=utf-8", .eTag: tag, .cacheControl: "no-cache"]
        guard request.method != .head else { return Response(status: .ok, headers: headers) }
        guard let transfer = transfers.take() else {
            var busy = Response.text("too many master files are on their way to slow readers\n", status: .serviceUnavailable)
            busy.headers[.retryAfter] = Self.pause
            return busy
        }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                defer { withExtendedLifetime(transfer) {} }
                var pieces = await LongWork.run { MasterFile.Pieces(of: zone, octets: Self.pieceLength) }
                while let piece = await LongWork.run({ pieces.next() }) { try await writer.write(ByteBuffer(string: piece)) }
                try await writer.finish(nil)
            })
    }
}

/// Tells the master files of a zone apart: by the serial, and by a number where the zone has changed under a serial, as queries see changes
/// before the version that has them.
private final class MasterFileTags: Sendable {
    /// The zone that was asked for last. Weak: it may not be served any more, and is large.
    private struct Latest {
        weak var zone: Zone?
        let serial: UInt32
        let number: Int
    }

    private let latest = Mutex<[DomainName: Latest]>([:])

    /// What stands for the content of a zone that is served now, and for no later one.
    func id(of zone: Zone) -> String {
        let serial = zone.authority.serial
        let number = latest.withLock { latest in
            let last = latest[zone.origin]
            if let last, last.zone === zone { return last.number }
            let number = last.map { $0.serial == serial ? $0.number + 1 : 0 } ?? 0
            latest[zone.origin] = Latest(zone: zone, serial: serial, number: number)
            return number
        }
        return number == 0 ? "\(serial)" : "\(serial).\(number)"
    }
}

/// A zone as `/zones` shows it.
private struct ZoneSummary: Encodable {
    let origin: String
    let status: String
    let serial: UInt32?
    let names: Int
    let services: Int
    let providers: Int
    let held: Int
    let rejected: Int
    /// How many of them have which reason.
    let reasons: [String: Int]
    /// Seconds since what is served was right for sure.
    let age: Double

    init(_ facts: ZoneFacts, at now: ContinuousClock.Instant) {
        (origin, status, serial, names) = (facts.origin.text, facts.status.text, facts.serial, facts.names)
        (services, providers, held) = (facts.services, facts.providers, facts.held)
        (rejected, reasons, age) = (facts.rejected.count, facts.rejected.counts, facts.age(at: now).seconds)
    }
}

/// Parts of a request's path.
enum PathText {
    /// The text of a part, its percent signs resolved (RFC 3986 §2.1); nil if that is no text.
    static func decode(_ part: some StringProtocol) -> String? {
        var octets: [UInt8] = []
        var rest = Array(part.utf8)[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "%") else {
                octets.append(octet)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            octets.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: octets, as: UTF8.self)
    }
}
