import Glibc
import Logging
import ServiceLifecycle
import Synchronization

/// A service that runs until its task is cancelled.
struct Part: Service {
    /// What the group's log calls it.
    let name: String
    private let body: @Sendable () async throws -> Void

    /// `body` returns soon after its task has been cancelled.
    init(_ name: String, _ body: @escaping @Sendable () async throws -> Void) { (self.name, self.body) = (name, body) }

    func run() async throws { try await cancelWhenGracefulShutdown { try await body() } }
}

/// Runs a service, and a closure once the service has ended, by itself or not.
struct Following<Inner: Service>: Service {
    private let service: Inner
    private let done: @Sendable () -> Void

    init(_ service: Inner, _ done: @escaping @Sendable () -> Void) { (self.service, self.done) = (service, done) }

    func run() async throws {
        try await service.run()
        done()
    }
}

/// The end of the program: the first SIGTERM or SIGINT ends its services one after another, from the last to the first; the second cancels all.
enum Shutdown {
    /// How long services that have been cancelled may take to end.
    private static let cancellationLimit: Duration = .seconds(1)

    /// Runs services until SIGTERM or SIGINT comes and they have ended, which may take `limit` together; or until they end by themselves.
    ///
    /// `linger` is done at the first signal, before the services are ended; `atOnce` at the second, after which the program soon ends with 128
    /// and the signal's number. The group's own limits are not used: they trap, where ours writes the rest of the log and exits with 0.
    static func run(
        _ services: [ServiceGroupConfiguration.ServiceConfiguration], _ signals: some AsyncSequence<SignalNumber, Never> & Sendable,
        _ logger: Logger,
        limit: Duration? = nil, atOnce: @escaping @Sendable () -> Void = {},
        linger: @escaping @Sendable (SignalNumber) async throws -> Void = { _ in }
    ) async throws {
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: services, logger: quiet(logger)))
        let running = Task { try await group.run() }
        let second = Mutex<Int32?>(nil)
        let guardian = Task {
            var iterator = signals.makeAsyncIterator()
            guard let first = await iterator.next(isolation: nil) else { return }
            logger.info("shutting down", metadata: ["signal": "\(first.text)"])
            let ending = Task {
                try await linger(first)
                await group.triggerGracefulShutdown()
                guard let limit else { return }
                try await Task.sleep(for: limit)
                LogStream.standardError.drain()
                Glibc.exit(EXIT_SUCCESS)
            }
            defer { ending.cancel() }
            guard let signal = await iterator.next(isolation: nil) else { return }
            second.withLock { $0 = signal.rawValue }
            atOnce()
            running.cancel()
            try? await Task.sleep(for: cancellationLimit)
            Glibc._exit(128 + signal.rawValue)
        }
        let result = await running.result
        if let signal = second.withLock({ $0 }) { Glibc._exit(128 + signal) }
        guardian.cancel()
        try result.get()
        logger.info("shut down")
    }

    /// The group's own lines below warnings are left out.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
