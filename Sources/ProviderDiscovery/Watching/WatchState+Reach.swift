import ProviderRegistry

// What is within reach: the registry as a whole, and each service for itself.

extension WatchState {
    /// The root's list has been answered.
    mutating func proveRoot() {
        reach.isProved = true
        settleIfDone()
    }

    /// Takes in that the registry is out of reach; an outage that is known keeps its beginning.
    mutating func leaveReach(since instant: ContinuousClock.Instant) {
        reach.isProved = false
        reach.isWithin = false
        guard reach.outSince == nil else { return }
        reach.outSince = instant
        output.reach = false
    }

    /// Takes in that a service need not be waited for any more.
    mutating func settle(_ name: ServiceName) {
        unsettled.remove(name)
        settleIfDone()
    }

    /// The registry is within reach when its root is proved and no service or branch is still to be read for the first time in a session.
    private var isSettled: Bool { reach.isConnected && reach.isProved && isReadWhole }

    /// Takes in that the registry is within reach if nothing is still to come.
    mutating func settleIfDone() {
        guard !reach.isWithin, isSettled else { return }
        reach.isWithin = true
        reach.outSince = nil
        output.reach = true
        for place in reported.keys where !isKnown(place) { forgetReport(of: place) }
        guard !reach.isComplete else { return }
        reach.isComplete = true
        output.isNewlyComplete = true
    }

    /// Takes in that a service is out of reach for itself since then, until `request` is answered, if there is one.
    mutating func lose(_ name: ServiceName, for request: WatchRequest?, since instant: ContinuousClock.Instant) {
        if let request { services[name]?.standing.insert(request) }
        guard let state = services[name] else { return }
        if state.service.reach == .current {
            // A service that this session has not answered for has been out of reach as long as the registry.
            let since = state.isProved ? instant : min(instant, reach.outSince ?? instant)
            services[name]?.service.reach = state.isPartOfRegistry ? .lost(since: since) : .unknown
            services[name]?.isPartOfRegistry = true
            putOut(name)
            output.lost.append(name)
        }
        settle(name)
    }

    /// Takes in that something about a service has been answered, with which it may have been read whole.
    mutating func regainIfProved(_ name: ServiceName, at now: ContinuousClock.Instant) {
        guard services[name]?.isProved == true else { return }
        if services[name]?.hasChanged == true {
            services[name]?.hasChanged = false
            putOut(name)
        }
        guard leavesOutRefused(name, at: now) else { return }
        guard let state = services[name], state.standing.isEmpty else { return }
        if state.service.reach != .current {
            services[name]?.service.reach = .current
            putOut(name)
            output.regained += 1
        } else if !state.isPartOfRegistry {
            services[name]?.isPartOfRegistry = true
            putOut(name)
        }
        settle(name)
    }

    /// Leaves out providers that may not be read, if their service has others. False if it has no other: then the service is out of reach.
    private mutating func leavesOutRefused(_ name: ServiceName, at now: ContinuousClock.Instant) -> Bool {
        guard let state = services[name], !state.refused.isEmpty || !state.neverRead.isEmpty else { return true }
        guard state.refused.count < state.service.registrations.count else {
            lose(name, for: nil, since: now)
            return false
        }
        guard !state.refused.isEmpty else { return true }
        for instance in state.refused where services[name]?.set(instance, to: .other, version: ServiceState.unread) == true {
            putOut(name)
        }
        services[name]?.neverRead.formUnion(state.refused)
        services[name]?.refused = []
        return true
    }

    /// Finds what has stood without an answer for longer than the session timeout.
    mutating func loseOverdue(at now: ContinuousClock.Instant) {
        let overdue = requests.takeOverdue(at: now)
        for (request, since) in overdue {
            switch request {
            case .listServices: leaveReach(since: since)
            case .awaitRoot, .awaitBranch, .awaitProviders: break
            case .listBranch(let branch):
                report(.branch(branch), "no answer", [], version: -1)
                lose(branch, since: since)
            case .listProviders(let name): lose(name, for: request, since: since)
            case .read(let name, let instance):
                if services[name]?.service.registrations[instance] != nil {
                    lose(name, for: request, since: since)
                } else {
                    report(.provider(name, instance: instance), "no answer", [], version: -1)
                }
                arrived(instance, in: name)
                regainIfProved(name, at: now)
            }
        }
        // ZooKeeper answers in order: the root's list may have no answer either.
        if overdue.contains(where: { $0.request != .listServices }) { ask(.listServices, at: now) }
    }
}

/// Whether the registry as a whole is within reach: its root's list, asked for over this connection, has been answered, and all of a new
/// session has been read.
struct RootReach {
    /// Whether there is a connection, which proves nothing.
    var isConnected = false
    /// The timeout of the session.
    private(set) var sessionTimeout: Duration = .zero
    /// Whether the root's list has been answered over this connection, and not been refused or withheld since.
    var isProved = false
    /// Whether the root's list has been answered over this connection, or refused. Until then nothing else is asked for: an answer that never
    /// comes would keep the root's answer from coming.
    var isAnswered = false
    /// Whether the root's list has been answered in this session.
    var isRead = false
    /// Whether the registry has been read whole once.
    var isComplete = false
    /// Whether the registry is within reach.
    var isWithin = false
    /// Since when the registry has been out of reach; nil while it is within, and before it first was.
    var outSince: ContinuousClock.Instant?

    /// There is a connection.
    mutating func connected(timeout: Duration) {
        isConnected = true
        isProved = false
        isAnswered = false
        sessionTimeout = timeout
    }
}
