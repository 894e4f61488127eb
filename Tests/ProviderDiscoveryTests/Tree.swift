import ProviderRegistry
import TestSupport

@testable import ProviderDiscovery
@testable import ZooKeeperClient

/// A tree of znodes in memory that answers the requests of a `DiscoveryState`: what is under test decides, this only holds data.
struct Tree {
    typealias Providers = [InstanceName: (text: String, version: Int64)]

    var discovery = DiscoveryState(layout: RegistryLayout(root: "/providers"), settings: WatchSettings())
    /// What decides which znodes to read.
    var state: WatchState {
        get { discovery.watch }
        set { discovery.watch = newValue }
    }
    /// Providers by service; nil: no root.
    var services: [ServiceName: Providers]? = [:]
    /// What is not answered with what there is.
    var failures: [WatchRequest: ZooKeeperError] = [:]
    /// What is never answered.
    var withheld: Set<WatchRequest> = []
    var now = ContinuousClock.now
    /// Whether each provider is read again now and then, in a second of its own that no test can foresee.
    var rereads = false { didSet { if rereads { state.nextReread = now } } }
    var asked: [WatchRequest] = []
    /// The reads that were last sent with a watch.
    var watched: Set<WatchRequest> = []

    static let timeout: Duration = .seconds(10)
    static let good = (text: #"{"host":"10.0.0.1","port":80}"#, version: Int64(1))

    /// A tree that has been read.
    static func settled(_ services: [ServiceName: Providers]) -> Tree {
        var tree = Tree()
        tree.services = services
        tree.connect()
        tree.settle()
        _ = tree.state.takeOutput()
        return tree
    }

    mutating func connect(isNew: Bool = true) { take(.session(.connected(id: 1, timeout: Self.timeout, isNew: isNew))) }

    /// Loses the connection, and with it the requests that are under way.
    mutating func disconnect() {
        take(.session(.disconnected))
        for request in withheld { take(.answer(.failed(.connectionLoss), to: request, generation: state.generation)) }
    }

    mutating func take(_ input: DiscoveryInput) { discovery.take(input, at: now) }

    /// Reports a change at a path.
    mutating func fire(_ path: String) { take(.session(.watch(path: path))) }

    /// Answers requests until there are none.
    mutating func settle() {
        asked = []
        if !rereads { state.nextReread = nil }
        state.tick(at: now)
        while true {
            let requests = discovery.takeRequests(at: now)
            if requests.isEmpty { return }
            for (request, watchesData) in requests {
                asked.append(request)
                note(request, watchesData)
                if !withheld.contains(request) { answer(request) }
            }
        }
    }

    private mutating func note(_ request: WatchRequest, _ watchesData: Bool) {
        guard case .read = request else { return }
        if watchesData { watched.insert(request) } else { watched.remove(request) }
    }

    /// Lets time pass in steps; what was asked for in it.
    mutating func pass(_ time: Duration, step: Duration = .milliseconds(10), _ body: (inout Tree) -> Void = { _ in }) -> [WatchRequest] {
        let end = now + time
        var all: [WatchRequest] = []
        while now < end {
            now += step
            body(&self)
            settle()
            all += asked
        }
        return all
    }

    mutating func answer(_ request: WatchRequest) {
        let answer = failures[request].map { .failed($0) } ?? content(request)
        take(.answer(answer, to: request, generation: state.generation))
    }

    private func content(_ request: WatchRequest) -> WatchAnswer {
        switch request {
        case .listServices: services.map { .names($0.keys.map(\.text)) } ?? .failed(.noNode)
        case .awaitRoot: .exists(services != nil)
        // Our own tree has neither branches nor names behind a service's.
        case .listBranch, .awaitBranch, .awaitProviders: .failed(.noNode)
        case .listProviders(let name): services?[name].map { .names($0.keys.map(\.text)) } ?? .failed(.noNode)
        case .read(let name, let instance):
            services?[name]?[instance].map {
                .content(ZnodeContent(octets: Array($0.text.utf8), stat: ZnodeStat(creationZxid: 1, modificationZxid: $0.version)))
            } ?? .failed(.noNode)
        }
    }
}
