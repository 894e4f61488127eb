import ProviderRegistry
import TestSupport
import Testing

@testable import ProviderDiscovery
@testable import ZooKeeperClient

/// A ZooKeeper in memory that keeps its promise: watches fire once, and a client that has one hears of a change before it sees the change.
private struct OrderedZooKeeper {
    var state = WatchState(layout: RegistryLayout(root: "/providers"), settings: WatchSettings(reconcile: .seconds(5)))
    var services: [ServiceName: [InstanceName: Int64]] = [:]
    var watches: Set<String> = []
    /// What is on its way to the client.
    var stream: [DiscoveryInput] = []
    var now = ContinuousClock.now
    var repairs = 0
    private var zxid: Int64 = 0

    private mutating func fire(_ path: String) { if watches.remove(path) != nil { stream.append(.session(.watch(path: path))) } }

    mutating func toggle(_ service: ServiceName) {
        if services[service] != nil {
            for instance in services[service]?.keys.map({ $0 }) ?? [] { toggle(instance, of: service) }
            services[service] = nil
            fire("/providers/\(service.text)")
        } else {
            services[service] = [:]
        }
        fire("/providers")
    }

    mutating func toggle(_ instance: InstanceName, of service: ServiceName) {
        guard let providers = services[service] else { return }
        zxid += 1
        services[service]?[instance] = providers[instance] == nil ? zxid : nil
        if providers[instance] != nil { fire("/providers/\(service.text)/\(instance.text)") }
        fire("/providers/\(service.text)")
    }

    /// Sends what the client wants sent; it is answered at once, and the answers are on their way.
    mutating func send() {
        for (request, watchesData) in state.takeRequests(at: now) {
            stream.append(.answer(answer(request, watchesData), to: request, generation: state.generation))
        }
    }

    private mutating func answer(_ request: WatchRequest, _ watchesData: Bool) -> WatchAnswer {
        switch request {
        case .listServices:
            watches.insert("/providers")
            return .names(services.keys.map(\.text))
        case .awaitRoot: return .exists(true)
        case .listBranch, .awaitBranch, .awaitProviders: return .failed(.noNode)
        case .listProviders(let name):
            guard let providers = services[name] else { return .failed(.noNode) }
            watches.insert("/providers/\(name.text)")
            return .names(providers.keys.map(\.text))
        case .read(let name, let instance):
            guard let version = services[name]?[instance] else { return .failed(.noNode) }
            if watchesData { watches.insert("/providers/\(name.text)/\(instance.text)") }
            let text = #"{"host":"10.0.0.1","port":\#(version % 60000 + 1)}"#
            return .content(ZnodeContent(octets: Array(text.utf8), stat: ZnodeStat(creationZxid: version, modificationZxid: version)))
        }
    }

    mutating func deliver(_ count: Int) {
        for input in stream.prefix(count) { state.take(input, at: now) }
        stream.removeFirst(min(count, stream.count))
        state.tick(at: now)
        repairs += state.takeOutput().repairs
    }
}

/// The same numbers for the same seed (SplitMix64).
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var number = state
        number = (number ^ number >> 30) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ number >> 27) &* 0x94D0_49BB_1331_11EB
        return number ^ number >> 31
    }
}

@Suite struct WatchOrderTests {
    @Test(arguments: (0..<50).map(UInt64.init)) func `whatever comes when, all of it is seen, and nothing is taken for lost`(
        _ seed: UInt64
    ) {
        var draw = Numbers(state: seed)
        var zooKeeper = OrderedZooKeeper()
        zooKeeper.state.take(.session(.connected(id: 1, timeout: .seconds(10), isNew: true)), at: zooKeeper.now)
        for _ in 0..<2000 {
            switch Int.random(in: 0..<10, using: &draw) {
            case 0: zooKeeper.toggle(ServiceName("service-\(Int.random(in: 0..<5, using: &draw))"))
            case 1, 2, 3:
                let instance = InstanceName("\(Int.random(in: 0..<4, using: &draw))")
                zooKeeper.toggle(instance, of: ServiceName("service-\(Int.random(in: 0..<5, using: &draw))"))
            case 4, 5: zooKeeper.send()
            case 6: zooKeeper.now += .milliseconds(Int.random(in: 0..<1000, using: &draw))
            default: zooKeeper.deliver(Int.random(in: 0..<4, using: &draw))
            }
        }
        repeat {
            zooKeeper.now += .milliseconds(10)
            zooKeeper.deliver(.max)
            zooKeeper.send()
        } while !zooKeeper.stream.isEmpty || zooKeeper.state.pacing.deadline != nil
        let seen = zooKeeper.state.registry.services.mapValues { $0.registrations.mapValues(\.modificationZxid) }
        #expect(seen == zooKeeper.services)
        #expect(zooKeeper.repairs == 0)
    }
}
