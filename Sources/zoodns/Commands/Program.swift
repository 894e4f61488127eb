import ArgumentParser
import CLinux
import DNSTransport
import Dispatch
import Glibc

/// The entrance of the process.
@main
enum Entrance {
    /// Nanoseconds, the least that Linux gives: to follow the registry takes little time, and goes before the answering of queries.
    private static let shortSlice: UInt64 = 100_000

    /// Never returns: the program runs in a task.
    static func main() {
        // Before there are other threads.
        let command = CommandLine.arguments.dropFirst().first
        if command == ServeCommand.name { OtherSignals.ignoreAtStart() }
        let signals = command == RegisterCommand.name ? TrappedSignals() : nil
        StandardStreams.fill()
        // Dispatch, which runs tasks, ends the program without a word where it lacks a descriptor.
        Program.checkDescriptorLimit()
        // Before there are other threads: they have it too, until those that answer queries choose for themselves.
        if command == ServeCommand.name { set_thread_slice(shortSlice) }
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
        subcommands: [
            ServeCommand.self, RegisterCommand.self, DrainCommand.self, LookupCommand.self, ExplainCommand.self, ZoneCommand.self,
            CheckCommand.self, ExportCommand.self, WaitCommand.self, StatusCommand.self, TopCommand.self,
        ])

    /// Runs the command that the arguments name, `register` with the signals that were trapped for it.
    ///
    /// Every problem is one line on standard error; exit code 64 for what was asked for, 1 for what could not be done.
    static func run(_ signals: TrappedSignals?) async {
        do {
            // Swift reads the arguments from /proc.
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
            end(failure.lines, failure.exitCode)
        } catch let code as ExitCode {
            LogStream.standardError.drain()
            Glibc.exit(code.rawValue)
        } catch {
            let code = exitCode(for: error)
            guard code.rawValue == EX_USAGE else {
                LogStream.standardError.drain()
                exit(withError: error)
            }
            end(["\(message(for: error)); see zoodns --help"], code.rawValue)
        }
    }

    /// Ends the program if there are too few descriptors for anything.
    static func checkDescriptorLimit() {
        do throws(DescriptorError) { try DescriptorLimit.checkLeast() } catch { end([error.text], EXIT_FAILURE) }
    }

    /// Ends the program with last lines behind those of the log, as far as standard error is read.
    private static func end(_ complaints: [String], _ code: Int32) -> Never {
        let stream = LogStream.standardError
        for complaint in complaints { stream.write(stream.format.line(.critical, StandardStreams.oneLine(complaint))) }
        LogStream.standardError.drain()
        Glibc.exit(code)
    }
}

/// Why a command ends early.
struct CommandFailure: Error {
    /// A line for each problem.
    let lines: [String]
    let exitCode: Int32

    /// All problems in one line.
    var text: String { lines.joined(separator: "; ") }

    /// The operator asked for something that makes no sense.
    static func usage(_ problems: [String]) -> CommandFailure {
        CommandFailure(lines: problems, exitCode: EX_USAGE)
    }

    /// The machine, ZooKeeper or the registry refuses.
    static func refused(_ text: String) -> CommandFailure { CommandFailure(lines: [text], exitCode: EXIT_FAILURE) }

    /// The machine has no thread left for a part of the program.
    static func noThread(for what: String) -> CommandFailure {
        refused("no thread for \(what): raise the limit on tasks (ulimit -u, TasksMax=)")
    }
}

/// The words of the command line, as the parser of arguments takes them.
enum CommandLineWords {
    /// Joins a negative number to the option in front of it. The parser would take the number for an option, and report a missing value rather than
    /// what is wrong with this one. No option of ours begins with a digit; what stands behind `--` is for another program.
    static func joiningNegativeNumbers(_ words: [String]) -> [String] {
        var joined: [String] = []
        var isOurs = true
        for word in words {
            if word == "--" { isOurs = false }
            if isOurs, let last = joined.last, isNegativeNumber(word), last.hasPrefix("--"), !last.contains("=") {
                joined[joined.count - 1] = last + "=" + word
            } else {
                joined.append(word)
            }
        }
        return joined
    }

    private static func isNegativeNumber(_ word: String) -> Bool {
        word.first == "-" && word.dropFirst().first.map { $0.isASCII && $0.isNumber } ?? false
    }
}

/// Which zoodns this is.
enum Version {
    /// The release that this is, or leads to; it stands only here.
    static let text = "0.2.0"
}
