import DNSAuthority
import ProviderRegistry
import Synchronization
import ZooKeeperClient

/// What the server's parts report of themselves: the one source of what the admin endpoint shows.
///
/// From any thread. A report takes as long as what has changed is large, and waits for no reader.
package final class StatusBoard: Sendable {
    /// A zone that is served: where its registry is, and how long vanished providers are held.
    package struct Shown: Sendable {
        let origin: DomainName
        let layout: RegistryLayout
        let holdDown: Duration

        package init(origin: DomainName, layout: RegistryLayout, holdDown: Duration = .zero) {
            (self.origin, self.layout, self.holdDown) = (origin, layout, holdDown)
        }
    }

    fileprivate struct Zone {
        var facts: ZoneFacts
        var layout: RegistryLayout
        var record: RegistryRecord
        /// Nil before the registry has been read.
        var registry: Registry? { record.isRead ? record.registry : nil }
    }

    private struct State {
        /// In their order.
        var origins: [DomainName]
        var zones: [DomainName: Zone]
        var session = SessionFacts()
        var isLameDuck = false
        var hasReloadFailed = false
        var followers: [Int: AsyncStream<ZonePublication>.Continuation] = [:]
        var nextFollower = 0
    }

    private let began = ContinuousClock.now
    /// Why there is no session; nil while there is one, and before anything is known.
    private let obstacle: @Sendable () -> SessionObstacle?
    private let state: Mutex<State>

    /// Changes that wait for a follower: the oldest are left out for one that does not keep up.
    package static let mostWaiting = 64

    /// A board of zones that have not been read.
    package init(_ zones: [Shown], obstacle: @escaping @Sendable () -> SessionObstacle? = { nil }) {
        self.obstacle = obstacle
        state = Mutex(State(origins: [], zones: [:]))
        serve(zones)
    }

    /// Has these zones from now on, and no others.
    package func serve(_ zones: [Shown]) {
        state.withLock { state in
            state.origins = zones.map(\.origin)
            state.zones = state.zones.filter { state.origins.contains($0.key) }
            for zone in zones {
                var new = Zone(
                    facts: ZoneFacts(origin: zone.origin), layout: zone.layout, record: RegistryRecord(holdDown: zone.holdDown))
                if var known = state.zones[zone.origin] {
                    known.record.holdDown = zone.holdDown
                    // Of another registry only what is served of it still stays.
                    if known.layout != zone.layout {
                        (known.layout, known.record, known.facts.rejected) = (new.layout, new.record, new.facts.rejected)
                    }
                    new = known
                }
                state.zones[zone.origin] = new
            }
        }
    }

    /// Where a zone's registry is; nil if there is no such zone.
    package func layout(of origin: DomainName) -> RegistryLayout? { state.withLock { $0.zones[origin]?.layout } }

    /// What is known now.
    package var facts: ServerFacts {
        let obstacle = obstacle()?.text
        return state.withLock { state in
            var facts = ServerFacts(began: began, now: .now)
            facts.session = state.session
            if state.session.state != .connected { facts.session.obstacle = obstacle }
            facts.zones = state.origins.compactMap { state.zones[$0]?.facts }
            (facts.isLameDuck, facts.hasReloadFailed) = (state.isLameDuck, state.hasReloadFailed)
            return facts
        }
    }

    /// A zone's registry as it is served; nil before it has been read.
    package func registry(of origin: DomainName) -> Registry? { state.withLock { $0.zones[origin]?.registry } }

    /// The zones' registries with what is known of their services besides, in the order of the settings.
    var records: [(origin: DomainName, record: RegistryRecord)] {
        state.withLock { state in state.origins.compactMap { origin in state.zones[origin].map { (origin, $0.record) } } }
    }

    /// The znodes of a zone's registry that cannot be used, or only in part, as far as they are listed.
    package func rejected(of origin: DomainName) -> [ZnodeReport] {
        state.withLock { $0.zones[origin].map { Array($0.facts.rejected.listed.values) } ?? [] }
    }

    /// What changes from now on; so many of the newest changes wait for a follower.
    package func changes(keeping most: Int = mostWaiting) -> AsyncStream<ZonePublication> {
        let (stream, continuation) = AsyncStream.makeStream(of: ZonePublication.self, bufferingPolicy: .bufferingNewest(most))
        let number = state.withLock { state in
            state.nextFollower += 1
            state.followers[state.nextFollower] = continuation
            return state.nextFollower
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { state in state.followers[number] = nil } }
        return stream
    }
}

