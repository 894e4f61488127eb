import ProviderRegistry
import TestSupport
import Testing

@testable import ProviderDiscovery
@testable import ZooKeeperClient

@Suite struct DiscoveryStateTests {
    /// A tree that is followed.
    private struct Scene {
        var tree = Tree()
        /// What was delivered last of each service.
        var delivered: [ServiceName: Service] = [:]

        init(_ services: [ServiceName: Tree.Providers]) {
            tree.services = services
            tree.connect()
            step()
        }

        /// Reads what there is to read, and delivers what has come of it.
        mutating func step() {
            tree.settle()
            for update in tree.discovery.takeOutput(at: tree.now).updates {
                switch update {
                case .complete(let registry): delivered = registry.services
                case .changed(let change): for (name, service) in change.services { delivered[name] = service }
                case .connected, .disconnected, .unusable, .mended, .repaired: break
                }
            }
        }

        /// Lets time pass until the registry is within reach, half a minute at most.
        mutating func awaitReach() {
            for _ in 0..<300 where !tree.state.reach.isWithin { _ = tree.pass(.milliseconds(100), step: .milliseconds(100)) }
            #expect(tree.state.reach.isWithin)
        }

        mutating func remove(_ instance: InstanceName, from name: ServiceName) {
            tree.services?[name]?[instance] = nil
            tree.fire("/providers/\(name.text)")
        }
    }

    private func providers(_ count: Int) -> Tree.Providers {
        Dictionary(
            uniqueKeysWithValues: (1...count).map { (InstanceName("\($0)"), (#"{"host":"10.0.0.1","port":\#($0)}"#, Int64(1))) })
    }

    @Test func `other settings count from now on: no hold-down, then one`() {
        for (holdDown, held) in [(Duration.zero, 0), (.seconds(120), 1), (.zero, 0)] {
            var scene = Scene(["a": providers(2)])
            scene.tree.take(.configured(WatchSettings(holdDown: .zero)))
            scene.tree.take(.configured(WatchSettings(holdDown: holdDown)))
            scene.tree.connect()
            scene.remove("1", from: "a")
            scene.step()
            #expect(scene.delivered["a"]?.registrations.count == 1)
            #expect(scene.delivered["a"]?.held.count == held)
        }
    }

    @Test func `a change that waits for its turn is held at a mass removal like the others`() {
        let count = ChangePace.longService + 10
        var scene = Scene(["long": providers(count), "other": providers(count + 100)])
        // A change that is taken in at once, so that the next one waits.
        scene.tree.services?["long"]?["1"] = (#"{"host":"10.0.0.2","port":1}"#, 2)
        scene.tree.fire("/providers/long/1")
        scene.step()
        scene.remove("2", from: "long")
        scene.step()
        #expect(scene.tree.discovery.deadline.map { $0 > scene.tree.now } == true)
        scene.tree.services?["other"] = [:]
        scene.tree.fire("/providers/other")
        scene.step()
        #expect(scene.delivered["other"]?.held.count == count + 100)
        scene.tree.now += .seconds(1)
        scene.step()
        #expect(scene.delivered["long"]?.held.contains { $0.instance == "2" } == true)
    }

    @Test(arguments: [true, false])
    func `a service whose few documents say much waits as a long one does`(_ saysMuch: Bool) {
        let ports = (1...32).map { number in "\"p\(number)\":\(number)" }.joined(separator: ",")
        func document(_ host: String) -> String { "{\"host\":\"\(host)\",\"port\":1" + (saysMuch ? ",\"ports\":{\(ports)}}" : "}") }
        var all: Tree.Providers = [:]
        for number in 1...40 { all[InstanceName("\(number)")] = (document("10.1.0.\(number)"), 1) }
        var scene = Scene(["rich": all])
        for name in ["1", "2"] {
            scene.tree.services?["rich"]?[InstanceName(name)] = (document("10.2.0.\(name)"), 2)
            scene.tree.fire("/providers/rich/\(name)")
            scene.step()
        }
        let registrations = scene.delivered["rich"]?.registrations ?? [:]
        #expect(registrations["1"]?.provider.host.text == "10.2.0.1")
        #expect((registrations["2"]?.provider.host.text == "10.2.0.2") != saysMuch)
    }

    @Test func `an outage of the root alone is one after which providers are held`() {
        var scene = Scene(["a": providers(3)])
        scene.tree.failures = [.listServices: .other(-102)]
        scene.tree.fire("/providers")
        scene.step()
        _ = scene.tree.pass(.seconds(60), step: .milliseconds(500))
        scene.tree.failures = [:]
        scene.tree.services?["a"]?["1"] = nil
        scene.awaitReach()
        scene.tree.fire("/providers/a")
        scene.step()
        #expect(scene.delivered["a"]?.held.map(\.instance) == ["1"])
    }

    @Test func `held providers that are refused go, except the last one of a service`() throws {
        var scene = Scene(["a": providers(10)])
        let offers = try (1...10).map { try #require(scene.delivered["a"]?.registrations["\($0)"]?.provider.offer) }
        scene.tree.services?["a"] = [:]
        scene.tree.fire("/providers/a")
        scene.step()
        #expect(scene.delivered["a"]?.held.count == 10, "a mass removal")
        for offer in offers { scene.tree.take(.refused(offer, of: "a")) }
        scene.step()
        #expect(scene.delivered["a"]?.held.map(\.instance) == ["10"])
        scene.tree.services?["a"] = ["new": (#"{"host":"10.0.0.9","port":9}"#, 3)]
        scene.tree.fire("/providers/a")
        scene.step()
        scene.tree.take(.refused(offers[9], of: "a"))
        scene.step()
        #expect(scene.delivered["a"] == scene.tree.state.service("a"))
    }

    @Test func `connections over which nothing is answered do not end an outage`() {
        var scene = Scene(["a": providers(3)])
        scene.tree.withheld = [.listServices]
        for _ in 0..<5 {
            scene.tree.disconnect()
            scene.step()
            // Each shorter than an outage after which providers are held.
            scene.tree.now += Tree.timeout / 4
            scene.tree.connect(isNew: false)
            scene.step()
        }
        scene.tree.disconnect()
        scene.tree.withheld = []
        scene.tree.connect(isNew: false)
        scene.tree.services?["a"]?["1"] = nil
        scene.awaitReach()
        scene.tree.fire("/providers/a")
        scene.step()
        #expect(scene.delivered["a"]?.held.map(\.instance) == ["1"])
    }
}
