import Glibc

/// A thread of its own for work that blocks, so that Swift's pool of threads stays free.
package enum WorkerThread {
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs `body` on a new thread and waits for its end. False if there is no thread to be had. The C function is `pthread_create`.
    package static func run(_ body: @escaping @Sendable () -> Void) async -> Bool {
        await withCheckedContinuation { continuation in
            let work = Work {
                body()
                continuation.resume(returning: true)
            }
            if !start(work) { continuation.resume(returning: false) }
        }
    }

    /// Runs `body` on a new thread. False if there is no thread to be had.
    package static func start(_ body: @escaping @Sendable () -> Void) -> Bool { start(Work(body)) }

    private static func start(_ work: Work) -> Bool {
        let context = Unmanaged.passRetained(work)
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runWork, context.toOpaque()) == 0 else {
            context.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private static let runWork: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
        return nil
    }
}
