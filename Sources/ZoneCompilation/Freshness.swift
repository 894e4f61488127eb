import DNSAuthority

/// How long the registry has been out of reach, and what that makes of the zones (RFC 8767).
struct Freshness: Sendable {
    /// Without a connection for longer than this, nothing is answered any more; nil: for ever.
    let maximumStale: Duration?
    /// The session timeout that ZooKeeper granted: an outage shorter than that changes nothing.
    private(set) var sessionTimeout: Duration = .zero
    private var disconnectedSince: ContinuousClock.Instant?

    init(maximumStale: Duration?) { self.maximumStale = maximumStale }

    /// There is a connection.
    mutating func connected(sessionTimeout: Duration) {
        self.sessionTimeout = sessionTimeout
        disconnectedSince = nil
    }

    /// The connection was lost; an outage that is known already keeps the earlier beginning.
    mutating func disconnected(since instant: ContinuousClock.Instant) {
        disconnectedSince = min(disconnectedSince ?? instant, instant)
    }

    /// What the zones are worth at a moment.
    func status(at now: ContinuousClock.Instant) -> ZoneStatus {
        guard let disconnectedSince else { return .current }
        let outage = disconnectedSince.duration(to: now)
        if let maximumStale, outage > maximumStale { return .expired }
        return outage > sessionTimeout ? .stale : .current
    }

    /// When the status will be another if nothing happens; nil if never.
    func nextChange(after now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let disconnectedSince else { return nil }
        let steps = [sessionTimeout, maximumStale].compactMap { $0 }.map { disconnectedSince.advanced(by: $0 + .milliseconds(1)) }
        return steps.filter { $0 > now }.min()
    }
}
