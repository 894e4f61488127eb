import Dispatch
import Logging
import Synchronization

/// How many lines of each kind are logged a second: registrants, servers and clients must not be able to fill a disk.
///
/// A line's kind is its message: messages are constant sentences, what varies is metadata. Pure: the time comes in.
struct LogRate {
    /// Lines of one kind in one second; 0 for any number.
    var linesPerSecond: Int

    /// Kinds that are counted apart; further ones share a count.
    private static let mostKinds = 256
    private static let furtherKinds = "lines of other kinds"
    /// The time in which a kind's lines are counted.
    static let period: Duration = .seconds(1)

    private struct Count {
        let start: ContinuousClock.Instant
        var passed = 0
        var leftOut = 0
    }

    private var counts: [String: Count] = [:]

    init(linesPerSecond: Int) { self.linesPerSecond = linesPerSecond }

    /// Whether a line may be written.
    enum Verdict: Equatable {
        case passes
        /// The line is left out, the first of its kind in this second if `isFirst`.
        case isLeftOut(isFirst: Bool)
    }

    /// Judges a line of a kind. Counts that are over must have been taken before.
    mutating func judge(_ message: String, at now: ContinuousClock.Instant) -> Verdict {
        guard linesPerSecond > 0 else { return .passes }
        let kind = counts[message] != nil || counts.count < Self.mostKinds ? message : Self.furtherKinds
        var count = counts[kind] ?? Count(start: now)
        defer { counts[kind] = count }
        guard count.passed >= linesPerSecond else {
            count.passed += 1
            return .passes
        }
        count.leftOut += 1
        return .isLeftOut(isFirst: count.leftOut == 1)
    }

    /// Ends the seconds that are over: which kinds had lines left out, and how many.
    mutating func takeOver(at now: ContinuousClock.Instant) -> [(kind: String, count: Int)] {
        let over = counts.filter { $0.value.start.duration(to: now) >= Self.period }
        for kind in over.keys { counts[kind] = nil }
        return over.filter { $0.value.leftOut > 0 }.map { ($0.key, $0.value.leftOut) }.sorted { $0.0 < $1.0 }
    }
}

/// A log handler that keeps to a rate, and reports after each second how many lines of which kind it left out.
struct LimitedLogHandler: LogHandler {
    /// Shared by all copies of the handler.
    final class Limit: Sendable {
        private let rate: Mutex<LogRate>

        private let level: Mutex<Logger.Level>

        /// So many lines, of at least this level.
        init(_ rate: LogRate, level: Logger.Level = .trace) {
            self.rate = Mutex(rate)
            self.level = Mutex(level)
        }

        /// The least level that any logger with this limit logs.
        var leastLevel: Logger.Level { level.withLock { $0 } }

        /// Has all loggers with this limit log so much from now on.
        func set(linesPerSecond: Int, level: Logger.Level) {
            rate.withLock { $0.linesPerSecond = linesPerSecond }
            self.level.withLock { $0 = level }
        }

        /// Whether a line may be written, and what was left out in seconds that are over.
        fileprivate func judge(_ message: String) -> (LogRate.Verdict, leftOut: [(kind: String, count: Int)]) {
            rate.withLock { rate in
                let now = ContinuousClock.now
                let over = rate.takeOver(at: now)
                return (rate.judge(message, at: now), over)
            }
        }

        fileprivate func takeOver(at instant: ContinuousClock.Instant) -> [(kind: String, count: Int)] {
            rate.withLock { $0.takeOver(at: instant) }
        }
    }

    /// A little more than the second in which lines are counted.
    private static let delay = DispatchTimeInterval.milliseconds(1010)

    private var handler: any LogHandler
    fileprivate let limit: Limit

    init(_ handler: any LogHandler, _ limit: Limit) { (self.handler, self.limit) = (handler, limit) }

    /// One logger may log less than all.
    var logLevel: Logger.Level {
        get { max(handler.logLevel, limit.leastLevel) }
        set { handler.logLevel = newValue }
    }
    var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        let (verdict, leftOut) = limit.judge(event.message.description)
        report(leftOut)
        switch verdict {
        case .passes: handler.log(event: event)
        case .isLeftOut(let isFirst):
            LogLosses.lines.add(1, ordering: .relaxed)
            if isFirst { reportLater() }
        }
    }

    /// Reports the lines left out once the second is over, though no further line comes.
    private func reportLater() {
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.delay) { [self] in report(limit.takeOver(at: .now)) }
    }

    /// Reports the lines left out so far: at the end of the program no second is waited for.
    func reportAll() { report(limit.takeOver(at: .now + LogRate.period)) }

    private func report(_ leftOut: [(kind: String, count: Int)]) {
        for (kind, count) in leftOut {
            let metadata: Logger.Metadata = ["kind": "\(kind)", "count": "\(count)"]
            handler.log(
                event: LogEvent(
                    level: .warning, message: "log lines left out", metadata: metadata, source: "zoodns", file: #fileID,
                    function: #function, line: #line))
        }
    }
}

extension Logger {
    /// What this logger and its copies share; nil without a limit.
    var limit: LimitedLogHandler.Limit? { (handler as? LimitedLogHandler)?.limit }
}
