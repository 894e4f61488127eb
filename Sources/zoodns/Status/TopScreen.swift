import Explanation
import ServerStatus

/// What `zoodns top` draws: the last status, the rates since the one before, what is asked most, and what was published last.
struct TopScreen {
    /// A rate in each second that has passed, the newest last.
    private var rates: [Double] = []
    private var codes: [(code: String, rate: Double)] = []
    private var report: StatusReport?
    private var changes: [PublishedChange] = []
    private var questions: [AskedQuestion] = []
    /// Why there is no newer status.
    private var failure: String?

    /// Rates that are kept: a line of them fits on any screen.
    private static let mostRates = 60
    private static let bars = Array(" ▁▂▃▄▅▆▇█")

    /// Takes in a status, what was published last, and what is asked most.
    mutating func take(_ new: StatusReport, _ published: [PublishedChange], _ asked: [AskedQuestion]? = nil) {
        // Counters that are lower are those of a program that has started again.
        if let report, new.traffic.queries >= report.traffic.queries, new.now > report.now {
            let seconds = Double(new.now - report.now) / 1000
            func rate(_ new: UInt64, _ old: UInt64) -> Double { Double(new >= old ? new - old : 0) / seconds }
            rates.append(rate(new.traffic.queries, report.traffic.queries))
            if rates.count > Self.mostRates { rates.removeFirst() }
            codes = new.traffic.responses.map { ($0.key, rate($0.value, report.traffic.responses[$0.key] ?? 0)) }
                .filter { code, rate in rate > 0 || (new.traffic.responses[code] ?? 0) > 0 }
                .sorted { ($1.rate, $0.code) < ($0.rate, $1.code) }
        }
        (report, changes, questions, failure) = (new, published, asked ?? [], nil)
    }

    /// Takes in that there was no status to be had.
    mutating func fail(_ text: String) { failure = text }

    /// The lines of a screen of so many lines.
    func lines(_ count: Int) -> [String] {
        guard let report else { return [] }
        let text = StatusText(report)
        var lines = failure.map { ["[!!] " + PlainText.line($0), "What was so before:"] } ?? []
        lines += text.head + [""] + text.zones + [""] + traffic + [""]
        lines += asked(atMost: max((count - lines.count) / 2 - 2, 1))
        lines += ["changes, the newest first"] + changes.flatMap(text.lines)
        let space = max(count - 1, 0)
        lines = Array(lines.prefix(space)) + Array(repeating: "", count: max(space - lines.count, 0))
        return lines + ["q ends"]
    }

    /// Rates as bars and as numbers.
    private var traffic: [String] {
        guard let last = rates.last else { return ["queries a second: from the next second on"] }
        let peak = rates.max() ?? 0
        let bars = rates.map { rate in Self.bars[peak > 0 ? min(Int((rate / peak * 8).rounded(.up)), 8) : 0] }
        return [
            "queries a second   \(Self.text(last))   peak \(Self.text(peak))   \(String(bars))",
            "answers a second   " + codes.map { "\($0.code) \(Self.text($0.rate))" }.joined(separator: "   "),
        ]
    }

    /// The questions that are asked most, if there is a sample.
    private func asked(atMost limit: Int) -> [String] {
        guard !questions.isEmpty else { return [] }
        let rows = questions.prefix(limit).map { [Self.text($0.queriesPerSecond), PlainText.line($0.type), PlainText.name($0.name)] }
        return ["asked most, a second, from a sample"] + PlainText.columns(rows) + [""]
    }

    /// A rate with as many digits as say something.
    private static func text(_ rate: Double) -> String {
        if rate > 0, rate < 10 {
            let tenths = Int((rate * 10).rounded())
            return "\(tenths / 10).\(tenths % 10)"
        }
        return rate < Double(Int.max) ? String(Int(rate.rounded())) : "-"
    }
}
