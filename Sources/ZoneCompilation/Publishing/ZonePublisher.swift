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
    /// Something that may change the answers.
    private enum Event: Sendable {
        /// What the follower of a zone's registry reports.
        case registry(RegistryUpdate, origin: DomainName)
        /// The resolver knows something new of some hosts.
        case resolved([String: HostAddresses])
        /// The operator has decided otherwise on the zones, given by their origins, on addresses' names, and on the catalog.
        case policies([DomainName: ZonePolicy], ReversePolicy, VersionPolicy, catalog: DomainName?)
    }

    /// Where the results go.
    package struct Outlets: Sendable {
        /// Takes the zones to serve from now on.
        package var publish: @Sendable (ServedZones) -> Void
        /// Takes what is different among the host names outside the zones that are to be resolved.
        package var follow: @Sendable (HostChange) -> Void
        /// Takes when the events came that reported changes of a zone, once these are published.
        package var settle: @Sendable (DomainName, [ContinuousClock.Instant]) -> Void = { _, _ in }

        package init(publish: @escaping @Sendable (ServedZones) -> Void, follow: @escaping @Sendable (HostChange) -> Void) {
            self.publish = publish
            self.follow = follow
        }
    }

    /// How far what is known of a zone's registry can be relied on.
    private struct Reliance {
        var freshness: Freshness
        /// The services that are out of reach, each for itself.
        var lost: LostServices
    }

    private var origins: [DomainName]
    /// The origins of zones of addresses' names.
    private var reverseOrigins: [DomainName]
    private let outlets: Outlets
    private var serials: SerialSequence
    private let logger: Logger
    private var compiler: ZoneCompiler
    /// The catalog of the zones; nil for none.
    private var catalog: CatalogCompiler?
    private let seed: UInt64
    /// Of each zone, by its origin.
    private var reliances: [DomainName: Reliance]
    private var served: [DomainName: ServedState]
    /// When the events came that reported changes which have not all been published.
    private var heard: [DomainName: [ContinuousClock.Instant]] = [:]
    /// When the freshness of the zones was last judged: what has changed since then is due.
    private var judgedAt = ContinuousClock.now
    /// When zones were last compiled: versions that were too early then are due.
    private var compiledAt = ContinuousClock.now
    private let mailbox = Mailbox<Event>()
    private let thread = ThreadExecutor()

    /// How long changes are compiled before what is done is handed out, unless one service takes longer: far less than people notice.
    private static let slice: Duration = .milliseconds(25)
    /// Events of a zone's changes that wait for their publication: further ones are not measured.
    private static let mostHeard = 10_000

    /// What was handed out last of a zone, as far as it tells whether to hand out again.
    private struct ServedState: Equatable {
        /// Nil for a zone that is not ready.
        let zone: Zone?
        let status: ZoneStatus

        static func == (one: ServedState, other: ServedState) -> Bool { one.zone === other.zone && one.status == other.status }
    }

    /// Zones by their origins, those of addresses' names, and the origin of their catalog. `ticks` gives `SerialSequence.ticks`, from which
    /// serials start.
    package init(
        policies: [DomainName: ZonePolicy], reverse: ReversePolicy = .none, versions: VersionPolicy = VersionPolicy(),
        catalog: DomainName? = nil, seed: UInt64, outlets: Outlets, ticks: @escaping @Sendable () -> UInt32, logger: Logger
    ) {
        origins = Array(policies.keys)
        reverseOrigins = reverse.prefixes.map(\.origin)
        self.outlets = outlets
        serials = SerialSequence(versions, ticks: ticks)
        self.logger = logger
        self.seed = seed
        self.catalog = catalog.map { CatalogCompiler(origin: $0, seed: seed) }
        compiler = ZoneCompiler(policies: policies, reverse: reverse, seed: seed)
        reliances = policies.mapValues(Self.reliance)
        let unread = (origins + reverseOrigins).map { ($0, ServedState(zone: nil, status: .notReady)) }
        served = Dictionary(unread) { first, _ in first }
    }

    private static func reliance(_ policy: ZonePolicy) -> Reliance {
        Reliance(freshness: Freshness(maximumStale: policy.maximumStale), lost: LostServices(maximumStale: policy.maximumStale))
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Hands in what the follower of a zone's registry reports, from any thread; it takes effect soon.
    package nonisolated func send(_ update: RegistryUpdate, for origin: DomainName) { mailbox.post(.registry(update, origin: origin)) }

    /// Has these zones served from now on, by their origins, those of addresses' names, their catalog, and no others; from any thread. It takes
    /// effect soon.
    package nonisolated func serve(
        _ policies: [DomainName: ZonePolicy], reverse: ReversePolicy = .none, versions: VersionPolicy = VersionPolicy(),
        catalog: DomainName? = nil
    ) {
        mailbox.post(.policies(policies, reverse, versions, catalog: catalog))
    }

    /// Hands in what the resolver knows of some hosts, from any thread; it takes effect soon.
    package nonisolated func resolve(_ hosts: [String: HostAddresses]) { mailbox.post(.resolved(hosts)) }
}

