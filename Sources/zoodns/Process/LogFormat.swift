import Glibc
import Logging
import QueryLogging

/// How the lines of the log are written.
enum LogFormat: String, CaseIterable, Sendable {
    /// For people, as swift-log has them.
    case text
    /// An object of JSON a line (RFC 8259).
    case json

    /// A handler that writes lines of this format.
    func handler(_ label: String, _ stream: LogStream) -> any LogHandler {
        switch self {
        case .text: StreamLogHandler(label: label, stream: stream)
        case .json: JSONLogHandler(label, stream)
        }
    }

    /// A line of the program itself rather than of its log, with its line feed.
    func line(_ level: Logger.Level, _ text: String) -> String {
        switch self {
        case .text: "zoodns: \(text)\n"
        case .json: JSONLogLine.text(time: .now, level, logger: "zoodns", text, [:])
        }
    }
}

/// A log handler that writes each event as an object of JSON.
struct JSONLogHandler: LogHandler {
    private let label: String
    private let stream: LogStream
    var logLevel = Logger.Level.info
    var metadata = Logger.Metadata()

    init(_ label: String, _ stream: LogStream) { (self.label, self.stream) = (label, stream) }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata.merging(event.metadata ?? [:]) { $1 }
        if let error = event.error { all["error"] = "\(error)" }
        stream.write(JSONLogLine.text(time: .now, event.level, logger: label, event.message.description, all))
    }
}

/// Writes a log event as a line of JSON.
enum JSONLogLine {
    /// The keys that every line has, in front of those of the metadata.
    private static let keys: Set = ["time", "level", "logger", "message"]

    /// The line, with its line feed. Of the metadata a key that every line has gets an underscore in front.
    static func text(time: Time, _ level: Logger.Level, logger: String, _ message: String, _ metadata: Logger.Metadata) -> String {
        let first = [("time", time.text), ("level", level.rawValue), ("logger", logger), ("message", message)]
        let rest = metadata.sorted { $0.key < $1.key }.map { key, value in
            "\(quoted(keys.contains(key) ? "_" + key : key)):\(text(value))"
        }
        return "{" + (first.map { "\(quoted($0.0)):\(quoted($0.1))" } + rest).joined(separator: ",") + "}\n"
    }

    private static func text(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .stringConvertible(let value): quoted(value.description)
        case .array(let values): "[" + values.map(text).joined(separator: ",") + "]"
        case .dictionary(let members):
            "{" + members.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(text($0.value))" }.joined(separator: ",") + "}"
        @unknown default: quoted("\(value)")
        }
    }

    /// A string (§7). Escaped is also what the log's stream would escape in its own way: what ends lines, turns the direction or is invisible.
    static func quoted(_ text: String) -> String {
        if text.utf8.allSatisfy({ 32...126 ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) { return "\"\(text)\"" }
        return "\"" + text.unicodeScalars.map(escaped).joined() + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": "\\\""
        case "\\": "\\\\"
        case _ where LogStream.isSeen(scalar): String(scalar)
        default:
            String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
    }

    /// A moment of the machine's clock.
    struct Time {
        /// Milliseconds since 1970.
        let milliseconds: Int64

        /// The C function is `clock_gettime`.
        static var now: Time {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Time(milliseconds: Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000)
        }

        /// As RFC 3339 has it, in UTC with milliseconds.
        var text: String {
            var octets: [UInt8] = []
            var clock = UTCText(fractionDigits: 3)
            clock.add(milliseconds.multipliedReportingOverflow(by: 1_000_000).partialValue, to: &octets)
            return String(decoding: octets, as: UTF8.self)
        }
    }
}
