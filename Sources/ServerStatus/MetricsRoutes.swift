import Hummingbird

/// `/metrics`: what the server counts and knows, for Prometheus.
package struct MetricsRoutes: RouteGroup {
    private let board: StatusBoard
    private let sources: MetricsSources

    package init(_ board: StatusBoard, _ sources: MetricsSources) { (self.board, self.sources) = (board, sources) }

    package func add(to router: Router<BasicRequestContext>) {
        router.get("metrics") { _, _ in Response.text(MetricsReport(board.facts, sources).text, type: MetricsText.mediaType) }
    }
}
