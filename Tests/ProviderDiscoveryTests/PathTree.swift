import TestSupport

@testable import ProviderDiscovery
@testable import ProviderRegistry
@testable import ZooKeeperClient

/// A ZooKeeper in memory with a tree of any depth, which keeps its promise: watches fire once, and a client that has one hears of a change
/// before it sees the change.
struct PathTree {
    /// What a watch waits for.
    private enum Watched: Hashable {
        case children(String)
        /// The creation, change or end of a znode.
        case znode(String)
    }

    let layout: RegistryLayout
    var discovery: DiscoveryState
    var state: WatchState {
        get { discovery.watch }
        set { discovery.watch = newValue }
    }
    /// Each znode's data with the transactions that created and changed it.
    private(set) var znodes: [String: (text: String, created: Int64, changed: Int64)] = ["/": ("", 0, 0)]
    private var names: [String: Set<String>] = ["/": []]
    private var watches: Set<Watched> = []
    private var zxid: Int64 = 0
    /// What is on its way to the client.
    private var stream: [DiscoveryInput] = []
    /// Paths that the client may not list or read.
    var refused: Set<String> = []
    /// Paths about which no question is answered.
    var withheld: Set<String> = []
    /// The paths that were asked about.
    var asked: [String] = []
    var now = ContinuousClock.now
    /// Whether each provider is read again now and then.
    var rereads = false { didSet { if rereads { state.nextReread = now } } }

    init(_ pattern: String, _ format: RegistryFormat = .providers, reconcile: Duration = .seconds(60)) {
        layout = RegistryLayout(pattern: pattern, format: format) ?? RegistryLayout(root: "/no pattern")
        discovery = DiscoveryState(layout: layout, settings: WatchSettings(reconcile: reconcile))
    }
}

// MARK: The tree

extension PathTree {
    static let good = #"{"host":"10.0.0.1","port":80}"#

    private static func parent(of path: String) -> String {
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        return "/" + parent
    }

    private mutating func fire(_ watched: Watched) {
        guard watches.remove(watched) != nil else { return }
        let path: String
        switch watched {
        case .children(let watched), .znode(let watched): path = watched
        }
        stream.append(.session(.watch(path: path)))
    }

    /// Makes a znode, and its parents if they are missing, or changes its data.
    mutating func set(_ path: String, _ text: String = good) {
        if znodes[path] == nil, path != "/" {
            let parent = Self.parent(of: path)
            if znodes[parent] == nil { set(parent, "") }
            zxid += 1
            znodes[path] = (text, zxid, zxid)
            names[path] = []
            names[parent]?.insert(path.split(separator: "/").last.map(String.init) ?? "")
            fire(.znode(path))
            fire(.children(parent))
        } else {
            zxid += 1
            znodes[path]?.text = text
            znodes[path]?.changed = zxid
            fire(.znode(path))
        }
    }

    /// Deletes a znode with all below it.
    mutating func delete(_ path: String) {
        for name in names[path] ?? [] { delete(path == "/" ? "/\(name)" : "\(path)/\(name)") }
        guard path != "/", znodes.removeValue(forKey: path) != nil else { return }
        names[path] = nil
        let parent = Self.parent(of: path)
        names[parent]?.remove(path.split(separator: "/").last.map(String.init) ?? "")
        fire(.znode(path))
        fire(.children(path))
        fire(.children(parent))
    }

    /// The names of a znode's children; nil if there is none.
    func children(of path: String) -> Set<String>? { names[path] }
}

// MARK: The client

extension PathTree {
    /// Begins a session; what was on its way in an earlier one is lost.
    mutating func connect() {
        stream = []
        watches = []
        if state.reach.isConnected { discovery.take(.session(.disconnected), at: now) }
        discovery.take(.session(.connected(id: 1, timeout: Tree.timeout, isNew: true)), at: now)
    }

    /// Sends what the client wants sent; it is answered at once, and the answers are on their way.
    mutating func send() {
        for (request, watchesData) in discovery.takeRequests(at: now) {
            let path = path(of: request)
            asked.append(path)
            if withheld.contains(path) { continue }
            stream.append(.answer(answer(request, path, watchesData), to: request, generation: state.generation))
        }
    }

