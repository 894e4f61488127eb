import Glibc
import Synchronization

/// The machine has no thread left.
package struct NoThread: Error {
    package init() {}
}

/// A thread of its own for an actor whose steps take long, so that Swift's pool of threads stays free.
package final class ThreadExecutor: SerialExecutor {
    private let thread = JobThread()

    package init() {}

    /// Starts the thread, which does the jobs that have come in so far first.
    package func start() throws(NoThread) {
        try thread.start { [self] in $0.runSynchronously(on: asUnownedSerialExecutor()) }
    }

    /// Has the thread end once it has done all jobs that have come in.
    package func stop() { thread.stop() }

    package func enqueue(_ job: consuming ExecutorJob) { thread.add(UnownedJob(job)) }
}

/// A thread of its own for tasks whose steps may take long, one after another: together they never have more than one processor.
package final class TaskThread: TaskExecutor {
    private let thread = JobThread()

    package init() {}

    /// Starts the thread, which does the jobs that have come in so far first.
    package func start() throws(NoThread) {
        try thread.start { [self] in $0.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    /// Has the thread end once it has done all jobs that have come in: when no task prefers it any more.
    package func stop() { thread.stop() }

    package func enqueue(_ job: consuming ExecutorJob) { thread.add(UnownedJob(job)) }
}

/// A thread that does jobs in their order.
private final class JobThread: Sendable {
    private struct Content {
        var jobs: [UnownedJob] = []
        var isOver = false
    }

    private let content = Mutex(Content())
    private let wake = Wake()

    func start(_ run: @escaping @Sendable (UnownedJob) -> Void) throws(NoThread) {
        guard WorkerThread.start({ [self] in work(run) }) else { throw NoThread() }
    }

    func stop() {
        content.withLock { $0.isOver = true }
        wake.post()
    }

    func add(_ job: UnownedJob) {
        content.withLock { $0.jobs.append(job) }
        wake.post()
    }

    private func work(_ run: (UnownedJob) -> Void) {
        while true {
            wake.wait()
            let (jobs, isOver) = content.withLock { content in
                defer { content.jobs = [] }
                return (content.jobs, content.isOver)
            }
            for job in jobs { run(job) }
            if isOver, jobs.isEmpty { return }
        }
    }
}

/// A count that a thread waits for. The C functions are `sem_post` and `sem_wait`.
private final class Wake: @unchecked Sendable {
    // Sendable although it holds a pointer: semaphores are made for several threads.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func post() { sem_post(semaphore) }

    /// Returns early at a signal, which does no harm.
    func wait() { sem_wait(semaphore) }
}
