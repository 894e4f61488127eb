import ProviderRegistry
import TestSupport
import Testing

@testable import ProviderDiscovery
@testable import ZooKeeperClient

/// A registry that is followed, and what has been delivered of it.
private struct Scene {
    var tree = Tree()
    var delivered: [ServiceName: Service] = [:]
    /// The kinds of updates since they were last taken, with the services that changed.
    private var kinds: [String] = []

    /// A registry that is within reach.
    static func settled(_ services: [ServiceName: Tree.Providers]) -> Scene {
        var scene = Scene()
        scene.tree.services = services
        scene.tree.connect()
        scene.step()
        _ = scene.takeKinds()
        return scene
    }

    /// Answers all requests, and takes what is delivered.
    mutating func step() {
        tree.settle()
        deliver()
    }

    mutating func deliver() {
        for update in tree.discovery.takeOutput(at: tree.now).updates {
            switch update {
            case .complete(let registry):
                delivered = registry.services
                kinds.append("complete")
            case .changed(let change):
                for (name, service) in change.services { delivered[name] = service }
                kinds.append((["changed"] + change.services.keys.map(\.text).sorted()).joined(separator: " "))
            case .connected: kinds.append("connected")
            case .disconnected: kinds.append("disconnected")
            case .unusable: kinds.append("unusable")
            case .mended, .repaired: break
            }
        }
    }

    mutating func pass(_ time: Duration) {
        let end = tree.now + time
        while tree.now < end {
            tree.now += .milliseconds(100)
            step()
        }
    }

    mutating func takeKinds() -> [String] {
        defer { kinds = [] }
        return kinds
    }

    mutating func fire(_ path: String) { tree.fire(path) }

    /// A session ends, and a new one begins after ten seconds; these lists are not answered in it.
    mutating func beginSession(withholding names: ServiceName...) {
        tree.disconnect()
        step()
        tree.now += .seconds(10)
        tree.withheld = Set(names.map(WatchRequest.listProviders))
        tree.connect()
        step()
    }

    /// Answers what was withheld.
    mutating func answerWithheld() {
        let requests = tree.withheld
        tree.withheld = []
        for request in requests { tree.answer(request) }
        step()
    }

    func ports(_ name: ServiceName) -> [UInt16] { (delivered[name]?.registrations.values.map(\.provider.port) ?? []).sorted() }

    func held(_ name: ServiceName) -> [UInt16] { (delivered[name]?.held.map(\.provider.port) ?? []).sorted() }
}

