import Glibc

/// The program's own lines on its standard streams, written at once: others wait for them.
enum StandardStreams {
    /// Puts something in the place of streams that are closed: else the next descriptor would be taken for one. Nothing can be written there.
    static func fill() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDONLY) }
    }

    /// A line on standard output, for who reads it.
    static func say(_ line: String) { _ = write(line + "\n", to: STDOUT_FILENO) }

    /// Text on standard output that somebody has asked for: throws if it does not get there in full.
    static func print(_ text: String) throws(CommandFailure) {
        guard write(text, to: STDOUT_FILENO) else { throw .refused("cannot write to standard output: \(String(cString: strerror(errno)))") }
    }

    /// A line on standard error, whatever it holds; waits for its reader. Not for what has to go on: that logs.
    static func complain(_ text: String) { _ = write(complaint(text), to: STDERR_FILENO) }

    /// A text as the program's line, whatever it holds.
    static func complaint(_ text: String) -> String {
        "zoodns: " + text.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n"
    }

    /// Whether all of it was written; if not, `errno` says why.
    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }
}
