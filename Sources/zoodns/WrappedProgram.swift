import Glibc
import ServiceLifecycle
import Subprocess
import Synchronization
import UnixSignals

/// A program that runs as long as it likes, or until a graceful shutdown ends it; signals that are not ours are passed on to it.
final class WrappedProgram: Service {
    private let command: [String]
    private let state = Mutex(State())

    private struct State {
        /// Nil while it does not run.
        var process: pid_t?
        var isEnding = false
        var exitCode: Int32?
    }

    /// What a program is told by, and we do not act on ourselves.
    private static let passedOn: [UnixSignal] = [.sighup, .sigusr1, .sigusr2, .sigquit, .sigwinch]
    /// What a shell exits with for a program that is not there.
    private static let notStarted: Int32 = 127
    /// How long it has between SIGTERM and SIGKILL.
    private static let grace: Duration = .seconds(10)

    /// A program with its arguments, at least its name.
    init(_ command: [String]) { self.command = command }

    /// What it ended with as a shell says it: its exit code, or 128 and the number of the signal that killed it; nil before.
    var exitCode: Int32? { state.withLock { $0.exitCode } }

    /// Whether it has been started and has not ended.
    var isRunning: Bool { state.withLock { $0.process != nil } }

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: Self.passedOn)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await signal in signals { self.send(signal.rawValue) } }
            defer { group.cancelAll() }
            try await withGracefulShutdownHandler {
                try await start()
            } onGracefulShutdown: {
                self.end()
            }
        }
    }

    /// Starts it and waits for its end.
    private func start() async throws {
        var options = PlatformOptions()
        // A group of its own: a Ctrl-C on the terminal is for us, who withdraw the provider first.
        options.processGroupID = 0
        options.teardownSequence = [.send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: Self.grace)]
        let name = command.first ?? ""
        do {
            // A program in the background that reads from a terminal is stopped by it: better the end of its input.
            let input: FileDescriptorInput =
                isatty(STDIN_FILENO) == 1
                ? .fileDescriptor(.init(rawValue: open("/dev/null", O_RDONLY | O_CLOEXEC)), closeAfterSpawningProcess: true)
                : .currentStandardInput
            let end = try await Subprocess.run(
                name.contains("/") ? .path(.init(name)) : .name(name), arguments: Arguments(Array(command.dropFirst())),
                environment: .withoutSecrets, platformOptions: options, input: input, output: .currentStandardOutput,
                error: .currentStandardError
            ) { execution in
                let isEnding = state.withLock { state in
                    state.process = execution.processIdentifier.value
                    return state.isEnding
                }
                if isEnding { sendToAll(SIGTERM) }
            }
            state.withLock { state in
                state.process = nil
                switch end.terminationStatus {
                case .exited(let code): state.exitCode = code
                case .signaled(let number): state.exitCode = 128 + number
                }
            }
        } catch let error as SubprocessError {
            throw CommandFailure(text: "cannot start \(name.debugDescription): \(error)", exitCode: Self.notStarted)
        }
    }

    private func end() {
        state.withLock { $0.isEnding = true }
        sendToAll(SIGTERM)
        // One that does not heed it: as when the task is cancelled.
        Task {
            try await Task.sleep(for: Self.grace)
            sendToAll(SIGKILL)
        }
    }

    /// Sends it, and all that it has started in its group, a signal while it runs.
    func sendToAll(_ signal: Int32) { state.withLock { state in if let process = state.process { kill(-process, signal) } } }

    private func send(_ signal: Int32) { state.withLock { state in if let process = state.process { kill(process, signal) } } }
}

extension Environment {
    /// Ours, but for what is nobody else's.
    static let withoutSecrets = Environment.inherit.updating(["ZOODNS_ZOOKEEPER_AUTH": nil])
}