extension ZonePublisher {
    /// Takes events in and publishes zones until the task is cancelled. Throws if there is no thread to be had. Once only.
    package nonisolated func run() async throws(NoThread) {
        try thread.start()
        await work()
        thread.stop()
    }

    /// Returns once the zones' thread has done all that was due at the call.
    package func goRound() {}

    private func work() async {
        while let events = await nextEvents() {
            for event in events { take(event) }
            publish()
            guard compiler.isUpToDate, !heard.isEmpty else { continue }
            for (origin, instants) in heard { outlets.settle(origin, instants) }
            heard = [:]
        }
    }

    /// Waits for events only once all changes are published; nil once the task is cancelled.
    private func nextEvents() async -> [Event]? {
        if compiler.isUpToDate { return await mailbox.next(before: nextStatusChange) }
        return Task.isCancelled ? nil : mailbox.take()
    }

    private var nextStatusChange: ContinuousClock.Instant? {
        let instants = reliances.values.flatMap { [$0.freshness.nextChange(after: judgedAt), $0.lost.deadline] }
        let version = compiler.isBehind || catalog?.isBehind == true ? serials.nextVersion(after: compiledAt) : nil
        return (instants + [version]).compactMap(\.self).min()
    }

    private func take(_ event: Event) {
        switch event {
        case .registry(let update, let origin): take(update, origin)
        case .resolved(let hosts): compiler.resolve(hosts)
        case .policies(let policies, let reverse, let versions, let catalog):
            serials.follow(versions, at: .now)
            take(policies, reverse)
            if catalog != self.catalog?.origin { self.catalog = catalog.map { CatalogCompiler(origin: $0, seed: seed) } }
        }
    }

    private func take(_ policies: [DomainName: ZonePolicy], _ reverse: ReversePolicy) {
        compiler.serve(policies, reverse: reverse)
        origins = Array(policies.keys)
        reverseOrigins = reverse.prefixes.map(\.origin)
        reliances = reliances.filter { policies[$0.key] != nil }
        for (origin, policy) in policies {
            reliances[origin, default: Self.reliance(policy)].freshness.maximumStale = policy.maximumStale
            reliances[origin]?.lost.maximumStale = policy.maximumStale
        }
    }

    private func take(_ update: RegistryUpdate, _ origin: DomainName) {
        switch update {
        case .complete(let registry):
            if let worth = reliances[origin]?.lost.take(registry, at: .now) { compiler.replace(with: worth, for: origin) }
            logger.info("registry read", metadata: ["zone": "\(origin.text)", "services": "\(registry.services.count)"])
        case .changed(let change):
            if !change.heard.isEmpty {
                let room = Self.mostHeard - (heard[origin]?.count ?? 0)
                heard[origin, default: []] += change.heard.values.prefix(room)
            }
            if let worth = reliances[origin]?.lost.take(change, at: .now) { compiler.apply(worth, to: origin) }
        case .connected(let timeout): reliances[origin]?.freshness.connected(sessionTimeout: timeout)
        case .disconnected(let instant): reliances[origin]?.freshness.disconnected(since: instant)
        // Its follower has logged it.
        case .unusable, .mended, .repaired: break
        }
    }

