import Glibc
import Logging
import ServiceLifecycle
import Synchronization

/// A program that runs as long as it likes, or until a graceful shutdown ends it; signals that are not ours are passed on to it.
final class WrappedProgram: Service {
    /// How it is stopped.
    struct Stop {
        /// What tells it to end: SIGTERM goes to its whole group, any other signal to itself alone.
        let signal: SignalNumber
        /// Time from when the stop begins, with the drain, until it is killed.
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
        /// Signals that came before it was started, each once, as the kernel keeps them.
        var early: [SignalNumber] = []
        var isStopping = false
        /// Whether its end has been asked for.
        var isEnding = false
    }

    private enum Phase {
        case awaited
        case running(pid_t)
        case over(Int32)
    }

    /// What a shell exits with for a program that is not there.
    private static let notStarted: Int32 = 127

    /// A program with its arguments, at least its name; with `endsWithUs` it is killed when this process ends without stopping it.
    init(_ command: [String], _ stop: Stop, endsWithUs: Bool, _ children: ChildProcesses, _ logger: Logger) {
        (self.command, self.stop, self.endsWithUs, self.children, self.logger) = (command, stop, endsWithUs, children, logger)
    }

    /// What it ended with as a shell says it: its exit code, or 128 and the number of the signal that killed it; nil before.
    var exitCode: Int32? { state.withLock { if case .over(let code) = $0.phase { code } else { nil } } }

    /// Whether it has been started and has not ended.
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

    /// Starts it and waits for its end.
    private func start() async throws(CommandFailure) {
        // A program in the background that reads from a terminal is stopped by it: better the end of its input.
        let input: ProgramStart.Stream = isatty(STDIN_FILENO) == 1 ? .null : .inherited
        let program = ProgramStart(command: command, streams: [input, .inherited, .inherited], endsWithUs: endsWithUs)
        do throws(StartFailure) {
            let number = try await children.start(program)
            let isEnding = state.withLock { state in
                state.phase = .running(number)
                // Before any that comes from now on.
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
            throw CommandFailure(text: "cannot start \(name.debugDescription): \(error.text)", exitCode: Self.notStarted)
        }
    }
}

// MARK: Signals

extension WrappedProgram {
    /// Passes a signal on to it, as soon as it has been started.
    func pass(_ signal: SignalNumber) {
        state.withLock { state in
            switch state.phase {
            case .awaited: if !state.early.contains(signal) { state.early.append(signal) }
            case .running(let number): children.send(signal, to: number)
            case .over: break
            }
        }
    }

    /// Has it killed once the stop's time is over, whether or not its end has been asked for by then.
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

    /// Kills it and all that it has started in its group.
    func kill() { state.withLock { if case .running(let number) = $0.phase { children.send(.kill, to: number, group: true) } } }

    /// Tells it to end.
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
