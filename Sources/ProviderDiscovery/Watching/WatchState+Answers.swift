import ProviderRegistry
import ZooKeeperClient

// What answers make of the registry.

extension WatchState {
    /// Takes in an answer of this session.
    mutating func take(_ answer: WatchAnswer, to request: WatchRequest, at now: ContinuousClock.Instant) {
        hearing = heard.removeValue(forKey: request)
        defer { hearing = nil }
        let error: ZooKeeperError? = if case .failed(let error) = answer { error } else { nil }
        if error?.isPassing != true { requests.hear(at: now) }
        if let error, error.isPassing || error.isTransient {
            guard isWanted(request) else { return forget(request) }
            requests.fail(request)
            passOn(to: request)
            // A connection that is lost now and then is no reason to wait.
            pacing.failed(request, isForgiven: error.isPassing, at: now)
            return ask(request, at: now)
        }
        requests.answer(request)
        if request == .listServices { reach.isAnswered = true }
        if let error, error != .noNode { return refused(request, error, at: now) }
        apply(answer, to: request, at: now)
        if case .read(let name, _) = request { regainIfProved(name, at: now) }
    }

    /// Takes in what there is at a path, or that there is nothing.
    private mutating func apply(_ answer: WatchAnswer, to request: WatchRequest, at now: ContinuousClock.Instant) {
        switch (request, answer) {
        case (.listServices, .names(let names)): listed(names, below: .root, at: now)
        case (.listServices, .failed(.noNode)):
            listed([], below: .root, at: now)
            queue.add(.awaitRoot)
        case (.awaitRoot, .exists(true)): ask(.listServices, at: now)
        case (.listBranch(let branch), .names(let names)):
            if branches[branch]?.isAbsent == true, queue.contains(.awaitBranch(branch)) { unprompted.remove(request) }
            branches[branch]?.isAbsent = false
            listed(names, below: branch, at: now)
        case (.listBranch(let branch), .failed(.noNode)): missed(branch, at: now)
        case (.awaitBranch(let branch), .exists(true)): if isWanted(request) { ask(.listBranch(branch), at: now) }
        case (.listProviders(let name), .names(let names)):
            // Before the creation of its path is watched, no watch can have been lost.
            if services[name]?.isAbsent == true, queue.contains(.awaitProviders(name)) { unprompted.remove(request) }
            services[name]?.isAbsent = false
            listed(names, of: name, at: now)
        case (.listProviders(let name), .failed(.noNode)): missed(name, at: now)
        case (.awaitProviders(let name), .exists(true)): if isWanted(request) { ask(.listProviders(name), at: now) }
        case (.read(let name, let instance), .content(let content)): read(content, of: instance, in: name, at: now)
        // The list decides: it also shows whether something has come in the place of the provider.
        case (.read(let name, let instance), .failed(.noNode)):
            guard isKnown(instance, in: name) else { return }
            services[name]?.forgetVersion(of: instance)
            services[name]?.standing.remove(request)
            pacing.failed(request, at: now)
            arrived(instance, in: name)
            passOn(to: .listProviders(name))
            askUnlessAsked(.listProviders(name), at: now)
        default: break
        }
    }

    /// Whether anything would come of an answer.
    private func isWanted(_ request: WatchRequest) -> Bool {
        switch request {
        case .listServices, .awaitRoot: true
        case .listBranch(let branch): branches[branch] != nil
        case .awaitBranch(let branch): branches[branch]?.isAbsent == true
        case .listProviders(let name): services[name] != nil
        case .awaitProviders(let name): services[name]?.isAbsent == true
        case .read(let name, let instance): isKnown(instance, in: name)
        }
    }

    func isKnown(_ place: RegistryLayout.Place) -> Bool {
        switch place {
        case .root: true
        case .branch(let branch): branches[branch] != nil
        case .service(let name): services[name] != nil
        case .provider(let name, let instance): isKnown(instance, in: name)
        }
    }

    func isKnown(_ instance: InstanceName, in name: ServiceName) -> Bool { services[name]?.version(of: instance) != nil }

    /// Takes in a failure that will not soon pass: a list is asked for again after growing pauses, a provider with its service's next list.
    private mutating func refused(_ request: WatchRequest, _ error: ZooKeeperError, at now: ContinuousClock.Instant) {
        guard isWanted(request) else { return forget(request) }
        pacing.failed(request, longest: min(Self.longestRefusal, max(settings.reconcile, RequestPacing.firstPause)), at: now)
        switch request {
        case .listServices:
            report(.root, error.text, [], version: -1)
            leaveReach(since: now)
            ask(request, at: now)
        case .awaitRoot, .awaitBranch, .awaitProviders: ask(request, at: now)
        case .listBranch(let branch):
            report(.branch(branch), error.text, [], version: -1)
            lose(branch, since: now)
            ask(request, at: now)
        case .listProviders(let name):
            report(.service(name), error.text, [], version: -1)
            lose(name, for: request, since: now)
            ask(request, at: now)
        case .read(let name, let instance):
            report(.provider(name, instance: instance), error.text, [], version: -1)
            services[name]?.forgetVersion(of: instance)
            if services[name]?.service.registrations[instance] != nil {
                services[name]?.refused.insert(instance)
            } else {
                services[name]?.neverRead.insert(instance)
            }
            arrived(instance, in: name)
            regainIfProved(name, at: now)
        }
    }
}

