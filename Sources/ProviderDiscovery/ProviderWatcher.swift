import Logging
import Handoff
import ProviderRegistry
import ZooKeeperClient

/// Follows one registry: reads its znodes, re-arms their watches and tells what is different.
///
/// Decisions are `WatchState`'s and `HoldDown`'s; this sends their requests and passes on what they say. It takes all that has come in at
/// once, so bursts coalesce by themselves.
package actor ProviderWatcher {
    private let session: Session
    private let layout: RegistryLayout
    private let logger: Logger
    private let deliver: @Sendable (WatchUpdate) -> Void
    private let mailbox = Mailbox<WatchInput>()
    private var state: WatchState
    private var holdDown: HoldDown
    private var pace = ChangePace()
    /// What was read last, without what is held; nil before the first complete read.
    private var known: Registry?
    /// Providers that were taken back, until the hold-down has taken in what became of their services.
    private var withdrawn: [ServiceName: Set<InstanceName>] = [:]
    /// Services of which held providers were let go because their hosts refuse them.
    private var refused: Set<ServiceName> = []

    /// Follows the registry at `layout` over a session that has not begun to run; `deliver` is called in order.
    package init(
        session: Session, layout: RegistryLayout, settings: WatchSettings, logger: Logger,
        deliver: @escaping @Sendable (WatchUpdate) -> Void
    ) {
        self.session = session
        self.layout = layout
        self.logger = logger
        self.deliver = deliver
        state = WatchState(layout: layout, settings: settings)
        holdDown = HoldDown(duration: settings.holdDown, guardsMassRemoval: settings.guardsMassRemoval)
        session.observe { [mailbox] in mailbox.post(.session($0)) }
    }

    /// Follows the registry until the task is cancelled.
    package func run() async {
        while let inputs = await mailbox.next(
            before: ([state.nextDeadline, pace.deadline] + (state.reach.isWithin ? [holdDown.deadline] : [])).compactMap(\.self).min())
        {
            let now = ContinuousClock.now
            for input in inputs { take(input, at: now) }
            state.tick(at: now)
            for (request, watchesData) in state.takeRequests(at: now) { send(request, watchesData: watchesData) }
            tell(state.takeOutput(), at: now)
        }
    }

    /// Takes in that the host of a provider refuses its port: if it is held, it goes. From anywhere.
    package nonisolated func takeRefusal(_ offer: Provider.Offer, of name: ServiceName) { mailbox.post(.refused(offer, of: name)) }

    private func take(_ input: WatchInput, at now: ContinuousClock.Instant) {
        if case .refused(let offer, let name) = input, holdDown.letGo(offer, of: name) { refused.insert(name) }
        state.take(input, at: now)
        // Otherwise outages begin and end with the registry's reach: a connect proves nothing.
        if case .session(.connected(_, let timeout, isNew: true)) = input {
            holdDown.take(.connected(timeout: timeout, isNew: true), at: now)
        }
    }

    private func send(_ request: WatchRequest, watchesData: Bool) {
        let generation = state.generation
        let answer: @Sendable (WatchAnswer) -> Void = { [mailbox] in mailbox.post(.answer($0, to: request, generation: generation)) }
        switch request {
        case .listServices: session.list(layout.root, watch: true) { answer(WatchAnswer($0, WatchAnswer.names)) }
        case .listProviders(let name): session.list(layout.path(of: name), watch: true) { answer(WatchAnswer($0, WatchAnswer.names)) }
        case .awaitRoot: session.exists(layout.root, watch: true) { answer(WatchAnswer($0) { .exists($0 != nil) }) }
        case .read(let name, let instance):
            // One octet more than a document may have tells that there are too many.
            session.read(layout.path(of: instance, in: name), limit: ProviderDocument.longest + 1, watch: watchesData) {
                answer(WatchAnswer($0, WatchAnswer.content))
            }
        }
    }
}

