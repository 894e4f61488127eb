import CZooKeeper
import Logging
import Synchronization

/// Where the C client's own messages go. It gives its log callback no context, so there is one of these for the process.
enum ClientLog {
    /// Most messages let through a second; an outage makes the client write thousands.
    private static let messagesPerSecond = 5

    private struct State {
        var logger: Logger?
        var second = ContinuousClock.now
        var count = 0
    }

    private static let state = Mutex(State())

    /// Sends the client's messages to a logger from now on.
    static func redirect(to logger: Logger) {
        zoo_set_debug_level(ZOO_LOG_LEVEL_WARN)
        state.withLock { $0.logger = logger }
    }

    /// Passes one message on, unless there have been too many.
    static func write(_ message: String) {
        let logger = state.withLock { state -> Logger? in
            let now = ContinuousClock.now
            if state.second.duration(to: now) > .seconds(1) {
                state.second = now
                state.count = 0
            }
            state.count += 1
            return state.count <= messagesPerSecond ? state.logger : nil
        }
        logger?.debug("zookeeper client", metadata: ["message": "\(message)"])
    }
}

/// The C type is `log_callback_fn`.
func zooKeeperLog(_ message: UnsafePointer<CChar>?) {
    guard let message else { return }
    ClientLog.write(String(cString: message).split(separator: "\n").joined(separator: " "))
}
