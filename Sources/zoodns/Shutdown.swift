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

/// How the program ends: the first SIGTERM or SIGINT ends its parts one after another, the second ends it at once.
enum Shutdown {
    /// How long the parts may take together.
    private static let limit: Duration = .milliseconds(4500)

    /// Runs the parts until SIGTERM or SIGINT comes and they have ended.
    static func run(_ parts: [Part], _ signals: UnixSignalsSequence, _ logger: Logger) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: parts.map { .init(service: $0, serviceName: "part") }, logger: quiet(logger))
        )
        let guardian = Task {
            var iterator = signals.makeAsyncIterator()
            guard let first = await iterator.next() else { return }
            logger.info("shutting down", metadata: ["signal": "\(first)"])
            await group.triggerGracefulShutdown()
            let alarm = Task {
                try await Task.sleep(for: limit)
                Glibc.exit(EXIT_SUCCESS)
            }
            if let second = await iterator.next() { Glibc._exit(128 + second.rawValue) }
            alarm.cancel()
        }
        try await group.run()
        guardian.cancel()
        logger.info("shut down")
    }

    /// Its own steps matter to nobody while all is well.
    static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