    private func path(of request: WatchRequest) -> String {
        switch request {
        case .listServices, .awaitRoot: layout.root
        case .listBranch(let branch), .awaitBranch(let branch): layout.path(of: branch)
        case .listProviders(let name), .awaitProviders(let name): layout.path(of: name)
        case .read(let name, let instance): layout.path(of: instance, in: name)
        }
    }

    private mutating func answer(_ request: WatchRequest, _ path: String, _ watchesData: Bool) -> WatchAnswer {
        let exists = znodes[path] != nil
        switch request {
        case .awaitRoot, .awaitBranch, .awaitProviders:
            watches.insert(.znode(path))
            return .exists(exists)
        case .listServices where layout.soleService != nil:
            watches.insert(.znode(path))
            return exists ? .names([layout.soleService?.text ?? ""]) : .failed(.noNode)
        case .listServices, .listBranch, .listProviders:
            guard let names = names[path] else { return .failed(.noNode) }
            guard !refused.contains(path) else { return .failed(.other(-102)) }
            watches.insert(.children(path))
            return .names(Array(names))
        case .read:
            guard let znode = znodes[path] else { return .failed(.noNode) }
            guard !refused.contains(path) else { return .failed(.other(-102)) }
            if watchesData { watches.insert(.znode(path)) }
            let stat = ZnodeStat(creationZxid: znode.created, modificationZxid: znode.changed)
            return .content(ZnodeContent(octets: Array(znode.text.utf8), stat: stat))
        }
    }

    /// Has so many of what is on its way arrive.
    mutating func deliver(_ count: Int = .max) {
        for input in stream.prefix(count) { discovery.take(input, at: now) }
        stream.removeFirst(min(count, stream.count))
        discovery.watch.tick(at: now)
    }

    /// Lets time pass in steps until nothing is on its way.
    mutating func settle(passing time: Duration = .zero) {
        let end = now + time
        asked = []
        if !rereads { state.nextReread = nil }
        repeat {
            deliver()
            send()
            if stream.isEmpty { now += .milliseconds(100) }
        } while !stream.isEmpty || now < end
    }

    /// The registry as it is, by a look at every znode.
    var registry: [ServiceName: [InstanceName: Int64]] {
        var services: [ServiceName: [InstanceName: Int64]] = [:]
        for path in znodes.keys {
            // The znode of a service's name makes it one: what stands behind that may be missing.
            guard let name = serviceName(of: path) else { continue }
            let instances = names[layout.path(of: name)] ?? []
            services[name] = Dictionary(
                uniqueKeysWithValues: instances.map {
                    (InstanceName($0), znodes[layout.path(of: InstanceName($0), in: name)]?.changed ?? 0)
                })
        }
        return services
    }

    private func serviceName(of path: String) -> ServiceName? {
        if let sole = layout.soleService { return path == layout.root ? sole : nil }
        let pattern = layout.path(of: BranchName.root) == "/" ? [] : layout.root.split(separator: "/").map(String.init)
        let parts = path.split(separator: "/").map(String.init)
        let own = Array(parts.dropFirst(pattern.count))
        let stars = self.stars
        guard parts.starts(with: pattern), own.count == stars.count else { return nil }
        var names: [String] = []
        for (part, star) in zip(own, stars) {
            if star == "*" { names.append(part) } else if star != part { return nil }
        }
        return ServiceName(names.joined(separator: "/"))
    }

    /// The parts of the pattern behind the root, as far as the last star.
    private var stars: [String] {
        let all = layout.pattern.split(separator: "/").map(String.init)
        guard let first = all.firstIndex(of: "*"), let last = all.lastIndex(of: "*") else { return ["*"] }
        return Array(all[first...last])
    }

    /// What the client knows.
    var known: [ServiceName: [InstanceName: Int64]] {
        state.registry.services.mapValues { $0.registrations.mapValues(\.modificationZxid) }
    }
}
