import DNSAuthority
import Logging
import Synchronization

/// Answers transfers, and queries with a signature: what a server's policy of queries has as its `answerLong`.
package final class TransferAnswerer: Sendable {
    private let policy: Mutex<TransferPolicy>
    private let logger: Logger

    package init(_ policy: TransferPolicy = TransferPolicy(), logger: Logger) {
        self.policy = Mutex(policy)
        self.logger = logger
    }

    /// Has queries from now on answered by another policy.
    package func follow(_ policy: TransferPolicy) { self.policy.withLock { $0 = policy } }

    /// Answers a query; from any thread.
    @Sendable package func answer(_ query: LongQuery) -> LongAnswer {
        let refused = query.answer(.notAdmitted)
        return .message(refused.octets, refused.answer)
    }
}
