import Glibc
import Handoff
import Testing

@Suite struct ThreadExecutorTests {
    private actor Worker {
        let thread = ThreadExecutor()

        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

        func number() -> pthread_t { pthread_self() }

        /// Keeps the thread until a signal.
        func wait(for semaphore: Semaphore) { semaphore.wait() }
    }

    /// A semaphore that a thread blocks on.
    private final class Semaphore: @unchecked Sendable {
        private let memory = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

        init() { sem_init(memory, 0, 0) }

        func post() { sem_post(memory) }

        func wait() { sem_wait(memory) }
    }

    @Test func `all steps of an actor are on one thread, those from before its start included`() async throws {
        let worker = Worker()
        async let early = worker.number()
        try worker.thread.start()
        let first = await early
        for _ in 0..<100 { #expect(await worker.number() == first) }
        worker.thread.stop()
    }

    @Test func `all steps of a task that prefers a thread are on it, and those of its children`() async throws {
        let thread = TaskThread()
        try thread.start()
        // As a function, since asynchronous code may not ask directly.
        @Sendable func number() -> pthread_t { pthread_self() }
        await withTaskExecutorPreference(thread) {
            let first = number()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        await Task.yield()
                        #expect(number() == first)
                    }
                }
            }
            await Task.yield()
            #expect(number() == first)
        }
        thread.stop()
    }

    /// More of them than the pool has threads.
    @Test func `actors that block leave the pool's threads free`() async throws {
        let semaphore = Semaphore()
        let workers = (0..<64).map { _ in Worker() }
        for worker in workers { try worker.thread.start() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in workers { group.addTask { await worker.wait(for: semaphore) } }
            try await Task.sleep(for: .milliseconds(20))
            for _ in 0..<100 { await Task.yield() }
            for _ in workers { semaphore.post() }
            try await group.waitForAll()
        }
        for worker in workers { worker.thread.stop() }
    }
}
