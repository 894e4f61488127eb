import DNSAuthority
import FoundationEssentials
import ProviderRegistry

/// Where the status page's facts come from.
package struct StatusSources: Sendable {
    let board: StatusBoard
    let version: String
    /// The machine's name.
    let host: String
    /// Where queries are answered.
    let listening: @Sendable () -> [String]
    /// ZooKeeper's servers.
    let servers: String
    /// What clients have asked so far.
    let traffic: @Sendable () -> StatusReport.Traffic

    package init(
        _ board: StatusBoard, version: String, host: String, listening: @escaping @Sendable () -> [String], servers: String,
        traffic: @escaping @Sendable () -> StatusReport.Traffic
    ) {
        (self.board, self.version, self.host) = (board, version, host)
        (self.listening, self.servers, self.traffic) = (listening, servers, traffic)
    }

    /// Entries of a list that stand in the report.
    private static let mostEntries = 100

    /// What is so now.
    var report: StatusReport {
        let (facts, records) = (board.facts, board.records)
        let zones = facts.zones.map(StatusReport.Zone.init)
        return StatusReport(
            now: WallTime.milliseconds(facts.now), started: WallTime.milliseconds(facts.began), version: version, host: host,
            listening: listening(),
            verdict: Verdict(zones, isConnected: facts.session.state == .connected, isEnding: facts.isLameDuck),
            zookeeper: StatusReport.Session(facts.session, servers: servers), zones: zones, traffic: traffic(),
            held: HeldListing(records, atMost: Self.mostEntries, at: facts.now),
            rejected: RejectedListing(facts.zones, atMost: Self.mostEntries))
    }
}

extension StatusReport.Session {
    fileprivate init(_ facts: SessionFacts, servers: String) {
        self.init(
            state: facts.state.rawValue, since: WallTime.milliseconds(facts.since), servers: servers, reconnects: facts.reconnects,
            expiries: facts.expiries, obstacle: facts.obstacle)
    }
}

extension StatusReport.Zone {
    fileprivate init(_ facts: ZoneFacts) {
        self.init(
            origin: facts.origin.plainText, state: facts.status.text, outSince: facts.outSince.map(WallTime.milliseconds),
            serial: facts.serial,
            published: facts.serial == nil ? nil : facts.published.map(WallTime.milliseconds), services: facts.services,
            providers: facts.providers + facts.held, held: facts.held, rejected: facts.rejected.count)
    }
}

extension RejectedListing {
    fileprivate init(_ zones: [ZoneFacts], atMost limit: Int) {
        total = zones.reduce(0) { $0 + $1.rejected.count }
        var entries: [Entry] = []
        for zone in zones {
            for report in zone.rejected.listed.values.sorted(by: { $0.path < $1.path }).prefix(limit - entries.count) {
                entries.append(
                    Entry(
                        zone: zone.origin.plainText, path: BoundedText.cut(report.path), reason: report.reason,
                        excerpt: BoundedText.cut(report.excerpt)))
            }
        }
        self.entries = entries
    }
}

extension DomainName {
    /// The name without its final dot, as people write it.
    var plainText: String { self == .root ? "." : String(text.dropLast()) }
}

/// Instants as times of day. Instants are kept, because the time of day may be set.
enum WallTime {
    /// An instant that all can measure from.
    static let origin = ContinuousClock.now

    /// The milliseconds since 1970 at an instant, by the clock as it is set now.
    static func milliseconds(_ instant: ContinuousClock.Instant) -> Int64 {
        let now = Int64(clamping: Int(Date().timeIntervalSince1970 * 1000))
        return now + Int64(clamping: ContinuousClock.now.duration(to: instant).milliseconds)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(
            clamping: seconds.multipliedReportingOverflow(by: 1000).overflow
                ? Int64.max : seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