// MARK: A service's list

extension WatchState {
    /// Takes in the names of a service's children.
    mutating func listed(_ names: [String], of service: ServiceName, at now: ContinuousClock.Instant) {
        guard let state = services[service] else { return }
        pacing.succeeded(.listProviders(service))
        forgetReport(of: .service(service))
        let current = Set(names.map(InstanceName.init))
        let gone = state.children.filter { !current.contains($0) }
        let new = current.filter { state.version(of: $0) == nil }
        noteDifference(.listProviders(service), gone.count - state.leaving.intersection(gone).count + new.count)
        if !gone.isEmpty || !new.isEmpty { pacing.broughtNews(.listProviders(service)) }
        services[service]?.standing.remove(.listProviders(service))
        services[service]?.add(new)
        if layout.format.readsData {
            askForData(of: service, current, new, isDifferent: !gone.isEmpty || !new.isEmpty, was: state, at: now)
        } else {
            readNames(state.need == .everything ? current : new, of: service, at: now)
        }
        services[service]?.leaving = Set(gone)
        letGo(of: service)
        regainIfProved(service, at: now)
    }

    /// Asks for the data of children by a service's list: of those that are new, of all before the service is proved, and of those that could not
    /// be read. `state` is what was known before the list.
    private mutating func askForData(
        of service: ServiceName, _ current: Set<InstanceName>, _ new: Set<InstanceName>, isDifferent: Bool, was state: ServiceState,
        at now: ContinuousClock.Instant
    ) {
        rereading.add(new, of: service)
        if hearing != nil { for instance in new { passOn(to: .read(service, instance: instance)) } }
        let wanted = state.need == .everything ? current : new
        if state.need != .nothing {
            services[service]?.need = .nothing
            services[service]?.awaited = wanted
        }
        if state.need == .nothing {
            for instance in wanted { queue.add(.read(service, instance: instance)) }
            if isDifferent { queue.hasten(service) }
        } else if !wanted.isEmpty {
            // What has changed comes first.
            queue.addTurn(service, reading: wanted, isHurried: state.isPartOfRegistry && isDifferent)
        }
        for instance in state.leaving.intersection(current).subtracting(wanted) { queue.add(.read(service, instance: instance)) }
        for instance in current where state.version(of: instance) == ServiceState.unread {
            if wanted.contains(instance) || state.arriving.contains(instance) || state.awaited.contains(instance) { continue }
            let request = WatchRequest.read(service, instance: instance)
            // Unhurried, since there may be many that may not be read.
            if state.neverRead.contains(instance) { queue.addUnhurried(request) } else { ask(request, at: now) }
        }
        services[service]?.arriving.formIntersection(current)
        services[service]?.arriving.formUnion(new)
        services[service]?.awaited.formIntersection(current)
    }

    /// A child has been read, or cannot be.
    mutating func arrived(_ instance: InstanceName, in service: ServiceName) {
        services[service]?.awaited.remove(instance)
        guard services[service]?.arriving.remove(instance) != nil else { return }
        letGo(of: service)
    }

    /// Removes the children that are gone if nothing is still to come in their place.
    private mutating func letGo(of service: ServiceName) {
        guard let state = services[service], state.arriving.isEmpty else { return }
        for instance in state.leaving { remove(instance, from: service) }
        // Replaced, because an emptied set keeps its memory, and each service has these.
        services[service]?.arriving = []
        services[service]?.leaving = []
    }

    /// Counts what differs in an answer that no watch had asked for.
    mutating func noteDifference(_ request: WatchRequest, _ count: Int) {
        if unprompted.remove(request) != nil { output.repairs += count }
    }

    private mutating func remove(_ instance: InstanceName, from name: ServiceName) {
        guard let wasUsable = services[name]?.remove(instance) else { return }
        rereading.remove(instance, of: name)
        dataWatches.release(instance, of: name)
        forgetReport(of: .provider(name, instance: instance))
        if wasUsable { noteChange(of: name) }
        let request = WatchRequest.read(name, instance: instance)
        services[name]?.awaited.remove(instance)
        services[name]?.refused.remove(instance)
        services[name]?.neverRead.remove(instance)
        services[name]?.standing.remove(request)
        forget(request)
    }

    /// Forgets a service with all that is below it.
    mutating func remove(_ name: ServiceName) {
        guard let state = services[name] else { return }
        leaveBranch(name)
        if state.isAbsent { leaveWatch(of: layout.path(of: name)) }
        for instance in state.children { remove(instance, from: name) }
        services[name] = nil
        if state.isPartOfRegistry { putOut(name) }
        forgetReport(of: .service(name))
        unprompted.remove(.listProviders(name))
        queue.dropTurn(of: name)
        forget(.listProviders(name))
        if layout.hasServiceTail { forget(.awaitProviders(name)) }
        settle(name)
    }

    /// Forgets a request whose answer is of no use any more.
    mutating func forget(_ request: WatchRequest) {
        requests.answer(request)
        pacing.forget(request)
        heard[request] = nil
    }
}
