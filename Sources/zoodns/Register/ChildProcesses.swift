import Glibc
import Handoff
import Synchronization

/// All children of the process: programs that are started here, and orphans that become ours where we are process 1.
///
/// Each is started, sent signals and waited for under one lock: no end is missed, and no signal goes to a stranger that has got its number.
actor ChildProcesses {
    /// A thread of its own: for the kernel a child's parent has ended when the thread that started the child ends.
    private let executor = ThreadExecutor()
    private nonisolated let children = Mutex<[pid_t: Child]>([:])

    private enum Child {
        case running
        case awaited(CheckedContinuation<ProgramEnd, Never>)
        case ended(ProgramEnd)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Throws if there is no thread to be had.
    init() throws(NoThread) { try executor.start() }

    /// Starts a program in a process group of its own; the process number.
    func start(_ program: ProgramStart) throws(StartFailure) -> pid_t {
        let started: Result<pid_t, StartFailure> = children.withLock { children in
            let started = program.start()
            if case .success(let number) = started { children[number] = .running }
            return started
        }
        return try started.get()
    }

    /// Waits for the end of a program that was started here; must be called once for each.
    nonisolated func end(of number: pid_t) async -> ProgramEnd {
        await withCheckedContinuation { continuation in
            let end: ProgramEnd? = children.withLock { children in
                guard case .ended(let end) = children[number] else {
                    children[number] = .awaited(continuation)
                    return nil
                }
                children[number] = nil
                return end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    /// Sends a program a signal unless it has ended; with `group`, all that it has started in its group too.
    nonisolated func send(_ signal: SignalNumber, to number: pid_t, group: Bool = false) {
        children.withLock { children in
            switch children[number] {
            case .running, .awaited: _ = kill(group ? -number : number, signal.rawValue)
            case .ended, nil: break
            }
        }
    }

    /// Takes in the ends of all children that have ended, orphans among them. The C function is `waitpid`.
    nonisolated func reap() {
        let ended = children.withLock { children in
            var ended: [(CheckedContinuation<ProgramEnd, Never>, ProgramEnd)] = []
            var status: Int32 = 0
            while case let number = waitpid(-1, &status, WNOHANG), number > 0 {
                let end = ProgramEnd(status: status)
                switch children[number] {
                case .awaited(let continuation):
                    children[number] = nil
                    ended.append((continuation, end))
                case .running: children[number] = .ended(end)
                case .ended, nil: break
                }
            }
            return ended
        }
        for (continuation, end) in ended { continuation.resume(returning: end) }
    }
}
