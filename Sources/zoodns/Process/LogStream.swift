import Dispatch
import Glibc
import Handoff
import Synchronization

/// What the program has left out of its log.
enum LogLosses {
    /// Lines, whatever the reason.
    static let lines = Atomic(0)
}

/// A stream of lines whose writers never wait for its reader: a thread writes them, and lines beyond what it keeps up with are left out.
///
/// Standard error may be a pipe that no process reads. Answers, watches and the end of the program must not depend on that.
final class LogStream: TextOutputStream, Sendable {
    private struct State {
        var lines: [String] = []
        /// Octets of all lines that wait.
        var octets = 0
        /// Lines that have found no room since one last did.
        var leftOut = 0
        var written: UInt64 = 0
        /// The thread is writing lines that it has taken.
        var isWriting = false
        var hasThread = false
        var format = LogFormat.text
        /// Writes the lines that must come last.
        var lastWords: @Sendable () -> Void = {}
    }

    /// Standard error, for all that the program writes to it until its end.
    static let standardError = LogStream(STDERR_FILENO)

    /// Octets of lines that may wait: the reports of a registry with thousands of unusable znodes.
    private static let capacity = 1 << 20
    /// How long the next line may take to get away when the program ends, and all of them.
    private static let patience: Duration = .milliseconds(250)
    private static let longestDrain: Duration = .milliseconds(400)

    private let descriptor: Int32
    private let state = Mutex(State())
    private let hasLines = DispatchSemaphore(value: 0)

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Has a thread write from now on. Without one, if the machine has none, lines are written by `drain`.
    func start() {
        state.withLock { state in
            if !state.hasThread { state.hasThread = WorkerThread.start(work) }
        }
    }

    /// How the lines are written that the stream adds itself, and the program's complaints.
    var format: LogFormat {
        get { state.withLock { $0.format } }
        set { state.withLock { $0.format = newValue } }
    }

    /// Has `lastWords` write the lines that must come last, before the stream drains.
    func beforeDraining(_ lastWords: @escaping @Sendable () -> Void) { state.withLock { $0.lastWords = lastWords } }

    /// Leaves a line, which ends itself, to be written.
    func write(_ line: String) {
        let isFirst = state.withLock { state in
            guard state.octets + line.utf8.count <= Self.capacity else {
                state.leftOut += 1
                LogLosses.lines.add(1, ordering: .relaxed)
                return false
            }
            defer {
                state.lines += Self.notice(state) + [line]
                state.leftOut = 0
                state.octets += line.utf8.count
            }
            return state.lines.isEmpty
        }
        if isFirst { hasLines.signal() }
    }

    /// Waits until all is written, or until the reader has not read for some time.
    func drain() {
        state.withLock { $0.lastWords }()
        if !state.withLock({ $0.hasThread }) { return writeLines() }
        let start = ContinuousClock.now
        var (written, since) = (UInt64(0), start)
        while start.duration(to: .now) < Self.longestDrain {
            let current = state.withLock { $0.lines.isEmpty && $0.leftOut == 0 && !$0.isWriting ? nil : $0.written }
            guard let current else { return }
            if current != written { (written, since) = (current, .now) }
            guard since.duration(to: .now) < Self.patience else { return }
            usleep(1000)
        }
    }

    private func work() {
        while true {
            hasLines.wait()
            writeLines()
        }
    }

    private func writeLines() {
        while let lines = take() {
            for line in lines {
                put(Self.visible(line))
                state.withLock { $0.written += 1 }
            }
        }
    }

    /// All lines that wait, with a notice of those that were left out; nil if there are none.
    private func take() -> [String]? {
        state.withLock { state in
            let lines = state.lines + Self.notice(state)
            state.lines = []
            state.octets = 0
            state.leftOut = 0
            state.isWriting = !lines.isEmpty
            return lines.isEmpty ? nil : lines
        }
    }

    private static func notice(_ state: State) -> [String] {
        guard state.leftOut > 0 else { return [] }
        return [state.format.line(.warning, "\(state.leftOut) lines of the log are left out: standard error was not read fast enough")]
    }

    /// Writes a line, however long that takes. One that cannot be written is lost: there is nowhere to say so.
    private func put(_ line: String) {
        var rest = Array(line.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Another process that has the stream may have made it non-blocking.
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wait, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }

    /// A line whose characters all show: those that end lines, turn the direction or are invisible are escaped. Its last may be a line feed.
    static func visible(_ text: String) -> String {
        guard !text.utf8.dropLast().allSatisfy({ 32...126 ~= $0 }) else { return text }
        let end = text.utf8.last == UInt8(ascii: "\n") ? "\n" : ""
        return text.unicodeScalars.dropLast(end.count).map { isSeen($0) ? String($0) : $0.escaped(asASCII: true) }.joined() + end
    }

    /// Whether a character shows, and neither ends lines nor turns the direction.
    static func isSeen(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
        default: true
        }
    }
}
