import DNSAuthority
import Explanation
import Handoff
import Logging
import ProviderDiscovery
import ProviderRegistry
import Synchronization
import ZooKeeperClient

/// The followers of the zones' registries, which come and go with their zones.
final class ZoneWatchers: Sendable {
    /// Takes what the follower of a zone's registry reports.
    typealias Outlet = @Sendable (RegistryUpdate, DomainName) -> Void

    /// A follower that runs.
    private struct Running {
        let watcher: ProviderWatcher
        let source: ZoneSource
        let task: Task<Void, Never>
    }

    private let client: Client
    private let logger: Logger
    private let deliver: Outlet
    private let running = Mutex<[DomainName: Running]>([:])
    private let mailbox = Mailbox<[ZoneSettings]>()

    /// Followers through a client; `deliver` is called in order for each zone.
    init(_ client: Client, _ logger: Logger, deliver: @escaping Outlet) {
        (self.client, self.logger, self.deliver) = (client, logger, deliver)
    }

    /// Has these zones' registries followed from now on, and no others; from any thread.
    func serve(_ zones: [ZoneSettings]) { mailbox.post(zones) }

    /// The follower of a zone's registry; nil if there is none.
    subscript(_ origin: DomainName) -> ProviderWatcher? { running.withLock { $0[origin]?.watcher } }

    /// Follows registries until the task is cancelled.
    func run() async {
        while let news = await mailbox.next(before: nil) { for zones in news { await change(to: zones) } }
        await end(running.withLock { Array($0.values) })
    }

    private func change(to zones: [ZoneSettings]) async {
        let sources = Dictionary(zones.map { ($0.source.origin, $0.source) }) { first, _ in first }
        let gone = running.withLock { running in
            let gone = running.filter { sources[$0.key] != $0.value.source }
            for origin in gone.keys { running[origin] = nil }
            return gone.values
        }
        // A follower's last report must not come after the first of one that takes its place.
        await end(Array(gone))
        for zone in zones { begin(zone) }
    }

    private func begin(_ zone: ZoneSettings) {
        let origin = zone.source.origin
        if let watcher = self[origin] { return watcher.configure(zone.watch) }
        let watcher = ProviderWatcher(client: client, layout: zone.source.layout, settings: zone.watch, logger: logger) { [deliver] in
            deliver($0, origin)
        }
        running.withLock { $0[origin] = Running(watcher: watcher, source: zone.source, task: Task { await watcher.run() }) }
    }

    private func end(_ gone: [Running]) async {
        for one in gone { one.task.cancel() }
        for one in gone { await one.task.value }
    }
}
