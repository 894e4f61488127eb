import Hummingbird
import NIOCore

/// `/events`: what is published, as it happens; `/events?service=NAME`: a service, now and each time that it has changed.
package struct EventRoutes: RouteGroup {
    private let feed: EventFeed
    private let services: ServiceRoutes

    /// How soon a client that has lost its connection comes back.
    private static let retry = "retry: 2000\n\n"
    /// How often something is sent where nothing happens: more often than idle limits, such as this server's, would close the connection.
    private static let pulse: Duration = .seconds(15)

    /// A response's writer on its way to the task that ends the response. Sendable, as no other task has it by then.
    private struct LastWriter: @unchecked Sendable {
        let writer: any ResponseBodyWriter
    }

    /// The follower did not keep up.
    private struct TooSlow: Error {}

    package init(_ changes: ChangeFeed, _ services: ServiceRoutes) { (feed, self.services) = (changes.events, services) }

    package func add(to router: Router<BasicRequestContext>) {
        router.get("events") { request, _ in
            guard let name = request.uri.queryParameters["service"] else { return response(to: request) }
            return serviceEvents(of: String(name), to: request)
        }
    }

    private static let lastEvent = HTTPFields.Element.Name("Last-Event-ID")

    private func response(to request: Request) -> Response {
        let last = Self.lastEvent.flatMap { request.headers[$0] }
        guard feed.hasPlace else { return .text("too many followers\n", status: .serviceUnavailable) }
        return Self.stream(request, feed, after: last)
    }

    /// Events of one service, each with all that there is to say of it: of a follower who misses some nothing is missing.
    private func serviceEvents(of name: String, to request: Request) -> Response {
        let last = Self.lastEvent.flatMap { request.headers[$0] }
        let look: @Sendable () throws -> PushAnswer = { [services] in
            try services.answer(name, in: request.uri.queryParameters["zone"].map(String.init))
        }
        do { _ = try look() } catch { return .problem(error) }
        guard let place = services.polling.places.take() else { return .problem(PushProblem.busy) }
        let own = EventFeed(mostRecent: 0, mostWaiting: Self.mostServiceEvents)
        return Self.stream(request, own) { [polling = services.polling] in
            defer { withExtendedLifetime(place) {} }
            try await polling.follow(after: last, look) { answer in
                own.post(EventFeed.Event(id: answer.id, kind: "service", data: answer.line))
            }
        }
    }

    /// Events of one service that wait for its follower.
    private static let mostServiceEvents = 8

    /// A response of events, while `produce` makes some, if it is given.
    private static func stream(
        _ request: Request, _ feed: EventFeed, after last: String? = nil, _ produce: (@Sendable () async throws -> Void)? = nil
    ) -> Response {
        var headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
        if let name = HTTPFields.Element.Name("X-Accel-Buffering") { headers[name] = "no" }
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                // Not before: of a response to HEAD, or to a client that has gone, there is no body.
                guard let following = feed.follow(after: last) else { return try await writer.finish(nil) }
                defer { feed.end(following) }
                // The client has gone, or the server ends.
                do { try await send(following, feed, request, &writer, produce) } catch is CancellationError {}
                let end = LastWriter(writer: writer)
                // In a task of its own, for this one may have been cancelled: a response without its end looks like a failure.
                try await Task { try await end.writer.finish(nil) }.value
            })
    }

    /// Sends events until the client goes or the server shuts down; throws if the client does not keep up, which closes its connection.
    private static func send(
        _ following: EventFeed.Following, _ feed: EventFeed, _ request: Request, _ writer: inout any ResponseBodyWriter,
        _ produce: (@Sendable () async throws -> Void)?
    ) async throws {
        // The tasks below write one after another, and have ended when this returns.
        nonisolated(unsafe) var output = writer
        try await request.body.consumeWithCancellationOnInboundClose { _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await output.write(ByteBuffer(string: retry))
                    for await text in following.texts { try await output.write(ByteBuffer(string: text)) }
                }
                group.addTask {
                    while true {
                        try await Task.sleep(for: pulse)
                        feed.pulse(following)
                    }
                }
                group.addTask {
                    for await _ in following.end {}
                    try Task.checkCancellation()
                    throw TooSlow()
                }
                if let produce { group.addTask { try await LongWork.run { try await produce() } } }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }
}
