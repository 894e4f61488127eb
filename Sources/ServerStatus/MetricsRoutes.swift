import DNSTransport
import Hummingbird
import QueryForwarding

/// `/metrics`: what the server counts and knows, for Prometheus.
package struct MetricsRoutes: RouteGroup {
    private let board: StatusBoard
    private let sources: MetricsSources

    package init(_ board: StatusBoard, _ sources: MetricsSources) { (self.board, self.sources) = (board, sources) }

    package func add(to router: Router<BasicRequestContext>) {
        router.get("metrics") { _, _ in Response.text(MetricsReport(board.facts, sources).text, type: MetricsText.mediaType) }
    }
}

/// Where the metrics' values come from that the board does not have.
package struct MetricsSources: Sendable {
    /// The program's version.
    package var version: String
    /// What was counted of queries.
    package var traffic: @Sendable () -> Traffic
    /// How many look-ups of hosts were begun, and how many failed.
    package var hostLookups: @Sendable () -> (begun: Int, failed: Int)
    /// How many lines of the log were left out.
    package var logLinesLeftOut: @Sendable () -> Int
    /// Counts of parts that are not always there, such as the query log.
    package var further: [(metric: Metric, count: @Sendable () -> Int)] = []

    /// What was counted of forwarding; nil without such.
    package var forwarding: (@Sendable () -> ForwardingTraffic)?

    package init(
        version: String, traffic: @escaping @Sendable () -> Traffic, hostLookups: @escaping @Sendable () -> (begun: Int, failed: Int),
        logLinesLeftOut: @escaping @Sendable () -> Int
    ) {
        (self.version, self.traffic) = (version, traffic)
        (self.hostLookups, self.logLinesLeftOut) = (hostLookups, logLinesLeftOut)
    }
}
