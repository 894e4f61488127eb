import Logging
import Handoff
import ProviderRegistry
import ZooKeeperClient

/// Follows one registry: reads its znodes, re-arms their watches and delivers what is different.
///
/// Decisions are `WatchState`'s and `RegistryFeed`'s; this sends their requests and passes on what they say. It takes all that has come in at
/// once, so bursts coalesce by themselves.
package actor ProviderWatcher {
    private let client: Client
    private let layout: RegistryLayout
    private let logger: Logger
    private let deliver: @Sendable (RegistryUpdate) -> Void
    private let mailbox = Mailbox<WatchInput>()
    private var state: WatchState
    private var feed: RegistryFeed

    /// Follows the registry at `layout` of a client that has not begun to run; `deliver` is called in order.
    package init(
        client: Client, layout: RegistryLayout, settings: WatchSettings, logger: Logger,
        deliver: @escaping @Sendable (RegistryUpdate) -> Void
    ) {
        self.client = client
        self.layout = layout
        self.logger = logger
        self.deliver = deliver
        state = WatchState(layout: layout, settings: settings)
        feed = RegistryFeed(settings: settings)
        client.observe { [mailbox] in mailbox.post(.session($0)) }
    }

    /// Follows the registry until the task is cancelled.
    package func run() async {
        while let inputs = await mailbox.next(before: [state.nextDeadline, feed.deadline(of: state)].compactMap(\.self).min()) {
            let now = ContinuousClock.now
            for input in inputs { take(input, at: now) }
            state.tick(at: now)
            for (request, watchesData) in state.takeRequests(at: now) { send(request, watchesData: watchesData) }
            publish(state.takeOutput(), at: now)
        }
    }

    /// Takes in that the host of a provider refuses its port: if it is held, it goes. From anywhere.
    package nonisolated func takeRefusal(_ offer: Provider.Offer, of name: ServiceName) { mailbox.post(.refused(offer, of: name)) }

    private func take(_ input: WatchInput, at now: ContinuousClock.Instant) {
        if case .refused(let offer, let name) = input { feed.takeRefusal(offer, of: name) }
        state.take(input, at: now)
        if case .session(let event) = input { feed.take(event, at: now) }
    }

    /// Hands in what the registry was when it was last known to be right, from anywhere: it is served until the registry has been read.
    package nonisolated func restore(_ registry: Registry, asOf instant: ContinuousClock.Instant) {
        mailbox.post(.restored(registry, asOf: instant))
    }

    private func send(_ request: WatchRequest, watchesData: Bool) {
        let generation = state.generation
        let answer: @Sendable (WatchAnswer) -> Void = { [mailbox] in mailbox.post(.answer($0, to: request, generation: generation)) }
        switch request {
        case .listServices: client.list(layout.root, watch: true) { answer(WatchAnswer($0, WatchAnswer.names)) }
        case .listProviders(let name): client.list(layout.path(of: name), watch: true) { answer(WatchAnswer($0, WatchAnswer.names)) }
        case .awaitRoot: client.exists(layout.root, watch: true) { answer(WatchAnswer($0) { .exists($0 != nil) }) }
        case .read(let name, let instance):
            // One octet more than a document may have tells that there are too many.
            client.read(layout.path(of: instance, in: name), limit: ProviderDocument.longest + 1, watch: watchesData) {
                answer(WatchAnswer($0, WatchAnswer.content))
            }
        }
    }
}

extension ProviderWatcher {
    /// Logs what is to be reported and delivers what is different.
    private func publish(_ output: WatchState.Output, at now: ContinuousClock.Instant) {
        for report in output.reports { log(report) }
        if output.restored != nil {
            logger.warning(
                "no answer from zookeeper yet: serving what was kept, stale",
                metadata: ["path": "\(layout.root)", "services": "\(state.registry.services.count)"])
        }
        if output.repairs > 0 {
            logger.warning(
                "registry differed without a watch, repaired", metadata: ["path": "\(layout.root)", "differences": "\(output.repairs)"])
        }
        log(lost: output.lost, regained: output.regained)
        let (updates, notes) = feed.take(output, of: state, at: now)
        for note in notes { log(note) }
        for update in updates { deliver(update) }
    }

    private func log(_ note: RegistryFeed.Note) {
        switch note {
        case .massRemoval(let removal):
            logger.warning(
                "more than half of all providers vanished at once: holding them",
                metadata: ["path": "\(layout.root)", "vanished": "\(removal.missing)", "of": "\(removal.total)"])
        case .tooManyHeld:
            logger.warning("too many providers vanished: those held longest are let go early", metadata: ["path": "\(layout.root)"])
        case .refused(let first, let services):
            logger.info(
                "held providers whose hosts refuse them are let go",
                metadata: ["first": "\(layout.path(of: first).debugDescription)", "services": "\(services)"])
        case .holdDownOver(let early):
            logger.info("hold-down over", metadata: ["path": "\(layout.root)", "early": "\(early)"])
        }
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

    private func log(_ report: ZnodeReport) {
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
