/// What keeps a server from harm by its clients, and its clients from harm by the server.
package struct QueryGuards: Sendable {
    /// The clients that are answered; others get REFUSED.
    package var admitted = ClientRanges.all
    /// The clients whose queries may be forwarded.
    package var forwarded = ClientRanges.all
    /// The keys of server cookies: the first makes them, all are accepted. Without any, cookies are ignored.
    package var cookieSecrets: [CookieSecret] = []
    /// How many responses clients get over UDP; nil for any number.
    package var rateLimit: RateLimit?
    /// Whether names that do not exist in a zone are answered with REFUSED instead of NXDOMAIN.
    package var refusesUnknownNames = false

    /// Zones alone decide.
    package init() {}
}

/// How many responses of one kind a group of clients gets over UDP.
package struct RateLimit: Hashable, Sendable {
    /// Responses in a second, from 1 on.
    package let responses: Int
    /// One in so many of the responses beyond is sent without records instead of dropped; 0 for none.
    package let slip: Int
    /// Whether responses beyond the limit are only counted.
    package let isDryRun: Bool

    package init(responses: Int, slip: Int, isDryRun: Bool) { (self.responses, self.slip, self.isDryRun) = (responses, slip, isDryRun) }
}

/// What a server does with queries beyond what its zones say. Never changes; a new one takes its place.
///
/// Sendable although it holds pointers: nothing writes to the memory once `init` has returned.
package final class QueryPolicy: @unchecked Sendable {
    /// Whether a query for a name outside every zone is deferred, to be forwarded.
    package let isForwarding: Bool
    /// Whether that goes for names below `local.` too, which belong to the link and not to any server (RFC 6762 §3).
    package let forwardsLocal: Bool
    /// How many responses clients get over UDP; nil for any number.
    package let rateLimit: RateLimit?
    /// What answers transfers and queries with a signature; nil if the former are refused and the latter answered without one.
    package let answerLong: LongAnswerer?
    /// Whether anything does: a look at the closure itself would count a reference.
    let answersLong: Bool
    /// Whether every query must be judged by more than its zone: one look for all guards.
    let isGuarding: Bool
    /// Whether names that do not exist are answered with REFUSED.
    let refusesUnknownNames: Bool
    /// The keys of server cookies, the first of which makes them; none if cookies are ignored.
    let secrets: UnsafeMutableBufferPointer<CookieSecret>
    private let admitted: RangeTable
    private let forwarded: RangeTable

    /// Zones alone decide, unless the parameters say otherwise.
    package init(
        isForwarding: Bool = false, forwardsLocal: Bool = false, guards: QueryGuards = QueryGuards(), answerLong: LongAnswerer? = nil
    ) {
        (self.isForwarding, self.forwardsLocal, self.answerLong) = (isForwarding, forwardsLocal, answerLong)
        answersLong = answerLong != nil
        rateLimit = guards.rateLimit
        refusesUnknownNames = guards.refusesUnknownNames
        admitted = RangeTable(guards.admitted)
        forwarded = RangeTable(guards.forwarded)
        secrets = .allocate(capacity: guards.cookieSecrets.count)
        _ = secrets.initialize(from: guards.cookieSecrets)
        isGuarding = !admitted.isAll || rateLimit != nil || refusesUnknownNames
    }

    deinit {
        admitted.deallocate()
        forwarded.deallocate()
        secrets.deallocate()
    }

    /// Whether a client is answered. No allocation.
    func admits(_ client: ClientAddress) -> Bool { admitted.isAll || admitted.contains(client) }

    /// Whether a client's query may be forwarded. No allocation.
    package func mayForward(_ client: ClientAddress) -> Bool { forwarded.isAll || forwarded.contains(client) }
}
