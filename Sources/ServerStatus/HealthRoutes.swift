import DNSAuthority
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

extension ServerFacts {
    /// Why the server is not ready, a line each; empty if it is.
    package var obstacles: [String] {
        (isLameDuck ? ["server: it is about to end"] : [])
            + zones.compactMap { zone in
                switch zone.status {
                case .notReady: "\(zone.origin.text): the registry has not been read"
                case .expired: "\(zone.origin.text): ZooKeeper has been out of reach for too long"
                case .current, .stale: nil
                }
            }
    }
}
