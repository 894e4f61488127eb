import Logging
import QueryTap

/// Where records of queries go. No call waits for any of them.
final class QuerySinks {
    private var file: QueryLogFile?
    private var line = QueryLogLine()
    private var sender: DnstapSender?
    private let top: TopQuestions?
    private let logger: Logger
    /// What was reported of lines and messages that are left out, and when.
    private var reported = QueryLoss()
    private var nextReport = ContinuousClock.now

    /// The failure of the query log's file that was logged last; nil once lines are written again.
    private var reportedFailure: String?

    /// How often what is left out is logged.
    private static let reportInterval: Duration = .seconds(10)

    init(_ observation: QueryObservation, _ top: TopQuestions?, _ logger: Logger) throws(QueryLogError) {
        (self.top, self.logger) = (top, logger)
        file = if let place = observation.log { try QueryLogFile(place, .now) } else { nil }
        sender =
            if let path = observation.dnstap {
                DnstapSender(path: path, identity: observation.identity, version: observation.version, logger: logger, .now)
            } else { nil }
    }

    var droppedLines: Int { file?.dropped ?? 0 }
    var droppedMessages: Int { sender?.dropped ?? 0 }

    /// Gives a record to those that it is for.
    func take(_ record: QueryRecord, _ now: ContinuousClock.Instant) {
        if record.purposes.contains(.log) {
            line.write(record)
            file?.add(line.octets)
        }
        if record.purposes.contains(.tap) { sender?.add(record) }
        if record.purposes.contains(.sample) { top?.add(record.query, now) }
    }

    /// Writes and sends what can be now.
    func step(_ now: ContinuousClock.Instant) {
        file?.step(now)
        sender?.step(now)
    }

    /// Begins the end, which `step` goes on with.
    func stop(_ now: ContinuousClock.Instant) { sender?.stop(now) }

    /// Whether nothing waits any more.
    var hasEnded: Bool { (file?.isEmpty ?? true) && (sender?.hasEnded ?? true) }

    /// Gives up what still waits.
    func end() {
        file?.giveUp()
        sender?.giveUp()
    }

    /// Logs that lines can be written no longer, or again.
    private func reportFailure() {
        let failure = file?.failure
        guard failure != reportedFailure else { return }
        reportedFailure = failure
        if let failure {
            logger.warning("query log cannot be written: lines wait", metadata: ["reason": "\(failure)"])
        } else {
            logger.info("query log is written again")
        }
    }

    /// Logs what was left out since the last report: now and then, and at the end.
    func report(_ lines: Int, _ messages: Int, _ now: ContinuousClock.Instant, isLast: Bool) {
        reportFailure()
        guard lines != reported.lines || messages != reported.messages, isLast || now >= nextReport else { return }
        nextReport = now + Self.reportInterval
        if lines != reported.lines {
            var metadata: Logger.Metadata = ["count": "\(lines &- reported.lines)"]
            if let obstacle = file?.obstacle { metadata["reason"] = "\(obstacle)" }
            logger.warning("lines of the query log are left out", metadata: metadata)
        }
        if messages != reported.messages {
            logger.warning("dnstap messages are left out", metadata: ["count": "\(messages &- reported.messages)"])
        }
        (reported.lines, reported.messages) = (lines, messages)
    }
}