    /// Compiles what has changed, as far as the time goes, and hands it out, if anything is different for clients.
    private func publish() {
        for origin in origins { if let change = reliances[origin]?.lost.expire(at: .now) { compiler.apply(change, to: origin) } }
        let start = ContinuousClock.now
        let numbering = VersionNumbering(journal: serials.policy.journal, serial: serials.numbers(at: start))
        var zones = compiler.compile(numbering) { ContinuousClock.now < start + Self.slice }
        catalog?.list(origins + reverseOrigins, numbering)
        if let catalog { zones[catalog.origin] = catalog.zone }
        for (origin, zone) in zones {
            let last = served[origin]?.zone?.authority.serial
            if last != zone.authority.serial { serials.note(zone.authority.serial, at: start) }
        }
        compiledAt = start
        for report in compiler.takeReports() { log(report) }
        let hosts = compiler.takeHostChange()
        if !hosts.isEmpty { outlets.follow(hosts) }
        judgedAt = .now
        var state: [DomainName: ServedState] = [:]
        for origin in origins {
            let status = zones[origin] == nil ? .notReady : reliances[origin]?.freshness.status(at: judgedAt) ?? .current
            state[origin] = ServedState(zone: zones[origin], status: status)
        }
        // Each may name providers of any zone that has been read.
        let worst = state.values.map(\.status).filter { $0 != .notReady }.max { $0.severity < $1.severity } ?? .notReady
        for origin in reverseOrigins {
            let status = zones[origin] == nil ? .notReady : worst
            state[origin] = ServedState(zone: zones[origin], status: status)
        }
        if let catalog, let zone = catalog.zone { state[catalog.origin] = ServedState(zone: zone, status: .current) }
        guard state != served else { return }
        for origin in origins { log(state[origin]?.status ?? .notReady, after: served[origin]?.status ?? .notReady, origin) }
        served = state
        logger.debug("zones published", metadata: ["names": "\(zones.values.reduce(0) { $0 + $1.nameCount })"])
        let plain = (origins + [catalog?.origin].compactMap(\.self)).map { serving(zones, $0) }
        outlets.publish(ServedZones(plain + reverseOrigins.map { serving(zones, $0, isPartial: true) }))
    }

    /// A zone as it is served. `isPartial`: other servers know further names of it.
    private func serving(_ zones: [DomainName: Zone], _ origin: DomainName, isPartial: Bool = false) -> ServedZone {
        guard let zone = zones[origin], let state = served[origin] else { return ServedZone(notReady: origin) }
        return ServedZone(zone, state.status, isPartial: isPartial, history: compiler.history(of: origin))
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
        case .omitted(let detail, let owner):
            logger.warning(
                "provider says something that no name or record can have",
                metadata: ["instance": "\(detail.instance.text.debugDescription)", "service": "\(owner.text)", "detail": "\(detail.text)"])
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

    private func log(_ status: ZoneStatus, after last: ZoneStatus, _ origin: DomainName) {
        guard status != last else { return }
        let metadata: Logger.Metadata = ["zone": "\(origin.text)"]
        switch status {
        case .notReady: break
        case .current: if last != .notReady { logger.info("answers are current again", metadata: metadata) }
        case .stale: logger.warning("answers are stale: zookeeper is out of reach", metadata: metadata)
        case .expired: logger.error("answers are too old: zookeeper has been out of reach for too long", metadata: metadata)
        }
    }
}

extension ZoneStatus {
    /// How little an answer from such a zone is worth.
    fileprivate var severity: Int {
        switch self {
        case .current: 0
        case .stale: 1
        case .expired: 2
        case .notReady: 3
        }
    }
}
