import ProviderRegistry
import ZooKeeperClient

/// Decides which znodes to read after each event, and what the registry is then. Pure: requests go out, answers and the time come in.
///
/// | event | what follows |
/// | --- | --- |
/// | connected, new session | all is forgotten and read anew; nothing is told before it is complete |
/// | connected, same session | what was waiting is sent; the watches are still there |
/// | disconnected | nothing is sent |
/// | watches lost | all is listed anew, what had a watch on its data is read again |
/// | watch fired | what stands at its path is read again |
/// | answer of an earlier session | ignored |
/// | answer: connection lost | asked again |
/// | answer: no such znode | a service is gone; of a provider, its service's list has to say so; for the root, its creation is awaited |
/// | answer: any other failure | reported once; asked again at the next reconciliation, if it was never answered |
/// | a list has some that are new and others no more | the old ones go when the new ones have been read |
struct WatchState {
    /// Lists with more names than this are asked for at most once in `pauseForLongLists`: each costs its whole length.
    static let longList = 1000
    static let pauseForLongLists: Duration = .milliseconds(100)
    /// Registries up to this size have a watch on every provider's data.
    static let mostDataWatches = 10_000
    /// The time in which the data of every provider is read again, in case it changed without a watch.
    static let rereadPeriod: Duration = .seconds(600)

    private let layout: RegistryLayout
    private let settings: WatchSettings
    private(set) var generation = 0
    private var isConnected = false
    private var services: [ServiceName: ServiceState] = [:]
    private var providerCount = 0
    private var queue = RequestQueue()
    /// What has to be answered before the registry is complete; nil once it is.
    private var initial: Set<WatchRequest>? = [.listServices]
    /// Long lists that must wait.
    private var delayed: [WatchRequest: ContinuousClock.Instant] = [:]
    /// When the services were last listed.
    private var servicesListedAt: ContinuousClock.Instant?
    private var nextReconcile: ContinuousClock.Instant?
    private var nextReread: ContinuousClock.Instant?
    /// Services whose providers are still to be read again in this period.
    private var rereads: [ServiceName] = []
    /// Lists that no watch asked for: a difference in their answers means that a watch was lost.
    private var unprompted: Set<WatchRequest> = []
    /// What has been reported, by the version that it was reported of.
    private var reported: [RegistryLayout.Place: Int64] = [:]

    private var output = Output()

    /// What has come of inputs since it was last taken.
    struct Output {
        /// Whether the registry has become complete.
        var isNewlyComplete = false
        /// Services that are different, once complete.
        var changed: Set<ServiceName> = []
        /// Znodes that could not be used.
        var reports: [WatchReport] = []
        /// How many differences were found that no watch had told of.
        var repairs = 0
    }

    init(layout: RegistryLayout, settings: WatchSettings) {
        self.layout = layout
        self.settings = settings
    }

    /// Everything as it was last read.
    var registry: Registry { Registry(services: services.mapValues(\.service)) }

    /// Whether the registry is still being read for the first time in a session.
    var isReading: Bool { initial != nil }

    /// One service as it was last read; nil if there is none.
    func service(_ name: ServiceName) -> Service? { services[name]?.service }

    /// What has come of inputs; taken once.
    mutating func takeOutput() -> Output {
        defer { output = Output() }
        return output
    }

    /// Requests to send now, each with whether to watch the data that it reads.
    mutating func takeRequests() -> [(request: WatchRequest, watchesData: Bool)] {
        guard isConnected else { return [] }
        return queue.send().map { ($0, watchesData($0)) }
    }

    private func watchesData(_ request: WatchRequest) -> Bool {
        guard case .read(let service, let instance) = request else { return true }
        return providerCount <= Self.mostDataWatches || reported[.provider(service, instance: instance)] != nil
    }
}

// MARK: Events

extension WatchState {
    /// Takes in what has happened.
    mutating func take(_ input: WatchInput, at now: ContinuousClock.Instant) {
        switch input {
        case .session(.connected(_, _, let isNew)):
            isConnected = true
            if isNew { startOver(at: now) }
        case .session(.disconnected): isConnected = false
        case .session(.watchesLost): watchAgain()
        case .session(.watch(let path)): watchFired(path, at: now)
        case .answer(let answer, let request, let generation):
            guard generation == self.generation else { return }
            queue.answered(request)
            take(answer, to: request, at: now)
        }
    }

    private mutating func startOver(at now: ContinuousClock.Instant) {
        generation += 1
        services = [:]
        providerCount = 0
        queue.clear()
        delayed = [:]
        rereads = []
        unprompted = []
        initial = [.listServices]
        // What was found out but not told is of the earlier session.
        output.isNewlyComplete = false
        output.changed = []
        queue.add(.listServices)
        nextReconcile = now + settings.reconcile
        nextReread = now + .seconds(1)
    }

    /// Has every znode watched that was; what was read stays until it is different.
    private mutating func watchAgain() {
        prompt(.listServices)
        for (name, state) in services {
            prompt(.listProviders(name))
            for instance in state.children where watchesData(.read(name, instance: instance)) {
                queue.addUnhurried(.read(name, instance: instance))
            }
        }
    }

