import FoundationEssentials
import Glibc
import SystemPackage

/// The program's standard streams, for lines that are written at once because others wait for them.
enum StandardStreams {
    /// Opens /dev/null for reading in place of each closed stream: the next file that is opened would be taken for the stream.
    static func fill() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDONLY) }
    }

    /// Writes a line to standard output for scripts that wait for it.
    static func say(_ line: String) { _ = try? FileDescriptor.standardOutput.writeAll("\(line)\n".utf8) }

    /// Writes text that the command was run for to standard output. Throws if it does not get there in full.
    static func print(_ text: String) throws(CommandFailure) {
        do {
            try FileDescriptor.standardOutput.writeAll(text.utf8)
        } catch {
            throw .refused("cannot write to standard output: \(error)")
        }
    }

    /// Writes a line to standard error and waits for its reader. What must not wait for a reader logs instead.
    static func complain(_ text: String) { _ = try? FileDescriptor.standardError.writeAll(complaint(text).utf8) }

    /// A text as one line that names the program, whatever the text holds.
    static func complaint(_ text: String) -> String { LogFormat.text.line(.critical, oneLine(text)) }

    /// A text without its line breaks.
    static func oneLine(_ text: String) -> String { text.split(whereSeparator: \.isNewline).joined(separator: " ") }
}

/// JSON for programs that read what a command prints.
enum JSONText {
    /// A value in one line, its keys in the order of the alphabet.
    static func of(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
