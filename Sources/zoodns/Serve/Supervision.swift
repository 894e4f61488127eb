import DNSAuthority
import DNSTransport
import FoundationEssentials
import Glibc
import ServerStatus
import ZoneCompilation

/// Lets the supervisor hear when the server answers, how its zones are, and that it lives.
struct Supervision: Sendable {
    let supervisor: Supervisor
    let server: DNSServer
    let publisher: ZonePublisher
    let board: StatusBoard

    /// How often to look whether the status line is another.
    private static let look: Duration = .seconds(1)

    /// Reports until the task is cancelled. Ready is a server that answers, with SERVFAIL before it has reached ZooKeeper: what waits for it must
    /// not wait for ZooKeeper.
    func run() async {
        guard await server.begin() else { return }
        await supervisor.tell(.ready)
        await withTaskGroup { group in
            group.addTask { await reportStatus() }
            if let patience = supervisor.patience { group.addTask { await showLife(each: patience / 3) } }
        }
    }

    private func reportStatus() async {
        var last: String?
        while true {
            let line = board.facts.line(at: Date())
            if line != last { await supervisor.tell(.status(line)) }
            last = line
            guard (try? await Task.sleep(for: Self.look)) != nil else { return }
        }
    }

    /// A sign of life each time that every thread for queries, and the one for zones, has gone on. One that hangs ends the signs.
    private func showLife(each pause: Duration) async {
        while await server.goRound() {
            await publisher.goRound()
            await supervisor.tell(.alive)
            guard (try? await Task.sleep(for: pause)) != nil else { return }
        }
    }
}

extension ServerFacts {
    /// How the server is, in one line that changes only when something does: `at` is now.
    func line(at date: Date) -> String {
        if isLameDuck { return "about to end" }
        let since = date.addingTimeInterval(-(session.since.duration(to: now) / .seconds(1)))
        let obstacle = session.obstacle.map { ": \($0)" } ?? ""
        let zooKeeper = session.state == .connected ? "connected to ZooKeeper" : "no ZooKeeper since \(Self.text(since))\(obstacle)"
        let states = [(ZoneStatus.expired, "expired"), (.notReady, "not read yet"), (.stale, "stale")].compactMap { status, word in
            let count = zones.count { $0.status == status }
            return count > 0 ? "\(count) \(word)" : nil
        }
        let odd = states.isEmpty ? "" : " (\(states.joined(separator: ", ")))"
        let held = zones.reduce(0) { $0 + $1.held }
        let counts = "\(zones.reduce(0) { $0 + $1.services }) services, \(zones.reduce(0) { $0 + $1.providers }) providers"
        let failure = hasReloadFailed ? "; the settings were not reloaded" : ""
        return "\(zooKeeper); \(zones.count) zones\(odd), \(counts)\(held > 0 ? ", \(held) held" : "")\(failure)"
    }

    private static func text(_ date: Date) -> String {
        // Rounded: the time is taken from two clocks, and must not flicker.
        Date(timeIntervalSince1970: (date.timeIntervalSince1970).rounded()).formatted(.iso8601)
    }
}
