import Handoff

/// Where the admin endpoint does what may take long: one thread, so that what watches over the server never waits for it, and all of it together
/// never has more than one processor.
enum LongWork {
    private static let thread: TaskThread? = {
        let thread = TaskThread()
        return (try? thread.start()) == nil ? nil : thread
    }()

    /// Does something on the thread, or if there is none, on any.
    static func run<Result>(_ work: () async throws -> Result) async rethrows -> Result {
        try await withTaskExecutorPreference(thread) { try await work() }
    }
}