    private mutating func watchFired(_ path: String, at now: ContinuousClock.Instant) {
        switch layout.place(of: path) {
        case .root: prompt(.listServices, length: services.count, last: servicesListedAt, at: now)
        case .service(let name): if services[name] != nil { list(name, at: now) }
        case .provider(let name, let instance): if isKnown(instance, in: name) { queue.add(.read(name, instance: instance)) }
        case nil: break
        }
    }

    private mutating func prompt(_ request: WatchRequest) {
        unprompted.remove(request)
        queue.add(request)
    }

    /// Lists a service anew.
    private mutating func list(_ name: ServiceName, at now: ContinuousClock.Instant) {
        prompt(.listProviders(name), length: services[name]?.childCount ?? 0, last: services[name]?.listedAt, at: now)
    }

    /// Asks for a list anew, for a long one after a pause.
    private mutating func prompt(_ list: WatchRequest, length: Int, last: ContinuousClock.Instant?, at now: ContinuousClock.Instant) {
        guard length > Self.longList, let last, last + Self.pauseForLongLists > now else { return prompt(list) }
        unprompted.remove(list)
        delayed[list] = last + Self.pauseForLongLists
    }
}

// MARK: Time

extension WatchState {
    /// When `tick` has something to do next; nil while nothing is read.
    var nextDeadline: ContinuousClock.Instant? {
        guard isConnected else { return nil }
        return ([nextReconcile, nextReread].compactMap { $0 } + delayed.values).min()
    }

    /// Does what is due.
    mutating func tick(at now: ContinuousClock.Instant) {
        guard isConnected else { return }
        for (list, due) in delayed where due <= now {
            delayed[list] = nil
            prompt(list)
        }
        if let due = nextReconcile, due <= now {
            nextReconcile = now + settings.reconcile
            // Before that only if there is no list of services: it could not be had.
            if initial == nil || services.isEmpty { reconcile() }
        }
        if let due = nextReread, due <= now {
            nextReread = now + .seconds(1)
            if initial == nil { reread() }
        }
    }

    /// Lists everything anew; what could not be read is read again when its list has come.
    private mutating func reconcile() {
        addUnprompted(.listServices)
        for name in services.keys { addUnprompted(.listProviders(name)) }
    }

    /// Asks for a list that no watch has asked for, unless one has and the list is yet to come.
    private mutating func addUnprompted(_ list: WatchRequest) {
        guard delayed[list] == nil else { return }
        if initial == nil, !queue.contains(list) { unprompted.insert(list) }
        queue.addUnhurried(list)
    }

    /// Reads the share of one second of all providers again, whole services at a time.
    private mutating func reread() {
        if rereads.isEmpty { rereads = Array(services.keys) }
        let share = providerCount / Int(Self.rereadPeriod.components.seconds) + 1
        var count = 0
        while count < share, let name = rereads.popLast() {
            // It may have vanished since.
            for instance in services[name]?.children ?? [] {
                queue.addUnhurried(.read(name, instance: instance))
                count += 1
            }
        }
    }
}

// MARK: Answers

extension WatchState {
    private mutating func take(_ answer: WatchAnswer, to request: WatchRequest, at now: ContinuousClock.Instant) {
        if case .failed(let error) = answer, error.isPassing { return queue.add(request) }
        switch (request, answer) {
        case (.listServices, .names(let names)):
            servicesListedAt = now
            listed(names)
        case (.listServices, .failed(.noNode)):
            listed([])
            queue.add(.awaitRoot)
        case (.awaitRoot, .exists(true)): prompt(.listServices)
        case (.listProviders(let name), .names(let names)): listed(names, of: name, at: now)
        case (.listProviders(let name), .failed(.noNode)): remove(name)
        case (.read(let name, let instance), .content(let content)): read(content, of: instance, in: name)
        // Gone, which is the list's to say: it tells at once whether something has come in its place.
        case (.read(let name, let instance), .failed(.noNode)):
            services[name]?.forgetVersion(of: instance)
            arrived(instance, in: name)
            list(name, at: now)
        case (.read(let name, let instance), .failed(let error)):
            report(.provider(name, instance: instance), error.text, [], version: -1)
            arrived(instance, in: name)
        case (.listProviders(let name), .failed(let error)): report(.service(name), error.text, [], version: -1)
        // Without a list of services nothing is complete: it is asked for again with the next reconciliation.
        case (.listServices, .failed(let error)):
            report(.root, error.text, [], version: -1)
            return
        default: break
        }
        settle(request)
    }

    /// Strikes an answered request off what the registry needs to be complete.
    private mutating func settle(_ request: WatchRequest) {
        guard initial != nil else { return }
        initial?.remove(request)
        guard initial?.isEmpty == true else { return }
        initial = nil
        output.isNewlyComplete = true
        reported = reported.filter { isKnown($0.key) }
    }

    private func isKnown(_ place: RegistryLayout.Place) -> Bool {
        switch place {
        case .root: true
        case .service(let name): services[name] != nil
        case .provider(let name, let instance): isKnown(instance, in: name)
        }
    }

