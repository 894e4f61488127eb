import Handoff
import Logging
import ProviderRegistry
import ZooKeeperClient

/// Follows one registry: sends the requests that `DiscoveryState` decides on, and delivers what it reports.
///
/// All inputs that have come in are taken in together, so bursts coalesce by themselves.
package actor ProviderWatcher {
    private let client: Client
    private let layout: RegistryLayout
    private let logger: Logger
    private let deliver: @Sendable (RegistryUpdate) -> Void
    private let mailbox = Mailbox<DiscoveryInput>()
    private var state: DiscoveryState
    private let observation: Int

    /// Follows the registry at `layout` through a client; `deliver` is called in order.
    package init(
        client: Client, layout: RegistryLayout, settings: WatchSettings, logger: Logger,
        deliver: @escaping @Sendable (RegistryUpdate) -> Void
    ) {
        self.client = client
        self.layout = layout
        self.logger = logger
        self.deliver = deliver
        state = DiscoveryState(layout: layout, settings: settings)
        observation = client.observe { [mailbox] in mailbox.post(.session($0)) }
    }

    /// Follows the registry until the task is cancelled.
    package func run() async {
        while let inputs = await mailbox.next(before: state.deadline) {
            let now = ContinuousClock.now
            for input in inputs { state.take(input, at: now) }
            // Before what is sent now, which may watch such a path again. Whatever comes of it: a watch that stays costs a little memory.
            for path in state.takeUnwatched() { client.removeWatches(path) { _ in } }
            for (request, watchesData) in state.takeRequests(at: now) { send(request, watchesData: watchesData) }
            let output = state.takeOutput(at: now)
            for note in output.notes { log(note) }
            for update in output.updates {
                if case .unusable(let report) = update { log(report) }
                deliver(update)
            }
            // The C client gives answers one by one, and to be woken for each costs more than to take them in.
            if state.watch.queue.isBusy { try? await Task.sleep(for: Self.pause) }
        }
        client.stopObserving(observation)
    }

    /// How long answers are left to come in while hundreds are under way: ZooKeeper gives fewer in that time.
    private static let pause: Duration = .milliseconds(1)

    /// Takes in that the host of a provider refuses its port: if the provider is held, it goes. From anywhere.
    package nonisolated func takeRefusal(_ offer: Provider.Offer, of name: ServiceName) { mailbox.post(.refused(offer, of: name)) }

    /// Has the registry followed by other settings from now on. From anywhere.
    package nonisolated func configure(_ settings: WatchSettings) { mailbox.post(.configured(settings)) }

    /// Hands in a registry that an earlier program kept, with when it was last known to be right: it is served until the registry has been
    /// read. From anywhere.
    package nonisolated func restore(_ registry: Registry, asOf instant: ContinuousClock.Instant) {
        mailbox.post(.restored(registry, asOf: instant))
    }

    private func send(_ request: WatchRequest, watchesData: Bool) {
        let generation = state.watch.generation
        let answer: @Sendable (WatchAnswer) -> Void = { [mailbox] in mailbox.post(.answer($0, to: request, generation: generation)) }
        switch request {
        case .listServices:
            guard let name = layout.soleService else {
                return client.list(layout.root, watch: true) { answer(WatchAnswer($0, WatchAnswer.names)) }
            }
            // The root is the one service: all to know of services is whether it exists.
            client.exists(layout.root, watch: true) { answer(WatchAnswer($0) { $0 == nil ? .failed(.noNode) : .names([name.text]) }) }
        case .listBranch(let branch): client.list(layout.path(of: branch), watch: true) { answer(WatchAnswer($0, WatchAnswer.names)) }
        case .listProviders(let name): client.list(layout.path(of: name), watch: true) { answer(WatchAnswer($0, WatchAnswer.names)) }
        case .awaitRoot: awaitCreation(of: layout.root, answer)
        case .awaitBranch(let branch): awaitCreation(of: layout.path(of: branch), answer)
        case .awaitProviders(let name): awaitCreation(of: layout.path(of: name), answer)
        case .read(let name, let instance):
            // One octet more than a document may have shows that there are too many.
            client.read(layout.path(of: instance, in: name), limit: ProviderDocument.longest + 1, watch: watchesData) {
                answer(WatchAnswer($0, WatchAnswer.content))
            }
        }
    }

    private func awaitCreation(of path: String, _ answer: @escaping @Sendable (WatchAnswer) -> Void) {
        client.exists(path, watch: true) { answer(WatchAnswer($0) { .exists($0 != nil) }) }
    }
}

// MARK: The log

extension ProviderWatcher {
    private func log(_ note: DiscoveryState.Note) {
        let path: Logger.Metadata = ["path": "\(layout.root)"]
        switch note {
        case .restored(let services):
            warn("no answer from zookeeper yet: serving what was kept, stale", path, ["services": "\(services)"])
        case .repaired(let differences): warn("registry differed without a watch, repaired", path, ["differences": "\(differences)"])
        case .lost(let first, let services):
            warn("services are out of reach for themselves, their answers stale", count(first, services))
        case .regained(let services):
            logger.info("services are within reach again", metadata: path.merging(["services": "\(services)"]) { $1 })
        case .massRemoval(let removal):
            warn(
                "more than half of all providers vanished at once: holding them", path,
                ["vanished": "\(removal.missing)", "of": "\(removal.total)"])
        case .tooManyHeld: warn("too many providers vanished: those held longest are let go early", path)
        case .refused(let first, let services):
            logger.info("held providers whose hosts refuse them are let go", metadata: count(first, services))
        case .holdDownOver(let early): logger.info("hold-down over", metadata: path.merging(["early": "\(early)"]) { $1 })
        }
    }

    private func warn(_ message: Logger.Message, _ metadata: Logger.Metadata, _ more: Logger.Metadata = [:]) {
        logger.warning(message, metadata: metadata.merging(more) { $1 })
    }

    private func count(_ first: ServiceName, _ services: Int) -> Logger.Metadata {
        ["first": "\(layout.path(of: first).debugDescription)", "services": "\(services)"]
    }

    private func log(_ report: ZnodeReport) {
        var metadata: Logger.Metadata = ["path": "\(report.path.debugDescription)", "reason": "\(report.reason)"]
        if !report.excerpt.isEmpty { metadata["excerpt"] = "\(report.excerpt)" }
        warn("znode cannot be used as it is", metadata)
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

/// What an operator decides about following a registry.
package struct WatchSettings: Hashable, Sendable {
    /// How often everything is listed again in case a watch was lost.
    package var reconcile: Duration
    /// For how long after an outage vanished providers are kept; zero for not at all.
    package var holdDown: Duration
    /// Whether they are kept, too, when more than half of all vanish at once.
    package var guardsMassRemoval: Bool
    /// How many registries are watched over the same session: they share the watches that it can have.
    package var zones: Int

    package init(reconcile: Duration = .seconds(60), holdDown: Duration = .seconds(120), guardsMassRemoval: Bool = true, zones: Int = 1) {
        self.zones = zones
        self.reconcile = reconcile
        self.holdDown = holdDown
        self.guardsMassRemoval = guardsMassRemoval
    }
}
