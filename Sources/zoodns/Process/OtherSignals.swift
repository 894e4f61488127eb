import CLinux
import Glibc
import Logging
import UnixSignals

/// The signals that do not end the server: those that people send are logged, faults end it behind a line, all others are ignored.
struct OtherSignals {
    /// Signals that people, init systems and scripts send to servers. They end a program that does not know them.
    private static let reported: [UnixSignal] = [.sighup, .sigusr1, .sigusr2, .sigalrm, .sigquit]
    /// Signals that end a program that does not know them, and that no client of a DNS server sends on purpose; real-time signals come beside
    /// them. What was beyond a limit fails with an error.
    private static let ignored = [SIGPIPE, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT, SIGXCPU, SIGXFSZ]
    /// Signals that a fault of the program itself causes.
    private static let faults = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP]
    /// The first and the last real-time signal as the kernel counts them.
    private static let realTime = Int32(32)...64

    private let signals: UnixSignalsSequence

    /// Has the signals that are reported later ignored from now on: one that comes while the program starts must not end it. To be called
    /// before there are other threads.
    static func ignoreAtStart() { for signal in reported { ignore_signal(signal.rawValue) } }

    /// Has the reported signals trapped and the others ignored from now on; unblocks signals that were inherited blocked. The C functions are
    /// `sigaction` and `pthread_sigmask`.
    static func trap() async -> OtherSignals {
        for number in ignored { ignore_signal(number) }
        for number in realTime { ignore_signal(number) }
        for number in faults { endWithLine(number) }
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_UNBLOCK, &all, nil)
        return OtherSignals(signals: await UnixSignalsSequence(trapping: reported))
    }

    /// Reloads the settings at each SIGHUP, and logs all other trapped signals, until the task is cancelled.
    func report(_ logger: Logger, reload: () async -> Void) async {
        for await signal in signals {
            let metadata: Logger.Metadata = ["signal": "\(signal)"]
            if signal == .sighup {
                await reload()
            } else {
                logger.warning("signal ignored: it has no meaning here", metadata: metadata)
            }
        }
    }

    /// Has a fault end the program as it does, behind a line on standard error if that takes one at once.
    private static func endWithLine(_ number: Int32) {
        var action = sigaction()
        // Debuggers and Swift's backtraces go first.
        guard sigaction(number, nil, &action) == 0, action.__sigaction_handler.sa_handler == nil else { return }
        action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | Int32(SA_NODEFER)
        action.__sigaction_handler.sa_handler = { number in
            let line: StaticString =
                switch number {
                case SIGABRT: "zoodns: ended by SIGABRT\n"
                case SIGBUS: "zoodns: ended by SIGBUS\n"
                case SIGFPE: "zoodns: ended by SIGFPE\n"
                case SIGILL: "zoodns: ended by SIGILL\n"
                case SIGSEGV: "zoodns: ended by SIGSEGV\n"
                case SIGSYS: "zoodns: ended by SIGSYS\n"
                default: "zoodns: ended by SIGTRAP\n"
                }
            var stream = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            if poll(&stream, 1, 0) == 1 { _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount) }
            raise(number)
        }
        sigaction(number, &action, nil)
    }
}
