import ProviderRegistry
import ZooKeeperClient

/// Decides which znodes to read after each event, and what the registry is then. Pure, with no clock of its own.
///
/// | event | what follows |
/// | --- | --- |
/// | connected | the root is listed, before anything else: only its answer proves that the registry is within reach |
/// | connected, new session | everything stays; all is listed, then read, one service after another; not at once if that was so a moment ago |
/// | connected, same session | what was waiting is sent; the watches are still there |
/// | disconnected | nothing is sent; the registry is out of reach |
/// | watches lost | everything is listed again, what had a watch on its data is read again |
/// | watch fired, or a list is different | what stands at its path is read again; a service that waits for its turn has it now |
/// | restored | what was kept is served, out of reach since it was right, unless the registry has been read whole |
/// | answer of an earlier session | ignored |
/// | answer: connection lost, or the server busy | asked again, after a pause if that happens again |
/// | answer: no such znode | a branch or a service is gone; of a provider, its service's list has to say so; for the root, its creation is awaited |
/// | the same, where a pattern has names behind the star | an empty list; its creation is awaited |
/// | a branch is listed | its branches or services are listed; in a session's first reading they are waited for |
/// | a branch is gone | all services below it are gone |
/// | answer: any other failure of a list | reported once; out of reach, with a branch all below it, known or not; asked again after growing pauses |
/// | answer: any other failure of a provider | reported once; left out, unless its service has no other that may be read: then as for a list |
/// | no answer for longer than the session timeout, nor to anything else | root, branch or service: out of reach since it was asked; a provider that is new: reported, left out |
/// | a list has some that are new and others no more | the old ones go when the new ones have been read |
/// | a list, where names say all | its names are read; no data is |
///
/// Without a watch to ask for it, ZooKeeper has `(branches + services + 1) / reconcile + providers / Rereading.period` requests a second.
struct WatchState {
    /// The longest pause before something that was refused is asked for again.
    static let longestRefusal: Duration = .seconds(30)

    let layout: RegistryLayout
    var settings: WatchSettings
    /// How many sessions there have been: answers of earlier ones count for nothing.
    var generation = 0
    var services: [ServiceName: ServiceState] = [:]
    /// The root and all branches that are known, if services' names have several levels.
    var branches: [BranchName: BranchState] = [:]
    var queue = RequestQueue()
    var pacing = RequestPacing()
    var requests = StandingRequests()
    var reach = RootReach()
    /// Branches that cannot be listed: each stands in the registry for a service of which nothing is known, so that no name below it is said
    /// not to exist.
    var unlisted: Set<ServiceName> = []
    /// Services of the first list of a session that have neither been read whole nor turned out to be out of reach.
    var unsettled: Set<ServiceName> = []
    /// Branches of a session's first reading that have neither been listed nor turned out to be out of reach.
    var unsettledBranches: Set<BranchName> = []
    var readingPace = ReadingPace()
    var dataWatches: DataWatches
    var leftWatches = LeftWatches()
    var rereading = Rereading()
    var nextReconcile: ContinuousClock.Instant?
    var nextReread: ContinuousClock.Instant?
    /// Lists that no watch asked for: a difference in their answers means that a watch was lost.
    var unprompted: Set<WatchRequest> = []
    /// Each znode that has been reported, with what was.
    var reported: [RegistryLayout.Place: (version: Int64, reason: String)] = [:]
    /// When the event came that a request follows, of those that follow one.
    var heard: [WatchRequest: ContinuousClock.Instant] = [:]
    /// When the event came that the answer which is being taken in follows; nil if it follows none.
    var hearing: ContinuousClock.Instant?

    var output = Output()

    /// What has come of inputs since it was last taken.
    struct Output {
        /// Whether the registry has become complete, which it does once.
        var isNewlyComplete = false
        /// If an earlier program's registry has made it complete: what that program held of each service. Nil otherwise.
        var restored: [ServiceName: [HeldProvider]]?
        /// Whether the registry is within reach, if that is different; the last word if there were several.
        var reach: Bool?
        /// Services that are different, once complete.
        var changed: Set<ServiceName> = []
        /// Services that are out of reach, each for itself.
        var lost: [ServiceName] = []
        /// How many services are within reach again.
        var regained = 0
        /// Znodes that could not be used.
        var reports: [ZnodeReport] = []
        /// Znodes that had been reported before, and can be used now, or are gone, or are reported again.
        var mended: [(path: String, reason: String)] = []
        /// When the first event came that a service's change follows, of those that follow one.
        var heard: [ServiceName: ContinuousClock.Instant] = [:]
        /// Providers that their registrants have taken back: no loss.
        var withdrawn: [ServiceName: Set<InstanceName>] = [:]
        /// How many differences were found that no watch had reported.
        var repairs = 0
    }

    init(layout: RegistryLayout, settings: WatchSettings) {
        self.layout = layout
        self.settings = settings
        dataWatches = DataWatches(zones: settings.zones)
        if layout.levels > 1 { branches[.root] = BranchState() }
    }

    /// Everything as it was last read.
    var registry: Registry {
        var registry = Registry(services: services.filter { $0.value.isPartOfRegistry }.mapValues(\.service))
        for name in unlisted { registry.services[name] = Service(reach: .unknown) }
        return registry
    }

    /// One service as it was last read; nil if there is none.
    func service(_ name: ServiceName) -> Service? {
        if !unlisted.isEmpty, unlisted.contains(name) { return Service(reach: .unknown) }
        return services[name].flatMap { $0.isPartOfRegistry ? $0.service : nil }
    }

    /// Whether a service of the registry is still to be read whole again, after a new session or lost watches.
    func isBeingRead(_ name: ServiceName) -> Bool { services[name].map { $0.isPartOfRegistry && !$0.isProved } ?? false }

    /// Notes that a service of the registry has changed, for output at once, or once the service has been read whole. Any other service is put
    /// out as soon as it becomes a part of the registry.
    mutating func noteChange(of name: ServiceName) {
        guard let state = services[name], state.isPartOfRegistry else { return }
        if state.isProved { putOut(name) } else { services[name]?.hasChanged = true }
    }

    /// What has come of inputs; taken once.
    mutating func takeOutput() -> Output {
        defer { output = Output() }
        return output
    }

    /// Requests to send now, each with whether to watch the data that it reads.
    mutating func takeRequests(at now: ContinuousClock.Instant) -> [(request: WatchRequest, watchesData: Bool)] {
        guard reach.isConnected else { return [] }
        // Without the root's answer no reading would begin.
        let rootOnly = !reach.isAnswered || !readingPace.admits(at: now)
        return queue.send(rootOnly: rootOnly).map {
            requests.send($0, at: now)
            return ($0, watchesData($0))
        }
    }

    private mutating func watchesData(_ request: WatchRequest) -> Bool {
        guard case .read(let name, let instance) = request else { return true }
        if dataWatches.contains(instance, of: name) { return true }
        guard isKnown(instance, in: name) else { return false }
        let waiting = queue.turns.size
        guard dataWatches.hasRoom(for: name, besides: waiting, isPreferred: isPreferred(instance, in: name)) else { return false }
        dataWatches.grant(instance, of: name, besides: waiting)
        return true
    }

    /// Whether a provider may have a reserved watch: its service is small, or its data cannot be used.
    func isPreferred(_ instance: InstanceName, in name: ServiceName) -> Bool {
        services[name]?.childCount ?? 0 <= DataWatches.mostReservedOfService || reported[.provider(name, instance: instance)] != nil
    }
}
