import Hummingbird

/// `/livez`: whether the process lives; `/readyz`: whether it answers queries from all of its zones.
package struct HealthRoutes: RouteGroup {
    private let board: StatusBoard

    package init(_ board: StatusBoard) { self.board = board }

    package func add(to router: Router<BasicRequestContext>) {
        router.get("livez") { _, _ in Response.text("ok\n") }
        router.get("readyz") { _, _ in
            let obstacles = board.facts.obstacles
            guard !obstacles.isEmpty else { return Response.text("ok\n") }
            return Response.text(obstacles.joined(separator: "\n") + "\n", status: .serviceUnavailable)
        }
    }
}
