import IPAddressing

/// A server that queries are forwarded to, and what is known of it: how fast it answers, and whether it answers at all.
struct Upstream {
    let endpoint: SocketEndpoint
    /// Round-trip time, smoothed, and how far it varies (RFC 6298 §2); nil before the first response.
    private(set) var smoothed: Duration?
    private var variation = Duration.zero
    /// Queries without a response since the last response.
    private var failures = 0
    /// When it is probed next; nil while it answers.
    var nextProbe: Moment?
    private var pause = Self.firstPause
    /// Until when it is asked without EDNS, which it did not know; nil if it does.
    private var plainUntil: Moment?
    var counts = ForwardingTraffic.Server()

    typealias Moment = ContinuousClock.Instant

    /// Queries in a row without a response after which other servers go first.
    private static let mostFailures = 3
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(32)
    /// How long a server that does not know EDNS is asked without.
    private static let plainTime = Duration.seconds(600)
    /// How long a server that was never measured is waited for, until the next is asked too.
    private static let firstTimeout = Duration.milliseconds(400)
    /// The shortest leaves time to a server that has to ask others itself.
    private static let timeouts = Duration.milliseconds(100)...Duration.seconds(2)

    init(_ endpoint: SocketEndpoint) { self.endpoint = endpoint }

    var isDead: Bool { nextProbe != nil }

    /// Whether to ask it with an OPT record.
    func knowsEDNS(at now: Moment) -> Bool { plainUntil.map { $0 <= now } ?? true }

    /// Takes in that it cannot read queries with an OPT record.
    mutating func noteNoEDNS(at now: Moment) { plainUntil = now + Self.plainTime }

    /// How long to wait until the next server is asked too; doubled in each further round.
    func timeout(round: Int) -> Duration {
        let usual = smoothed.map { $0 + variation * 4 } ?? Self.firstTimeout
        return min(max(usual, Self.timeouts.lowerBound) * (1 << min(round, 4)), Self.timeouts.upperBound)
    }

    /// Takes in a response that came so long after its query, nil if it was not measured.
    mutating func noteResponse(after time: Duration?) {
        (failures, nextProbe, pause) = (0, nil, Self.firstPause)
        guard let time else { return }
        counts.add(time)
        guard let known = smoothed else { return (smoothed, variation) = (time, time / 2) }
        let difference = known > time ? known - time : time - known
        variation = (variation * 3 + difference) / 4
        smoothed = (known * 7 + time) / 8
    }

    /// Takes in that a query has no response. Returns whether the server counts as dead from now on.
    mutating func noteFailure(at now: Moment) -> Bool {
        counts.failures += 1
        failures = min(failures + 1, Self.mostFailures)
        guard failures == Self.mostFailures, nextProbe == nil else { return false }
        nextProbe = now + pause
        return true
    }

    /// A probe has been sent: the next comes later.
    mutating func noteProbe(at now: Moment) {
        pause = min(pause * 2, Self.longestPause)
        nextProbe = now + pause
    }
}

extension [Upstream] {
    /// The order in which servers are asked: fast ones first, those not measured before them, dead ones last. Now and then another living one
    /// comes first, so that its time is known.
    func order(_ random: inout some RandomNumberGenerator) -> [Int] {
        var order = indices.sorted { left, right in
            let (one, other) = (self[left], self[right])
            if one.isDead != other.isDead { return other.isDead }
            let (first, second) = (one.smoothed ?? .zero, other.smoothed ?? .zero)
            return first == second ? left < right : first < second
        }
        let living = count { !$0.isDead }
        guard living > 1, UInt8.random(in: 0..<32, using: &random) == 0 else { return order }
        order.swapAt(0, Int.random(in: 1..<living, using: &random))
        return order
    }
}

/// What was counted of forwarding.
package struct ForwardingTraffic: Sendable {
    /// What was counted of one server.
    package struct Server: Sendable {
        package var requests = 0
        /// By RCODE.
        package var responses: [UInt16: Int] = [:]
        package var failures = 0
        /// Responses by the time that they took, those beyond all bounds last.
        package var buckets = [UInt64](repeating: 0, count: ForwardingTraffic.bounds.count + 1)
        package var seconds = 0.0

        mutating func add(_ time: Duration) {
            let (whole, fraction) = time.components
            let seconds = Double(whole) + Double(fraction) / 1e18
            buckets[ForwardingTraffic.bounds.firstIndex { seconds <= $0 } ?? ForwardingTraffic.bounds.count] += 1
            self.seconds += seconds
        }
    }

    /// Bounds of the buckets, in seconds.
    package static let bounds = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

    package var servers: [(endpoint: SocketEndpoint, counts: Server)] = []
    /// Queries of clients that wait for a response.
    package var waiting = 0
    /// Queries that were refused for lack of room.
    package var refused = 0
    /// Queries that came back to this server.
    package var loops = 0
}