    private func isKnown(_ instance: InstanceName, in name: ServiceName) -> Bool { services[name]?.version(of: instance) != nil }

    /// Asks for what a list has brought. Only what the first lists bring is needed for a complete registry: the rest may never end.
    private mutating func ask(_ request: WatchRequest, broughtBy list: WatchRequest) {
        if initial?.contains(list) == true { initial?.insert(request) }
        queue.add(request)
    }

    private mutating func listed(_ names: [String]) {
        let current = Set(names.map(ServiceName.init))
        let gone = services.keys.filter { !current.contains($0) }
        let new = current.filter { !services.keys.contains($0) }
        noteDifference(.listServices, gone.count + new.count)
        for name in gone { remove(name) }
        for name in new {
            services[name] = ServiceState()
            output.changed.insert(name)
            ask(.listProviders(name), broughtBy: .listServices)
        }
    }

    private mutating func listed(_ names: [String], of service: ServiceName, at now: ContinuousClock.Instant) {
        guard let state = services[service] else { return }
        let current = Set(names.map(InstanceName.init))
        let gone = state.children.filter { !current.contains($0) }
        let new = current.filter { state.version(of: $0) == nil }
        noteDifference(.listProviders(service), gone.count - state.leaving.intersection(gone).count + new.count)
        services[service]?.listedAt = now
        services[service]?.add(new)
        providerCount += new.count
        for instance in new {
            ask(.read(service, instance: instance), broughtBy: .listProviders(service))
        }
        let returned = state.leaving.intersection(current)
        let unread = current.filter { state.version(of: $0) == ServiceState.unread && !state.arriving.contains($0) }
        for instance in returned.union(unread) { queue.add(.read(service, instance: instance)) }
        services[service]?.arriving.formIntersection(current)
        services[service]?.arriving.formUnion(new)
        services[service]?.leaving = Set(gone)
        letGo(of: service)
    }

    /// A child has been read, or cannot be.
    private mutating func arrived(_ instance: InstanceName, in service: ServiceName) {
        guard services[service]?.arriving.remove(instance) != nil else { return }
        letGo(of: service)
    }

    /// Removes the children that are gone if nothing is still to come in their place.
    private mutating func letGo(of service: ServiceName) {
        guard let state = services[service], state.arriving.isEmpty else { return }
        for instance in state.leaving { remove(instance, from: service) }
        // Anew, not emptied: there are as many of these as services.
        services[service]?.arriving = []
        services[service]?.leaving = []
    }

    private mutating func noteDifference(_ request: WatchRequest, _ count: Int) {
        if unprompted.remove(request) != nil { output.repairs += count }
    }

    private mutating func read(_ content: ZnodeContent, of instance: InstanceName, in name: ServiceName) {
        guard let known = services[name]?.version(of: instance) else { return }
        defer { arrived(instance, in: name) }
        let version = content.stat.modificationZxid
        guard known != version else { return }
        let registration = self.registration(content, instance, in: name)
        if services[name]?.set(instance, to: registration, version: version) == true { output.changed.insert(name) }
    }

    private mutating func registration(_ content: ZnodeContent, _ instance: InstanceName, in name: ServiceName) -> Registration? {
        let place = RegistryLayout.Place.provider(name, instance: instance)
        let version = content.stat.modificationZxid
        do {
            let document = try ProviderDocument(content.octets)
            if document.doubts.isEmpty {
                reported[place] = nil
            } else {
                report(place, "no number from 0 to 65535: " + document.doubts.joined(separator: ", "), content.octets, version: version)
            }
            return Registration(creationZxid: content.stat.creationZxid, modificationZxid: version, provider: document.provider)
        } catch {
            report(place, error.rawValue, content.octets, version: version)
            // Watched from now on, whatever the registry's size, so that a mended document is seen at once.
            if providerCount > Self.mostDataWatches { queue.add(.read(name, instance: instance)) }
            return nil
        }
    }

    /// Reports a znode once for each version of it.
    private mutating func report(_ place: RegistryLayout.Place, _ reason: String, _ octets: [UInt8], version: Int64) {
        guard reported.updateValue(version, forKey: place) != version else { return }
        output.reports.append(WatchReport(path: layout.path(of: place), reason: reason, excerpt: ProviderDocument.excerpt(octets)))
    }

    private mutating func remove(_ instance: InstanceName, from name: ServiceName) {
        guard let wasUsable = services[name]?.remove(instance) else { return }
        providerCount -= 1
        reported[.provider(name, instance: instance)] = nil
        if wasUsable { output.changed.insert(name) }
        initial?.remove(.read(name, instance: instance))
    }

    private mutating func remove(_ name: ServiceName) {
        guard let state = services[name] else { return }
        for instance in state.children { remove(instance, from: name) }
        services[name] = nil
        delayed[.listProviders(name)] = nil
        reported[.service(name)] = nil
        unprompted.remove(.listProviders(name))
        output.changed.insert(name)
        initial?.remove(.listProviders(name))
    }
}
