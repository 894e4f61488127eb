import ProviderRegistry
import ZooKeeperClient

// What follows events.

extension WatchState {
    /// Takes in what has happened.
    mutating func take(_ input: DiscoveryInput, at now: ContinuousClock.Instant) {
        switch input {
        case .session(.connected(_, let timeout, let isNew)):
            reach.connected(timeout: timeout)
            requests.connected(limit: timeout)
            if isNew || !isReadWhole { readingPace.want(at: now) }
            if isNew { startSession(at: now) }
            ask(.listServices, at: now)
            // All else waits for the root's list, and the reason to refuse it may be over.
            pacing.hasten(.listServices, to: now + .seconds(1))
        case .session(.disconnected):
            // First, while the requests still count as under way: connections that all end early would hide that nothing is answered.
            loseOverdue(at: now)
            leaveReach(since: now)
            reach.isConnected = false
        case .session(.watchesLost):
            readingPace.want(at: now)
            watchAgain()
        case .session(.watch(let path)): watchFired(path, at: now)
        case .refused: break
        case .configured(let settings):
            self.settings = settings
            dataWatches.share(among: settings.zones)
            nextReconcile = nextReconcile.map { min($0, now + settings.reconcile) }
        case .restored(let registry, let instant): restore(registry, asOf: instant)
        case .answer(let answer, let request, let generation):
            guard generation == self.generation else { return }
            queue.answered(request)
            take(answer, to: request, at: now)
        }
    }

    /// Begins a session, in which no watch is left and no request: all that is known has to be proved again.
    private mutating func startSession(at now: ContinuousClock.Instant) {
        generation += 1
        queue.clear()
        unprompted = []
        heard = [:]
        dataWatches = DataWatches(zones: settings.zones)
        leftWatches = LeftWatches()
        nextReconcile = now + settings.reconcile
        nextReread = now + .seconds(1)
        proveAgain(.everything)
    }

    /// Has every znode watched that was watched; what was read stays until it is different.
    private mutating func watchAgain() {
        for (name, instance) in dataWatches.all { queue.addUnhurried(.read(name, instance: instance)) }
        proveAgain(.list)
    }

    /// Has the root listed, and each service after it, before they count as proved.
    private mutating func proveAgain(_ need: ServiceState.Need) {
        reach.isRead = false
        (unsettled, unsettledBranches) = ([], [])
        for branch in branches.keys {
            if layout.hasTail(branch) { forget(.awaitBranch(branch)) }
            branches[branch]?.isRead = false
            branches[branch]?.isAbsent = false
        }
        for (name, state) in services {
            services[name]?.need = state.awaited.isEmpty ? max(state.need, need) : .everything
            services[name]?.awaited = []
            if layout.hasServiceTail { forget(.awaitProviders(name)) }
            services[name]?.isAbsent = false
            services[name]?.arriving = []
            services[name]?.leaving = []
        }
    }

    private mutating func watchFired(_ path: String, at now: ContinuousClock.Instant) {
        switch layout.place(of: path) {
        case .root:
            hear(.listServices, at: now)
            if let name = layout.soleService { watchFired(of: name, at: now) }
        case .branch(let branch):
            guard branches[branch] != nil else { return }
            // The watch for its creation is used up.
            branches[branch]?.isAbsent = false
            hear(.listBranch(branch), at: now)
        case .service(let name): watchFired(of: name, at: now)
        case .provider(let name, let instance):
            guard isKnown(instance, in: name) else { return }
            queue.hasten(name)
            if !isPreferred(instance, in: name) { dataWatches.releaseReserved(instance, of: name) }
            hear(.read(name, instance: instance), at: now)
        case nil: break
        }
    }

    private mutating func watchFired(of name: ServiceName, at now: ContinuousClock.Instant) {
        guard services[name] != nil else { return }
        services[name]?.isAbsent = false
        queue.hasten(name)
        hear(.listProviders(name), at: now)
    }

    /// Asks for something that has happened, at once or when its path may be asked for again.
    mutating func ask(_ request: WatchRequest, at now: ContinuousClock.Instant) {
        unprompted.remove(request)
        if pacing.admits(request, length: length(of: request), at: now) { queue.add(request) }
    }

    /// Asks for something unless that has been asked for: ZooKeeper answers in order, so that the answer to come is new enough.
    mutating func askUnlessAsked(_ request: WatchRequest, at now: ContinuousClock.Instant) {
        if queue.isAsked(request) { unprompted.remove(request) } else { ask(request, at: now) }
    }

    /// Whether all has been read that was there when the session began.
    var isReadWhole: Bool { reach.isRead && unsettled.isEmpty && unsettledBranches.isEmpty }

    /// How many names an answer will bring, as far as can be known.
    private func length(of request: WatchRequest) -> Int {
        switch request {
        case .listServices: branches[.root]?.childCount ?? services.count
        case .listBranch(let branch): branches[branch]?.childCount ?? 0
        case .listProviders(let name): services[name]?.childCount ?? 0
        case .awaitRoot, .awaitBranch, .awaitProviders, .read: 0
        }
    }
}
