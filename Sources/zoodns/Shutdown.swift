import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// Something that runs until it is told to end.
struct Part: Service {
    private let body: @Sendable () async throws -> Void

    /// `body` returns soon after its task has been cancelled.
    init(_ body: @escaping @Sendable () async throws -> Void) { self.body = body }

    func run() async throws { try await cancelWhenGracefulShutdown { try await body() } }
}

/// How the program ends: the first SIGTERM or SIGINT ends its services one after another, from the last to the first; the second ends it at once.
enum Shutdown {
    /// Runs services until SIGTERM or SIGINT comes and they have ended, which may take `limit` together; or until they end by themselves.
    ///
    /// `atOnce` is done before the program ends at the second signal.
    static func run(
        _ services: [ServiceGroupConfiguration.ServiceConfiguration], _ signals: UnixSignalsSequence, _ logger: Logger,
        limit: Duration? = nil, atOnce: @escaping @Sendable () -> Void = {}
    ) async throws {
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: services, logger: quiet(logger)))
        let guardian = Task {
            var iterator = signals.makeAsyncIterator()
            guard let first = await iterator.next() else { return }
            logger.info("shutting down", metadata: ["signal": "\(first)"])
            await group.triggerGracefulShutdown()
            let alarm = limit.map { limit in
                Task {
                    try await Task.sleep(for: limit)
                    Glibc.exit(EXIT_SUCCESS)
                }
            }
            if let second = await iterator.next() {
                atOnce()
                Glibc._exit(128 + second.rawValue)
            }
            alarm?.cancel()
        }
        defer { guardian.cancel() }
        try await group.run()
        logger.info("shut down")
    }

    /// Its own steps matter to nobody while all is well.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