extension ProviderWatcher {
    /// Logs what is to be reported and delivers what is different.
    private func tell(_ output: WatchState.Output, at now: ContinuousClock.Instant) {
        for report in output.reports { log(report) }
        if output.repairs > 0 {
            logger.warning(
                "registry differed without a watch, repaired", metadata: ["path": "\(layout.root)", "differences": "\(output.repairs)"])
        }
        // Before what has changed meanwhile: only now it is known what has vanished in an outage, which may have been one of the root alone.
        if output.reach == true { holdDown.take(.connected(timeout: state.reach.sessionTimeout, isNew: false), at: now) }
        if output.isNewlyComplete {
            let registry = state.registry
            holdDown.begin(with: registry, at: now)
            known = registry
            deliver(.complete(registry))
        } else if known != nil {
            withdrawn.merge(output.withdrawn) { $0.union($1) }
            let due = pace.take(output.changed, releasesAll: output.reach == true, at: now) {
                (state.service($0)?.registrations.count ?? 0) + holdDown.heldCount(of: $0)
            }
            tellChange(of: due, at: now)
        }
        log(lost: output.lost, regained: output.regained)
        tell(isWithinReach: output.reach, at: now)
        // Not before it is known what has returned.
        guard let known, state.reach.isWithin else { return }
        let affected = Set(holdDown.expire(at: now, known)).union(takeRefused())
        if holdDown.takeExcess() {
            logger.warning("too many providers vanished: those held longest are let go early", metadata: ["path": "\(layout.root)"])
        }
        guard !affected.isEmpty else { return }
        if let early = holdDown.takeEnd() {
            logger.info("hold-down over", metadata: ["path": "\(layout.root)", "early": "\(early)"])
        }
        let services = affected.map { ($0, holdDown.served($0, known.services[$0])) }
        deliver(.changed(RegistryChange(services: Dictionary(uniqueKeysWithValues: services))))
    }

    /// The services of which held providers were let go because their hosts refuse them; taken once.
    private func takeRefused() -> Set<ServiceName> {
        defer { refused = [] }
        if let first = refused.min() {
            logger.info(
                "held providers whose hosts refuse them are let go",
                metadata: ["first": "\(layout.path(of: first).debugDescription)", "services": "\(refused.count)"])
        }
        return refused
    }

    /// Tells whether the registry is within reach, if that is different.
    private func tell(isWithinReach: Bool?, at now: ContinuousClock.Instant) {
        switch isWithinReach {
        case true?:
            holdDown.readAnew(at: now)
            deliver(.connected(sessionTimeout: state.reach.sessionTimeout))
        case false?:
            holdDown.take(.disconnected, at: now)
            if let instant = state.reach.outSince { deliver(.disconnected(since: instant)) }
        case nil: break
        }
    }

    private func tellChange(of due: Set<ServiceName>, at now: ContinuousClock.Instant) {
        guard !due.isEmpty else { return }
        var change = RegistryChange()
        for name in take(due, at: now) {
            // What the hold-down has not taken in yet waits for its turn.
            let service = due.contains(name) ? state.service(name) : known?.services[name]
            change.services[name] = .some(holdDown.served(name, service))
            known?.services[name] = service
        }
        deliver(.changed(change))
    }

    /// Has the hold-down take in what became of some services; these, or with them all that are now held at once, are to be served anew.
    private func take(_ names: Set<ServiceName>, at now: ContinuousClock.Instant) -> Set<ServiceName> {
        for name in names {
            holdDown.take(
                name, from: known?.services[name], to: state.service(name), withdrawn: withdrawn.removeValue(forKey: name) ?? [], at: now)
        }
        guard let removal = holdDown.findMassRemoval(at: now) else { return names }
        logger.warning(
            "more than half of all providers vanished at once: holding them",
            metadata: ["path": "\(layout.root)", "vanished": "\(removal.missing)", "of": "\(removal.total)"])
        return names.union(holdDown.services)
    }

    /// Logs what has become of services for themselves, one line for all at once.
    private func log(lost: [ServiceName], regained: Int) {
        if let first = lost.first {
            logger.warning(
                "services are out of reach for themselves, their answers stale",
                metadata: ["first": "\(layout.path(of: first).debugDescription)", "services": "\(lost.count)"])
        }
        if regained > 0 {
            logger.info("services are within reach again", metadata: ["path": "\(layout.root)", "services": "\(regained)"])
        }
    }

    private func log(_ report: WatchReport) {
        deliver(.unusable(report))
        var metadata: Logger.Metadata = ["path": "\(report.path.debugDescription)", "reason": "\(report.reason)"]
        if !report.excerpt.isEmpty { metadata["excerpt"] = "\(report.excerpt)" }
        logger.warning("znode cannot be used as it is", metadata: metadata)
    }
}

extension WatchAnswer {
    /// An answer from what came back.
    init<Value>(_ result: Result<Value, ZooKeeperError>, _ success: (Value) -> WatchAnswer) {
        switch result {
        case .success(let value): self = success(value)
        case .failure(let error): self = .failed(error)
        }
    }
}