private func znodes(_ ports: Int...) -> Tree.Providers {
    Dictionary(uniqueKeysWithValues: ports.map { (InstanceName("\($0)"), (#"{"host":"10.0.0.1","port":\#($0)}"#, Int64(1))) })
}

/// In a new session one service after another is read whole, and takes its place then.
@Suite struct NewSessionTests {
    @Test func `a service that has been read whole takes its place while others keep their old state`() {
        var scene = Scene.settled(["a": znodes(1, 2), "b": znodes(1, 2)])
        scene.tree.services = ["a": znodes(2, 3, 4), "b": znodes(2, 3, 4)]
        scene.beginSession(withholding: "b")
        #expect(scene.takeKinds() == ["disconnected", "changed a"])
        #expect(scene.ports("a") == [2, 3, 4])
        #expect(scene.ports("b") == [1, 2])
        scene.answerWithheld()
        #expect(scene.takeKinds() == ["changed b", "connected"])
        #expect(scene.ports("b") == [2, 3, 4])
    }

    @Test func `what vanished in the outage is held when its service has its turn`() {
        var scene = Scene.settled(["a": znodes(1, 2), "b": znodes(1, 2), "c": znodes(1)])
        scene.tree.services = ["a": znodes(2), "b": znodes(2)]
        scene.beginSession(withholding: "b")
        #expect(scene.held("a") == [1])
        #expect(scene.held("c") == [1], "its znode is gone")
        #expect(scene.held("b") == [])
        scene.answerWithheld()
        #expect(scene.held("b") == [1])
        scene.pass(.seconds(119))
        #expect(scene.held("a") == [1])
        scene.pass(.seconds(2))
        #expect(scene.held("a") == [] && scene.held("b") == [])
        #expect(scene.held("c") == [1], "it was its service's only one")
    }

    @Test func `at no moment is a service half read`() {
        var scene = Scene.settled(["a": znodes(1, 2, 3)])
        scene.tree.services = ["a": znodes(4, 5, 6)]
        scene.tree.withheld = [.read("a", instance: "6")]
        scene.tree.disconnect()
        scene.tree.connect()
        scene.step()
        #expect(scene.ports("a") == [1, 2, 3])
        scene.answerWithheld()
        #expect(scene.ports("a") == [4, 5, 6])
    }

    @Test func `a new service is reported once, when it has been read whole`() {
        var scene = Scene.settled(["a": znodes(1)])
        scene.tree.services?["b"] = znodes(1, 2, 3)
        scene.tree.withheld = [.read("b", instance: "3")]
        scene.fire("/providers")
        scene.step()
        #expect(scene.takeKinds() == [])
        scene.answerWithheld()
        #expect(scene.takeKinds() == ["changed b"])
        #expect(scene.ports("b") == [1, 2, 3])
    }

    @Test func `the same after lost watches, and a change of a service that has been read is seen before the rest has been`() {
        var scene = Scene.settled(["a": znodes(1), "b": znodes(1)])
        scene.tree.disconnect()
        scene.step()
        scene.tree.connect(isNew: false)
        scene.tree.take(.session(.watchesLost))
        scene.tree.services = ["a": znodes(1, 2), "b": znodes(1, 2)]
        scene.tree.withheld = [.listProviders("b")]
        scene.step()
        #expect(scene.ports("a") == [1, 2])
        #expect(scene.ports("b") == [1])
        scene.tree.services?["a"] = znodes(1, 2, 3)
        scene.fire("/providers/a")
        scene.step()
        #expect(scene.ports("a") == [1, 2, 3])
        scene.answerWithheld()
        #expect(scene.ports("b") == [1, 2])
    }

    @Test func `a change that waited for its pace when the session ended is not forgotten`() {
        let count = ChangePace.longService + 10
        var providers = Dictionary(
            uniqueKeysWithValues: (1...count).map { (InstanceName("\($0)"), (#"{"host":"10.0.0.1","port":\#($0)}"#, Int64(1))) })
        var scene = Scene.settled(["long": providers, "b": znodes(1)])
        for version in [Int64(2), 3] {
            providers["1"] = (#"{"host":"10.0.0.\#(version)","port":1}"#, version)
            scene.tree.services?["long"] = providers
            scene.fire("/providers/long/1")
            scene.step()
        }
        #expect(scene.takeKinds() == ["changed long"], "the second change waits")
        scene.beginSession(withholding: "b")
        scene.pass(.seconds(2))
        #expect(scene.delivered["long"]?.registrations["1"]?.provider.host == ProviderHost("10.0.0.3"))
    }

    @Test func `a service whose list never comes is lost with its old providers`() {
        var scene = Scene.settled(["a": znodes(1), "b": znodes(1)])
        scene.beginSession(withholding: "b")
        scene.pass(Tree.timeout + .seconds(1))
        #expect(scene.ports("b") == [1])
        #expect(scene.delivered["b"].map { $0.reach != .current } == true)
        #expect(scene.takeKinds().suffix(2) == ["changed b", "connected"])
    }

    @Test func `a provider that was taken back is not held, although its service is lost before it has been read whole`() {
        var scene = Scene.settled(["a": znodes(1, 2, 3)])
        let document = Array(#"{"host":"10.0.0.1","port":1}"#.utf8)
        let marked = WithdrawalMark.mark(document).map { String(decoding: $0, as: UTF8.self) }
        scene.tree.services?["a"]?["1"] = (marked ?? "", 2)
        scene.tree.disconnect()
        scene.step()
        scene.tree.withheld = [.read("a", instance: "2"), .read("a", instance: "3")]
        scene.tree.connect()
        scene.step()
        // One is asked for later than the other, and so overdue later.
        scene.tree.withheld = [.read("a", instance: "3")]
        scene.tree.failures = [.read("a", instance: "2"): .other(-127)]
        scene.tree.answer(.read("a", instance: "2"))
        scene.pass(Tree.timeout + .seconds(1))
        scene.tree.failures = [:]
        scene.answerWithheld()
        scene.pass(.seconds(30))
        #expect(scene.ports("a") == [2, 3])
        #expect(scene.held("a") == [])
    }

    /// What is asked for in a new session until nothing is, in order. `change` happens when so many services have been read.
    private func readAgain(_ scene: inout Scene, changingAfter count: Int = 0, _ change: (inout Scene) -> Void) -> [WatchRequest] {
        scene.tree.disconnect()
        scene.tree.now += .seconds(10)
        scene.tree.connect()
        var asked: [WatchRequest] = []
        var hasChanged = false
        while true {
            if !hasChanged, reads(asked).count >= 100 * count {
                change(&scene)
                hasChanged = true
            }
            let requests = scene.tree.discovery.takeRequests(at: scene.tree.now).map(\.request)
            if requests.isEmpty { return asked }
            asked += requests
            for request in requests { scene.tree.answer(request) }
        }
    }

    /// Twenty services of a hundred providers each.
    private var twenty: Scene {
        let providers = Dictionary(uniqueKeysWithValues: (0..<100).map { (InstanceName("\($0)"), Tree.good) })
        return Scene.settled(Dictionary(uniqueKeysWithValues: (0..<20).map { (ServiceName("s\($0)"), providers) }))
    }

    /// How many providers are asked for before a new one.
    private func readsBefore(_ new: WatchRequest, _ asked: [WatchRequest]) -> Int? {
        reads(asked).firstIndex(of: new)
    }

    private func reads(_ asked: [WatchRequest]) -> [WatchRequest] { asked.filter { if case .read = $0 { true } else { false } } }

    @Test func `services are read one after another`() {
        var scene = twenty
        let asked = readAgain(&scene) { _ in }
        let services = asked.compactMap { if case .read(let name, _) = $0 { name } else { nil } }
        #expect(services.count == 2000)
        for name in Set(services) {
            let places = services.indices.filter { services[$0] == name }
            // As many at a time as the window takes.
            #expect((places.last ?? 0) - (places.first ?? 0) < 2 * RequestQueue.window, "\(name.text)")
        }
    }

    @Test func `a service whose list is different has the first turn`() {
        for _ in 0..<5 {
            var scene = twenty
            scene.tree.services?["s7"]?["new"] = Tree.good
            let asked = readAgain(&scene) { _ in }
            #expect(readsBefore(.read("s7", instance: "new"), asked).map { $0 <= 2 * RequestQueue.window } == true)
        }
    }

    @Test func `a service whose watch fires before its turn has it now`() {
        for _ in 0..<5 {
            var scene = twenty
            let asked = readAgain(&scene, changingAfter: 1) { scene in
                scene.tree.services?["s7"]?["new"] = Tree.good
                scene.tree.fire("/providers/s7")
            }
            #expect(readsBefore(.read("s7", instance: "new"), asked).map { $0 <= 3 * RequestQueue.window } == true)
        }
    }
}

/// What is reported of each event in each state, by `DiscoveryState`'s table.
@Suite struct DiscoveryRowTests {
    /// How a registry of the services `a` and `b`, with the providers 1 and 2 each, stands before the event.
    enum Standing: CaseIterable {
        case unknown, within, outOfReach
        /// In a new session `a` has been read again, and `b` has not.
        case reading
    }

    /// An event, and what is reported of it.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let standing: Standing
        let kinds: [String]
        fileprivate let happen: @Sendable (inout Scene) -> Void

        fileprivate init(_ name: String, _ standing: Standing, _ kinds: [String], _ happen: @escaping @Sendable (inout Scene) -> Void) {
            (testDescription, self.standing, self.kinds, self.happen) = ("\(name), \(standing)", standing, kinds, happen)
        }
    }

    private static func scene(_ standing: Standing) -> Scene {
        let services: [ServiceName: Tree.Providers] = ["a": znodes(1, 2), "b": znodes(1, 2)]
        guard standing != .unknown else {
            var scene = Scene()
            scene.tree.services = services
            return scene
        }
        var scene = Scene.settled(services)
        if standing == .outOfReach { scene.tree.disconnect() }
        if standing == .reading { scene.beginSession(withholding: "b") }
        scene.step()
        _ = scene.takeKinds()
        return scene
    }

    @Sendable private static func change(_ name: ServiceName, _ scene: inout Scene) {
        scene.tree.services?[name] = znodes(2, 3, 4)
        scene.fire("/providers/\(name.text)")
    }

    @Sendable private static func restore(_ scene: inout Scene) {
        scene.tree.take(.restored(Registry(services: ["kept": Service()]), asOf: scene.tree.now))
    }

    @Sendable private static func spoil(_ scene: inout Scene) {
        scene.tree.services?["a"]?["1"] = ("nonsense", 2)
        scene.fire("/providers/a/1")
    }

    static let rows: [Row] = [
        Row("read whole", .unknown, ["complete", "connected"]) { $0.tree.connect() },
        Row("read whole", .outOfReach, ["connected"]) { $0.tree.connect(isNew: false) },
        Row("read whole", .reading, ["connected"]) { $0.answerWithheld() },
        Row("restored", .unknown, ["disconnected", "complete"], restore),
        Row("restored", .within, [], restore),
        Row("restored", .outOfReach, [], restore),
        Row("connection lost", .unknown, ["disconnected"]) {
            $0.tree.withheld = [.listServices]
            $0.tree.connect()
            $0.step()
            $0.tree.disconnect()
        },
        Row("connection lost", .within, ["disconnected"]) { $0.tree.disconnect() },
        Row("connection lost", .outOfReach, []) { $0.tree.disconnect() },
        Row("connection lost", .reading, []) { $0.tree.disconnect() },
        Row("root refused", .within, ["unusable", "disconnected"]) {
            $0.tree.failures = [.listServices: .other(-102)]
            $0.fire("/providers")
        },
        Row("service different", .within, ["changed a"]) { change("a", &$0) },
        Row("service different", .reading, ["changed a"]) { change("a", &$0) },
        Row("unread service different", .reading, []) { change("b", &$0) },
        Row("service gone", .within, ["changed a"]) {
            $0.tree.services?["a"] = nil
            $0.fire("/providers")
        },
        Row("service gone", .reading, ["changed a"]) {
            $0.tree.services?["a"] = nil
            $0.fire("/providers")
        },
        Row("service refused", .within, ["unusable", "changed a"]) {
            $0.tree.failures = [.listProviders("a"): .other(-102)]
            $0.fire("/providers/a")
        },
        Row("unread service lost", .reading, ["changed b", "connected"]) { $0.pass(Tree.timeout + .seconds(1)) },
        Row("znode unusable", .within, ["unusable", "changed a"], spoil),
        Row("znode unusable", .reading, ["unusable", "changed a"], spoil),
    ]

    @Test(arguments: rows) func `what follows is reported`(_ row: Row) {
        var scene = Self.scene(row.standing)
        row.happen(&scene)
        scene.step()
        #expect(scene.takeKinds() == row.kinds)
    }
}
