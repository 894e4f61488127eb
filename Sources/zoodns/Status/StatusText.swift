import Explanation
import ServerStatus

/// What a server says of itself, as lines of text.
struct StatusText {
    private let report: StatusReport

    init(_ report: StatusReport) { self.report = report }

    /// All of it, with what was published last.
    func lines(_ changes: [PublishedChange]) -> [String] {
        head + [""] + zones + [""] + traffic + section("held", held) + section("rejected", rejected)
            + section("changes", changes.flatMap(self.lines))
    }

    /// The verdict, the server and its session.
    var head: [String] {
        let session = report.zookeeper
        let since = session.since.map { " since \(ago($0))" } ?? ""
        return [
            "\(Self.mark(report.verdict.state)) \(PlainText.line(report.verdict.text))", report.verdict.advice,
            "\(report.version) at \(PlainText.line(report.host)), up \(Self.span(report.now - report.started)), listening at "
                + report.listening.joined(separator: " and "),
            "zookeeper \(session.state)\(since), servers \(PlainText.line(session.servers)), \(session.reconnects) reconnects, "
                + "\(session.expiries) sessions expired",
            session.obstacle.map { "  " + PlainText.line($0) } ?? "",
        ].filter { !$0.isEmpty }
    }

    /// A state as one character, so that colour is not needed.
    static func mark(_ state: Verdict.State) -> String {
        switch state {
        case .good: "[ok]"
        case .warn: "[!]"
        case .bad: "[!!]"
        case .waiting: "[..]"
        }
    }

    /// A table of the zones.
    var zones: [String] {
        let titles = ["zone", "answers are", "as of", "last change", "serial", "services", "providers", "held", "rejected"]
        let rows = report.zones.map { zone in
            [
                PlainText.line(zone.origin), zone.state, zone.state == "not ready" ? "-" : zone.outSince.map(ago) ?? "now",
                zone.published.map(ago) ?? "-", zone.serial.map { String($0) } ?? "-", String(zone.services), String(zone.providers),
                String(zone.held), String(zone.rejected),
            ]
        }
        return PlainText.columns([titles] + rows)
    }

    /// The counters since the start.
    var traffic: [String] {
        let traffic = report.traffic
        let codes = traffic.responses.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let more = [
            ("truncated", traffic.truncated), ("malformed", traffic.malformed), ("not answered", traffic.dropped),
            ("TCP connections", UInt64(clamping: traffic.connections)),
        ]
        return [
            "queries \(traffic.queries)   "
                + (codes.map { "\($0.key) \($0.value)" } + more.map { "\($0.0) \($0.1)" }).joined(separator: "   ")
        ]
    }

    private var held: [String] {
        let rows = report.held.entries.map { entry in
            let left = Self.span(Int64(clamping: entry.left))
            return [
                PlainText.name(entry.service), entry.host.contains(":") ? "[\(entry.host)]:\(entry.port)" : "\(entry.host):\(entry.port)",
                PlainText.name(entry.instance), entry.until == nil ? "for \(left) once zookeeper is back" : "for \(left)",
            ]
        }
        return PlainText.columns(rows) + rest(report.held.total - rows.count)
    }

    private var rejected: [String] {
        let rows = report.rejected.entries.map { [PlainText.name($0.path), $0.reason, PlainText.line($0.excerpt)] }
        return PlainText.columns(rows) + rest(report.rejected.total - rows.count)
    }

    private func rest(_ count: Int) -> [String] { count > 0 ? ["  and \(count) more"] : [] }

    private func section(_ title: String, _ lines: [String]) -> [String] { lines.isEmpty ? [] : ["", title] + lines }

    /// A publication: a line for each service that it names.
    func lines(_ change: PublishedChange) -> [String] {
        let state = change.state == "current" ? "" : ", \(change.state)"
        let title = "  \(ago(change.at))  \(PlainText.line(change.zone)), serial \(change.serial)\(state)"
        if change.services.count == 1, change.more == 0 { return ["\(title)  \(Self.line(change.services[0]))"] }
        return [title] + change.services.map { "    \(Self.line($0))" } + (change.more > 0 ? ["    and \(change.more) more"] : [])
    }

    private static func line(_ service: ServiceChange) -> String {
        let name = PlainText.name(service.name)
        guard let now = service.providers else { return "\(name) is gone" }
        let held = service.held > 0 ? ", \(service.held) of them held" : ""
        let providers = (now == 1 ? "1 provider" : "\(now) providers") + held
        guard let before = service.before else { return "\(name) is new: \(providers)" }
        return now == before ? "\(name) changed: \(providers)" : "\(name) \(now > before ? "+" : "")\(now - before): \(providers)"
    }

    private func ago(_ time: Int64) -> String { "\(Self.span(report.now - time)) ago" }

    /// Milliseconds as the two largest units.
    static func span(_ milliseconds: Int64) -> String {
        let seconds = max(milliseconds, 0) / 1000
        return switch seconds {
        case ..<60: "\(seconds) s"
        case ..<600: "\(seconds / 60) min \(seconds % 60) s"
        case ..<3600: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h \(seconds / 60 % 60) min"
        default: "\(seconds / 86_400) days"
        }
    }
}
