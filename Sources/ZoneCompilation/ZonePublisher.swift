import DNSAuthority
import IPAddressing
import Logging
import Handoff
import ProviderRegistry

/// Keeps the served zones in step with registries, resolved hosts and the state of the connection.
///
/// What comes in while zones are being compiled is taken in together afterwards, so bursts coalesce by themselves. Compiling goes in slices,
/// on a thread of its own: whatever registrants do, changes of other services, signals and the sessions with ZooKeeper wait for a slice
/// and for taking in what has changed.
package actor ZonePublisher {
    /// Something that may change the answers. Zones are told by their place among the origins.
    package enum Event: Sendable {
        /// A zone's registry has been read in full for the first time.
        case read(Registry, zone: Int)
        /// Some services of a zone are different.
        case changed(RegistryChange, zone: Int)
        /// The resolver knows something new of some hosts.
        case resolved([String: HostAddresses])
        /// A zone's registry is read over a connection to ZooKeeper, with this session timeout.
        case connected(sessionTimeout: Duration, zone: Int)
        /// There has been none for a zone since then.
        case disconnected(since: ContinuousClock.Instant, zone: Int)
    }

    /// Where the results go.
    package struct Outlets: Sendable {
        /// Takes the zones to serve from now on.
        package var publish: @Sendable (ServedZones) -> Void
        /// Takes what is different among the host names outside the zones that are to be resolved.
        package var follow: @Sendable (HostChange) -> Void

        package init(publish: @escaping @Sendable (ServedZones) -> Void, follow: @escaping @Sendable (HostChange) -> Void) {
            self.publish = publish
            self.follow = follow
        }
    }

    private let origins: [DomainName]
    private let outlets: Outlets
    private let now: @Sendable () -> UInt32
    private let logger: Logger
    private var compiler: ZoneCompiler
    /// How fresh each zone's registry is.
    private var freshness: [Freshness]
    /// What of each zone's registry is out of reach for itself.
    private var lost: [LostServices]
    private var served: ServedState
    /// When the freshness of the zones was last judged: what has changed since then is due.
    private var judgedAt = ContinuousClock.now
    private let mailbox = Mailbox<Event>()
    private let thread = ThreadExecutor()

    /// How long changes are compiled before what is done is handed out, unless one service takes longer: far less than people notice.
    private static let slice: Duration = .milliseconds(25)

    /// What was handed out last, as far as it tells whether to hand out again; at first none is ready.
    private struct ServedState: Equatable {
        var serials: [UInt32?]
        var statuses: [ZoneStatus]
    }

    /// `now` gives the seconds since 1970, from which serials start.
    package init(
        origins: [DomainName], policy: ZonePolicy, maximumStale: Duration?, seed: UInt64, outlets: Outlets,
        now: @escaping @Sendable () -> UInt32, logger: Logger
    ) {
        self.origins = origins
        self.outlets = outlets
        self.now = now
        self.logger = logger
        compiler = ZoneCompiler(origins: origins, policy: policy, seed: seed)
        freshness = origins.map { _ in Freshness(maximumStale: maximumStale) }
        lost = origins.map { _ in LostServices(maximumStale: maximumStale) }
        served = ServedState(serials: origins.map { _ in nil }, statuses: origins.map { _ in .notReady })
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Hands in an event, from anywhere; it takes effect soon.
    package nonisolated func send(_ event: Event) { mailbox.post(event) }
}

extension ZonePublisher {
    /// Takes events in and publishes zones until the task is cancelled. Throws if there is no thread to be had. Once only.
    package nonisolated func run() async throws(NoThread) {
        try thread.start()
        await work()
        thread.stop()
    }

    private func work() async {
        while let events = await nextEvents() {
            for event in events { take(event) }
            publish()
        }
    }

    /// Waits for events only once all changes are published; nil once the task is cancelled.
    private func nextEvents() async -> [Event]? {
        if compiler.isUpToDate { return await mailbox.next(before: nextStatusChange) }
        return Task.isCancelled ? nil : mailbox.take()
    }

    private var nextStatusChange: ContinuousClock.Instant? {
        (freshness.compactMap { $0.nextChange(after: judgedAt) } + lost.compactMap(\.deadline)).min()
    }

    private func take(_ event: Event) {
        switch event {
        case .read(let registry, let zone):
            compiler.replace(with: lost[zone].take(registry, at: .now), zone: zone)
            logger.info("registry read", metadata: ["zone": "\(origins[zone].text)", "services": "\(registry.services.count)"])
        case .changed(let change, let zone): compiler.apply(lost[zone].take(change, at: .now), zone: zone)
        case .resolved(let hosts): compiler.resolve(hosts)
        case .connected(let timeout, let zone): freshness[zone].connected(sessionTimeout: timeout)
        case .disconnected(let instant, let zone): freshness[zone].disconnected(since: instant)
        }
    }

    /// Compiles what has changed, as far as the time goes, and hands it out, if anything is different for clients.
    private func publish() {
        for zone in lost.indices { if let change = lost[zone].expire(at: .now) { compiler.apply(change, zone: zone) } }
        let end = ContinuousClock.now + Self.slice
        let zones = compiler.compile(while: { ContinuousClock.now < end }, serial: nextSerial)
        for report in compiler.takeReports() { log(report) }
        let hosts = compiler.takeHostChange()
        if !hosts.isEmpty { outlets.follow(hosts) }
        judgedAt = .now
        let statuses = zip(zones, freshness).map { $0 == nil ? ZoneStatus.notReady : $1.status(at: judgedAt) }
        let state = ServedState(serials: zones.map { $0?.authority.serial }, statuses: statuses)
        guard state != served else { return }
        for (index, status) in state.statuses.enumerated() where status != served.statuses[index] {
            log(status, after: served.statuses[index], zone: index)
        }
        served = state
        logger.debug("zones published", metadata: ["names": "\(zones.reduce(0) { $0 + ($1?.nameCount ?? 0) })"])
        outlets.publish(
            ServedZones(
                zones.indices.map { index in
                    zones[index].map { ServedZone($0, state.statuses[index]) } ?? ServedZone(notReady: origins[index])
                }))
    }

    /// Seconds since 1970, or the next number where that would not rise (RFC 1982 §3.1).
    private func nextSerial(after last: UInt32?) -> UInt32 {
        guard let last else { return now() }
        let isLater = Int32(bitPattern: now() &- last) > 0
        return isLater ? now() : last &+ 1
    }

    private func log(_ report: ZoneCompiler.Report) {
        switch report {
        case .unreachable(let service, let origin):
            logger.warning(
                "service name cannot be a domain name, or has too many labels",
                metadata: ["service": "\(service.text.debugDescription)", "zone": "\(origin.text)"])
        case .unnamed(let instance, let owner):
            logger.warning(
                "provider has no instance name and is left out of srv",
                metadata: ["instance": "\(instance.text.debugDescription)", "service": "\(owner.text)"])
        case .oversized(let owner, let leftOut):
            logger.error(
                "service is too large: its youngest providers are left out",
                metadata: ["service": "\(owner.text)", "providers": "\(leftOut)"])
        case .limited(let owner, let records):
            logger.warning(
                "service has more than an answer may have: the same ones are left out everywhere",
                metadata: ["service": "\(owner.text)", "records": "\(records)", "option": "--max-answers"])
        case .more(let count): logger.warning("more services and providers cannot be served", metadata: ["count": "\(count)"])
        }
    }

    private func log(_ status: ZoneStatus, after last: ZoneStatus, zone: Int) {
        let metadata: Logger.Metadata = ["zone": "\(origins[zone].text)"]
        switch status {
        case .notReady: break
        case .current: if last != .notReady { logger.info("answers are current again", metadata: metadata) }
        case .stale: logger.warning("answers are stale: zookeeper is out of reach", metadata: metadata)
        case .expired: logger.error("answers are too old: zookeeper has been out of reach for too long", metadata: metadata)
        }
    }
}
