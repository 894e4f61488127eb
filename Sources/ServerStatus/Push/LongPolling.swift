import FoundationEssentials
import Hummingbird
import NIOCore

/// What a request is answered with at one moment.
struct PushAnswer: Sendable {
    /// What stands for the answer: of a text its version, of what is written as it is read the serials of its zones.
    let id: String
    let content: Content
    var status = HTTPResponse.Status.ok

    /// The answer's body.
    enum Content: Sendable {
        /// JSON in one line.
        case text(String)
        /// JSON that may be long: it is written as it is read.
        case targets(ScrapeTargetPieces)
    }

    /// The entity tag (RFC 9110 §8.8.3).
    var tag: String { "\"\(id)\"" }

    /// The JSON of an answer that has one line.
    var line: String { if case .text(let text) = content { text } else { "" } }

    /// Whether an ID stands for this answer. Of a text's ID only the digest counts: changes of other services change the serials alone.
    func isKnown(as other: String) -> Bool {
        if case .text = content { PushedText.isSame(id, other) } else { id == other }
    }
}

extension PushAnswer {
    /// A text of zones of these serials. Its content changes under one serial, as queries see changes before the version that has them.
    init(_ text: String, serials: String, status: HTTPResponse.Status = .ok) {
        self.init(id: PushedText.version(serials, of: text), content: .text(text), status: status)
    }
}

