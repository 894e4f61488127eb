import CLinux
import DNSAuthority
import Glibc
import Handoff
import IPAddressing
import Logging
import Synchronization

/// Looks host names up in the background, over and over as their records' TTLs run out, and reports what is different.
///
/// All of c-ares stands on one thread, which `run` starts.
package final class HostResolver: Sendable {
    private struct Orders {
        /// What has been dropped and added since the last order that was carried out. A host that was dropped for a moment is in both: it is
        /// looked up again, and reported again.
        var dropped: Set<String> = []
        var added: [String: DomainName] = [:]
        var isOver = false
    }

    private let servers: [SocketEndpoint]
    private let hostsFile: String?
    private let own: OwnService
    private let descriptors: Int
    private let logger: Logger
    private let counts = LookupCounts()
    private let orders = Mutex(Orders())
    /// Wakes the thread; -1 if the kernel has none to give.
    private let wake: Int32

    /// The path of the system's hosts file.
    package static let systemHostsFile = "/etc/hosts"

    /// Asks these name servers, or the system's if there are none, except for what this server itself answers or a hosts file says, nil for
    /// none, with at most so many descriptors open at once.
    package init(servers: [SocketEndpoint], hostsFile: String?, own: OwnService, descriptors: Int, logger: Logger) {
        self.servers = servers
        self.hostsFile = hostsFile
        self.own = own
        self.descriptors = descriptors
        self.logger = logger
        wake = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    }

    deinit { Glibc.close(wake) }

    /// How many look-ups were begun so far, and how many failed, each family for itself.
    package var lookups: (begun: Int, failed: Int) { (counts.begun.load(ordering: .relaxed), counts.failed.load(ordering: .relaxed)) }

    /// Looks no longer up what is dropped, and looks up hosts from now on, each in the turn of a service; those that are looked up already
    /// change turns at most. Lower case, without a final dot.
    package func follow(_ hosts: [String: DomainName], dropping dropped: Set<String> = []) {
        order { orders in
            for host in dropped { orders.added[host] = nil }
            orders.dropped.formUnion(dropped)
            orders.added.merge(hosts) { $1 }
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
        guard
            var lookups = HostLookups(
                environment: ResolverEnvironment(servers: servers, hosts: hostsFile, own: own), limits: .init(descriptors: descriptors),
                counts: counts, logger: logger)
        else { return logger.error("c-ares cannot be set up: host names stay unresolved") }
        defer { lookups.close() }
        while true {
            let orders = takeOrders()
            if orders.isOver { return }
            lookups.follow(adding: orders.added, dropping: orders.dropped)
            lookups.begin()
            lookups.wait(for: wake)
            let changed = lookups.takeChanged()
            if !changed.isEmpty { deliver(changed) }
        }
    }

    private func takeOrders() -> Orders {
        var count: UInt64 = 0
        _ = Glibc.read(wake, &count, MemoryLayout.size(ofValue: count))
        return orders.withLock { orders in
            defer { (orders.dropped, orders.added) = ([], [:]) }
            return orders
        }
    }
}
