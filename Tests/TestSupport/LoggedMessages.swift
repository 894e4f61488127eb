import Logging
import Synchronization

/// A log that keeps its messages.
package final class LoggedMessages: LogHandler {
    private let messages = Mutex<[String]>([])
    package var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    package var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    package subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    package init() {}

    package func log(event: LogEvent) { messages.withLock { $0.append("\(event.message)") } }

    /// The messages so far, without what varies.
    package var all: [String] { messages.withLock { $0 } }

    /// A logger that writes here.
    package var logger: Logger { Logger(label: "test") { _ in self } }
}
