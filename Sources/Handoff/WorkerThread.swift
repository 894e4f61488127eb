import Dispatch
import Glibc
import Synchronization

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

    /// Whether the machine has so many threads left, found out by having them all at once. For code that does not survive it if there are none;
    /// what is found out may be over as soon as others take them. Waits for their end, some tenths of a millisecond.
    package static func canStart(_ count: Int) -> Bool {
        let gate = DispatchSemaphore(value: 0)
        let folders = Mutex<[String]>([])
        var threads: [pthread_t] = []
        let work = Work {
            folders.withLock { $0 += [ownFolder].compactMap(\.self) }
            gate.wait()
        }
        while threads.count < count, let thread = create(work) { threads.append(thread) }
        for _ in threads { gate.signal() }
        for thread in threads { pthread_join(thread, nil) }
        return threads.count == count && folders.withLock { $0 }.allSatisfy(isReleased)
    }

    /// Waits until a thread that has been joined counts no more: the kernel lets go of it a little later.
    private static func isReleased(_ folder: String) -> Bool {
        for _ in 0..<longestRelease {
            if access(folder, F_OK) != 0 { return true }
            usleep(1000)
        }
        return false
    }

    /// The calling thread's folder in /proc; nil without such.
    private static var ownFolder: String? {
        var text = [CChar](repeating: 0, count: 64)
        let length = readlink("/proc/thread-self", &text, 64)
        guard length > 0 else { return nil }
        return "/proc/" + String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Milliseconds that the kernel may take to let go of a thread.
    private static let longestRelease = 1000

    private static func start(_ work: Work) -> Bool {
        guard let thread = create(work) else { return false }
        pthread_detach(thread)
        return true
    }

    private static func create(_ work: Work) -> pthread_t? {
        let context = Unmanaged.passRetained(work)
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runWork, context.toOpaque()) == 0 else {
            context.release()
            return nil
        }
        return thread
    }

    private static let runWork: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
        return nil
    }
}