/// A zone was published: with which serial, in which status, after which services changed.
package struct ZonePublication: Sendable {
    let zone: ZoneFacts
    let services: [ServiceChange]
    /// How many more services there are.
    let more: Int

    /// Services that are named at most.
    static let mostServices = 20
}

// MARK: What parts report

extension StatusBoard {
    /// Takes in what happens to the session.
    package func take(_ event: SessionEvent) {
        state.withLock { state in
            switch event {
            case .connected(let id, let timeout, let isNew):
                if isNew { state.session.expiries += state.session.id == nil ? 0 : 1 } else { state.session.reconnects += 1 }
                (state.session.id, state.session.timeout) = (id, timeout)
                (state.session.state, state.session.since) = (.connected, .now)
            case .disconnected: (state.session.state, state.session.since) = (.disconnected, .now)
            case .watchesLost, .watch: break
            }
        }
    }

    /// Takes in what the follower of a zone's registry reports.
    package func take(_ update: RegistryUpdate, for origin: DomainName) {
        state.withLock { state in
            guard var zone = state.zones.removeValue(forKey: origin) else { return }
            defer { state.zones[origin] = zone }
            switch update {
            case .complete(let registry): zone.replace(with: registry)
            case .changed(let change): zone.apply(change)
            case .connected: zone.facts.outSince = nil
            case .disconnected(let instant): zone.facts.outSince = instant
            case .unusable(let report): zone.facts.rejected.insert(report)
            case .mended(let path, let reason): zone.facts.rejected.remove(path, reason)
            case .repaired(let differences): zone.facts.repairs += differences
            }
            zone.record.take(update, at: .now)
        }
    }

    /// Takes in which zones are served from now on.
    package func take(_ zones: ServedZones) {
        state.withLock { state in
            for served in zones.all {
                guard var zone = state.zones.removeValue(forKey: served.origin) else { continue }
                defer { state.zones[served.origin] = zone }
                let serial = served.zone?.authority.serial
                guard serial != zone.facts.serial || served.status != zone.facts.status else { continue }
                (zone.facts.serial, zone.facts.status) = (serial, served.status)
                (zone.facts.names, zone.facts.published) = (served.zone?.nameCount ?? 0, .now)
                let (changes, more) = zone.record.takeChanges(atMost: ZonePublication.mostServices)
                let publication = ZonePublication(zone: zone.facts, services: changes, more: more)
                for follower in state.followers.values { follower.yield(publication) }
            }
        }
    }

    /// Takes in that changes of a zone are published, given when the events came that reported them.
    package func settle(_ origin: DomainName, heard instants: [ContinuousClock.Instant]) {
        let now = ContinuousClock.now
        state.withLock { state in
            for instant in instants { state.zones[origin]?.facts.propagation.add(instant.duration(to: now)) }
        }
    }

    /// Takes in whether the settings were taken over when they were last read.
    package func noteReload(isSuccessful: Bool) { state.withLock { $0.hasReloadFailed = !isSuccessful } }

    /// The server has been asked to end: it is not ready any more.
    package func beginLameDuck() { state.withLock { $0.isLameDuck = true } }
}

extension StatusBoard.Zone {
    fileprivate mutating func replace(with registry: Registry) {
        facts.services = registry.services.count
        facts.providers = registry.services.values.reduce(0) { $0 + $1.registrations.count }
        facts.held = registry.services.values.reduce(0) { $0 + $1.held.count }
    }

    /// O(services of the change).
    fileprivate mutating func apply(_ change: RegistryChange) {
        guard record.isRead else { return }
        for (name, new) in change.services {
            let old = record.registry.services[name]
            facts.services += (new == nil ? 0 : 1) - (old == nil ? 0 : 1)
            facts.providers += (new?.registrations.count ?? 0) - (old?.registrations.count ?? 0)
            facts.held += (new?.held.count ?? 0) - (old?.held.count ?? 0)
        }
    }
}
