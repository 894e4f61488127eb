import Glibc
import Logging
import ServiceLifecycle
import Synchronization

/// A program that runs until it ends or a graceful shutdown stops it, and that gets the signals that do not begin a stop.
final class WrappedProgram: Service {
    /// How the program is stopped.
    struct Stop {
        /// The signal that asks the program to end: SIGTERM goes to its whole group, any other signal to the program alone.
        let signal: SignalNumber
        /// Time from the begin of the stop until the program is killed, the drain included.
        let limit: Duration
    }

    private let command: [String]
    private let stop: Stop
    private let endsWithUs: Bool
    private let children: ChildProcesses
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var phase = Phase.awaited
        /// Signals that came before the program was started, each once, as the kernel keeps them.
        var early: [SignalNumber] = []
        var isStopping = false
        /// The program has been asked to end.
        var isEnding = false
    }

    private enum Phase {
        case awaited
        case running(pid_t)
        case over(Int32)
    }

    /// What a shell exits with for a program that is not there.
    private static let notStarted: Int32 = 127

    /// A program with its arguments, at least its name. With `endsWithUs` the program is killed when this process ends without stopping it.
    init(_ command: [String], _ stop: Stop, endsWithUs: Bool, _ children: ChildProcesses, _ logger: Logger) {
        (self.command, self.stop, self.endsWithUs, self.children, self.logger) = (command, stop, endsWithUs, children, logger)
    }

    /// The program's end as a shell says it: the exit code, or 128 and the number of the signal that killed it; nil while it runs.
    var exitCode: Int32? { state.withLock { if case .over(let code) = $0.phase { code } else { nil } } }

    /// Whether the program has been started and has not ended.
    var isRunning: Bool { state.withLock { if case .running = $0.phase { true } else { false } } }

    func run() async throws {
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await start()
            } onGracefulShutdown: {
                self.end()
            }
        } onCancel: {
            end()
        }
    }

    /// Starts the program and waits for its end.
    private func start() async throws(CommandFailure) {
        // The kernel stops a program in the background that reads from a terminal; /dev/null ends its input.
        let input: ProgramStart.Stream = isatty(STDIN_FILENO) == 1 ? .null : .inherited
        let program = ProgramStart(command: command, streams: [input, .inherited, .inherited], endsWithUs: endsWithUs)
        do throws(StartFailure) {
            let number = try await children.start(program)
            let isEnding = state.withLock { state in
                state.phase = .running(number)
                // In the order in which they came, before any later signal.
                for signal in state.early { children.send(signal, to: number) }
                state.early = []
                return state.isEnding
            }
            if isEnding { sendStop(to: number) }
            let end = await children.end(of: number)
            state.withLock { $0.phase = .over(end.code) }
            logger.info("program has ended", metadata: ["program": "\((command.first ?? "").debugDescription)", "status": "\(end.text)"])
        } catch {
            let name = command.first ?? ""
            throw CommandFailure(lines: ["cannot start \(name.debugDescription): \(error.text)"], exitCode: Self.notStarted)
        }
    }
}

// MARK: Signals

extension WrappedProgram {
    /// Passes a signal on to the program, as soon as that has been started.
    func pass(_ signal: SignalNumber) {
        state.withLock { state in
            switch state.phase {
            case .awaited: if !state.early.contains(signal) { state.early.append(signal) }
            case .running(let number): children.send(signal, to: number)
            case .over: break
            }
        }
    }

    /// Has the program killed once the stop's time is over, whether or not it has been asked to end by then.
    func beginStop() {
        let isFirst = state.withLock { state in
            defer { state.isStopping = true }
            return !state.isStopping
        }
        guard isFirst else { return }
        Task {
            try await Task.sleep(for: stop.limit)
            kill()
        }
    }

    /// Kills the program and all that it has started in its group.
    func kill() { state.withLock { if case .running(let number) = $0.phase { children.send(.kill, to: number, group: true) } } }

    /// Asks the program to end.
    private func end() {
        beginStop()
        let number: pid_t? = state.withLock { state in
            defer { state.isEnding = true }
            if !state.isEnding, case .running(let number) = state.phase { return number } else { return nil }
        }
        if let number { sendStop(to: number) }
    }

    private func sendStop(to number: pid_t) { children.send(stop.signal, to: number, group: stop.signal == .term) }
}
