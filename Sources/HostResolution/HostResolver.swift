import CLinux
import Glibc
import Handoff
import IPAddressing
import Logging
import Synchronization

/// Looks host names up in the background, over and over as their records' TTLs run out, and tells what is different.
///
/// All of c-ares stands on one thread, which `run` starts.
package final class HostResolver: Sendable {
    private struct Orders {
        /// What to follow from now on; nil without a new order.
        var hosts: Set<String>?
        /// What every order since the last that was carried out has named: whoever was left out for a moment is looked up anew, and told of again.
        var kept: Set<String> = []
        var isOver = false
    }

    private let servers: [SocketEndpoint]
    private let logger: Logger
    private let orders = Mutex(Orders())
    /// Wakes the thread; -1 if the kernel has none to give.
    private let wake: Int32

    /// Asks these name servers, or the system's if there are none.
    package init(servers: [SocketEndpoint], logger: Logger) {
        self.servers = servers
        self.logger = logger
        wake = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    }

    deinit { Glibc.close(wake) }

    /// The hosts to look up from now on: lower case, without a final dot.
    package func follow(_ hosts: Set<String>) {
        order { orders in
            orders.kept = orders.hosts == nil ? hosts : orders.kept.intersection(hosts)
            orders.hosts = hosts
        }
    }

    private func order(_ change: (inout Orders) -> Void) {
        orders.withLock { change(&$0) }
        var one: UInt64 = 1
        _ = Glibc.write(wake, &one, MemoryLayout.size(ofValue: one))
    }

    /// Looks hosts up until the task is cancelled; `deliver` is called on the resolver's thread with all that is known of hosts that changed.
    package func run(_ deliver: @escaping @Sendable ([String: HostAddresses]) -> Void) async {
        await withTaskCancellationHandler {
            let hasRun = await WorkerThread.run { [self] in work(deliver) }
            if !hasRun { logger.error("no thread for the resolver: host names stay unresolved") }
            // Everything else works without it: its early end must not be the program's.
            try? await Task.sleep(for: .seconds(Int32.max))
        } onCancel: {
            order { $0.isOver = true }
        }
    }

    private func work(_ deliver: ([String: HostAddresses]) -> Void) {
        guard let channels = AresChannels(servers: servers) else {
            return logger.error("c-ares cannot be set up: host names stay unresolved")
        }
        defer { channels.close() }
        var configuration = SystemConfiguration()
        var schedule = ResolutionSchedule(start: .now)
        while true {
            let orders = takeOrders()
            if orders.isOver { return }
            if let hosts = orders.hosts {
                schedule.follow(orders.kept)
                schedule.follow(hosts)
            }
            if servers.isEmpty, SystemConfiguration() != configuration {
                configuration = SystemConfiguration()
                channels.reopen()
            }
            for lookup in schedule.begin(at: .now) { channels.begin(lookup) }
            // What the hosts file answers has been answered by now.
            let hasFinished = finish(channels, &schedule, deliver)
            channels.wait(for: wake, until: hasFinished ? .now : schedule.nextDeadline)
            _ = finish(channels, &schedule, deliver)
        }
    }

    /// Takes in what has come back; false if nothing has.
    private func finish(
        _ channels: AresChannels, _ schedule: inout ResolutionSchedule, _ deliver: ([String: HostAddresses]) -> Void
    ) -> Bool {
        let finished = channels.takeFinished()
        var changed: [String: HostAddresses] = [:]
        for (lookup, outcome) in finished {
            if let addresses = schedule.finish(lookup, outcome, at: .now) { changed[lookup.host] = addresses }
            if case .failed = outcome { logger.debug("host cannot be resolved at present", metadata: ["host": "\(lookup.host)"]) }
        }
        if !changed.isEmpty { deliver(changed) }
        return !finished.isEmpty
    }

    private func takeOrders() -> Orders {
        var count: UInt64 = 0
        _ = Glibc.read(wake, &count, MemoryLayout.size(ofValue: count))
        return orders.withLock { orders in
            defer { (orders.hosts, orders.kept) = (nil, []) }
            return orders
        }
    }
}