/// Answers requests as conditional ones, or holds them until there is something else to answer.
package struct LongPolling: Sendable {
    private let board: StatusBoard
    /// Of requests that are held, and events that are followed.
    let places = Places(64)
    /// Of large answers on their way: each takes memory for as long as its reader takes.
    private let largeOnes = Places(4)

    /// How long a request may be held: less than a response may take.
    static let longest: Duration = .seconds(50)
    /// Least time between two looks. After each publication of any zone each held request renders its answer.
    private static let pause: Duration = .milliseconds(100)
    /// Octets from which an answer is large.
    private static let large = 1 << 20

    /// Waits for what a board publishes.
    package init(_ board: StatusBoard) { self.board = board }

    /// The answer that `look` finds; if the client has it already, the next one within the `wait` of the request's parameters, or 304.
    func respond(to request: Request, _ look: @escaping @Sendable () throws -> PushAnswer) async throws -> Response {
        do {
            let limit = try Self.wait(request)
            let first = try look()
            guard request.knows(where: first.isKnown) else { return response(first) }
            guard let limit else { return unchanged(first) }
            let found = try await hold(request, for: limit) {
                let answer = try look()
                return answer.isKnown(as: first.id) ? nil : answer
            }
            let next = try found ?? look()
            return (next.isKnown(as: first.id) ? unchanged(next) : response(next)).closing()
        } catch let problem as PushProblem {
            return .problem(problem)
        }
    }

    /// What a client gets that has the answer already: 304, if there is anything to have.
    private func unchanged(_ answer: PushAnswer) -> Response {
        guard answer.status == .ok else { return response(answer) }
        return Response(status: .notModified, headers: [.eTag: answer.tag, .cacheControl: "no-cache"])
    }

    /// How long a client waits for a change; nil if it does not.
    private static func wait(_ request: Request) throws(PushProblem) -> Duration? {
        guard let text = request.uri.queryParameters["wait"] else { return nil }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int32(digits), ["", "s", "ms"].contains(text.dropFirst(digits.count)) else {
            throw .badRequest("wait: seconds, such as 30s, or milliseconds, such as 500ms")
        }
        let duration: Duration = text.hasSuffix("ms") ? .milliseconds(number) : .seconds(number)
        return duration == .zero ? nil : min(duration, longest)
    }

    /// Looks now and after each publication until there is something; nil once the time is over. Ends when the client goes. The connection
    /// cannot be used for another request afterwards. Throws `PushProblem.busy` if too many are held.
    func hold<Value: Sendable>(
        _ request: Request, for limit: Duration, until look: @escaping @Sendable () throws -> Value?
    ) async throws -> Value? {
        guard let place = places.take() else { throw PushProblem.busy }
        defer { withExtendedLifetime(place) {} }
        let changes = board.changes(keeping: 1)
        return try await request.body.consumeWithCancellationOnInboundClose { _ in
            try await withThrowingTaskGroup(of: Value?.self) { group in
                group.addTask {
                    if let value = try look() { return value }
                    for await _ in changes {
                        if let value = try look() { return value }
                        try await Task.sleep(for: Self.pause)
                    }
                    return nil
                }
                group.addTask {
                    try await Task.sleep(for: limit)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        }
    }

    /// Delivers what `look` finds now, unless the ID `last` stands for it, and each time that it is different, until the task is cancelled.
    /// Problems are waited out.
    func follow(
        after last: String?, _ look: @escaping @Sendable () throws -> PushAnswer, _ deliver: @escaping @Sendable (PushAnswer) -> Void
    ) async throws {
        let changes = board.changes(keeping: 1)
        var last = last
        func deliverNext() {
            guard let next = try? look(), !(last.map(next.isKnown) ?? false) else { return }
            deliver(next)
            last = next.id
        }
        deliverNext()
        for await _ in changes {
            deliverNext()
            try await Task.sleep(for: Self.pause)
        }
    }

    /// A response with an answer.
    func response(_ answer: PushAnswer) -> Response {
        let headers: HTTPFields = [.contentType: "application/json", .eTag: answer.tag, .cacheControl: "no-cache"]
        switch answer.content {
        case .text(let text) where text.utf8.count <= Self.large:
            return Response(status: answer.status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
        case .text(let text):
            guard let place = largeOnes.take() else { return .problem(PushProblem.busy) }
            return Response(
                status: answer.status, headers: headers,
                body: ResponseBody { writer in
                    defer { withExtendedLifetime(place) {} }
                    try await writer.write(ByteBuffer(string: text + "\n"))
                    try await writer.finish(nil)
                })
        case .targets(let all):
            guard let place = largeOnes.take() else { return .problem(PushProblem.busy) }
            return Response(
                status: answer.status, headers: headers,
                body: ResponseBody { writer in
                    defer { withExtendedLifetime(place) {} }
                    var pieces = all
                    while let piece = await LongWork.run({ pieces.next() }) { try await writer.write(ByteBuffer(string: piece)) }
                    try await writer.finish(nil)
                })
        }
    }
}

extension Request {
    /// Whether the client has something: what an entity tag of this ID stands for (RFC 9110 §13.1.2).
    func knows(where isKnown: (_ id: String) -> Bool) -> Bool {
        let known = headers[.ifNoneMatch]?.split(separator: ",").map { $0.trimmed } ?? []
        return known.contains { tag in
            guard tag != "*" else { return true }
            let strong = tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...]
            return strong.hasPrefix("\"") && strong.hasSuffix("\"") && isKnown(String(strong.dropFirst().dropLast()))
        }
    }
}

extension Substring {
    /// Without spaces around it.
    fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}

extension Response {
    /// Why there is no answer. Anything but a `PushProblem` is a failure of ours.
    static func problem(_ error: any Error) -> Response {
        guard let problem = error as? PushProblem else { return .text("\(error)\n", status: .internalServerError) }
        var response = Response.text(problem.text + "\n", status: problem.status)
        if problem.status == .serviceUnavailable { response.headers[.retryAfter] = "1" }
        return response
    }

    /// Says that no other request is read from the connection.
    func closing() -> Response {
        var response = self
        response.headers[.connection] = "close"
        return response
    }
}

extension PushProblem {
    fileprivate var status: HTTPResponse.Status {
        switch self {
        case .noZone: .notFound
        case .notReady, .busy: .serviceUnavailable
        case .badRequest: .badRequest
        case .tooLong: .contentTooLarge
        }
    }
}
