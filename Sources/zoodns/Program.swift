import ArgumentParser
import DNSTransport
import Dispatch
import Glibc

/// Where the process begins.
@main
enum Entrance {
    /// Never returns: the program runs in a task.
    static func main() {
        StandardStreams.fill()
        // Dispatch, which runs tasks, ends the program without a word where it lacks a descriptor.
        Program.checkDescriptorLimit()
        // Before there are other threads.
        let signals = CommandLine.arguments.dropFirst().first == RegisterCommand.name ? TrappedSignals() : nil
        Task.detached {
            await Program.run(signals)
            Glibc.exit(EXIT_SUCCESS)
        }
        // Left to Dispatch, this thread would let all signals through.
        if let signals { signals.take() } else { dispatchMain() }
    }
}

/// The program: reads what the operator wants and hands over to a command.
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zoodns", abstract: "DNS answers from ZooKeeper.", version: "zoodns \(Version.text)",
        subcommands: [ServeCommand.self, RegisterCommand.self, LookupCommand.self, ExplainCommand.self, ZoneCommand.self])

    /// Runs the command that the arguments name, `register` with the signals that were trapped for it.
    ///
    /// Every problem is one line on standard error; exit code 64 for what was asked for, 1 for what could not be done.
    static func run(_ signals: TrappedSignals?) async {
        do {
            // Swift reads them from /proc.
            guard !CommandLine.arguments.isEmpty else { throw CommandFailure.refused("cannot read my arguments: is /proc mounted?") }
            let words = CommandLineWords.joiningNegativeNumbers(Array(CommandLine.arguments.dropFirst()))
            var command = try parseAsRoot(words)
            if let register = command as? RegisterCommand, let signals {
                try await register.run(signals)
            } else if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            LogStream.standardError.drain()
        } catch let failure as CommandFailure {
            end(failure.text, failure.exitCode)
        } catch {
            let code = exitCode(for: error)
            guard code.rawValue == EX_USAGE else {
                LogStream.standardError.drain()
                exit(withError: error)
            }
            end("\(message(for: error)); see zoodns --help", code.rawValue)
        }
    }

    /// Ends where there are too few descriptors for anything.
    static func checkDescriptorLimit() {
        do throws(DescriptorError) { try DescriptorLimit.checkLeast() } catch { end(error.text, EXIT_FAILURE) }
    }

    /// Ends with a last line behind those of the log, should somebody read them.
    private static func end(_ complaint: String, _ code: Int32) -> Never {
        LogStream.standardError.write(StandardStreams.complaint(complaint))
        LogStream.standardError.drain()
        Glibc.exit(code)
    }
}

/// Why a command ends early, in one line.
struct CommandFailure: Error {
    let text: String
    let exitCode: Int32

    /// The operator asked for something that makes no sense.
    static func usage(_ problems: [String]) -> CommandFailure {
        CommandFailure(text: problems.joined(separator: "; "), exitCode: EX_USAGE)
    }

    /// The machine, or another one, refuses.
    static func refused(_ text: String) -> CommandFailure { CommandFailure(text: text, exitCode: EXIT_FAILURE) }

    /// The machine has no thread for something.
    static func noThread(for what: String) -> CommandFailure {
        refused("no thread for \(what): raise the limit on tasks (ulimit -u, TasksMax=)")
    }
}

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
