import CZooKeeper
import Logging
import Synchronization

/// Where the C client's own messages go. It gives its log callback no context, so there is one of these for the process.
enum ClientLog {
    private static let logger = Mutex<Logger?>(nil)

    /// Sends the client's messages to a logger from now on.
    static func redirect(to logger: Logger) {
        zoo_set_debug_level(ZOO_LOG_LEVEL_WARN)
        self.logger.withLock { $0 = logger }
    }

    /// Passes one message on; an outage makes the client write thousands, which the logger limits.
    static func write(_ message: String) { logger.withLock { $0 }?.debug("zookeeper client", metadata: ["message": "\(message)"]) }
}

/// The C type is `log_callback_fn`.
func zooKeeperLog(_ message: UnsafePointer<CChar>?) {
    guard let message else { return }
    ClientLog.write(String(cString: message).split(separator: "\n").joined(separator: " "))
}
