import Glibc
import Synchronization

/// Signals that wait for the main thread instead of ending the process, whatever the process inherited.
final class TrappedSignals: Sendable {
    private let state = Mutex(State())

    private struct State {
        var handler: (@Sendable (SignalNumber) -> Void)?
        /// Signals that came before there was a handler, each once, as the kernel keeps them.
        var early: [SignalNumber] = []
    }

    /// All that others send are trapped but these: those that stop a process for a while, for which its parent waits, and those that
    /// the kernel sends for what the process itself does, after which there is nothing to go on with.
    private static let left = [
        SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGPROF, SIGPIPE, SIGXFSZ, SIGKILL, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT,
    ]

    private static var all: sigset_t {
        var signals = sigset_t()
        sigfillset(&signals)
        for signal in left { sigdelset(&signals, signal) }
        return signals
    }

    /// Has them wait from now on, for this thread and those that it starts: to be called before there are others. The C function is
    /// `pthread_sigmask`.
    init() {
        // SIGCHLD is not kept for a process that ignores it, nor are its children's ends.
        for number in Self.left + [SIGCHLD] { signal(number, SIG_DFL) }
        // The call that they come of fails instead.
        for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
        // No profiler of ours is there to take it.
        signal(SIGPROF, SIG_IGN)
        var signals = Self.all
        pthread_sigmask(SIG_SETMASK, &signals, nil)
    }

    /// Takes them on this thread until the process ends; SIGTERM and SIGINT end it before there is a handler. The C function is `sigwait`.
    func take() -> Never {
        var signals = Self.all
        while true {
            var number: Int32 = 0
            if sigwait(&signals, &number) == 0 { take(SignalNumber(number)) }
        }
    }

    /// Hands over the signals that have come, and from now on each that comes.
    func handle(_ handler: @escaping @Sendable (SignalNumber) -> Void) {
        state.withLock { state in
            for signal in state.early { handler(signal) }
            state.early = []
            state.handler = handler
        }
    }

    private func take(_ signal: SignalNumber) {
        state.withLock { state in
            if let handler = state.handler { return handler(signal) }
            if [.term, .int].contains(signal) { _exit(128 + signal.rawValue) }
            if !state.early.contains(signal) { state.early.append(signal) }
        }
    }
}
