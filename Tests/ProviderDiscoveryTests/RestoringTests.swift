import IPAddressing
import ProviderRegistry
import TestSupport
import Testing

@testable import ProviderDiscovery
@testable import ZooKeeperClient

/// What was kept of a registry is served until it has been read.
@Suite struct RestoringTests {
    private struct Scene {
        var tree = Tree()
        var delivered: [ServiceName: Service]?
        var outSince: ContinuousClock.Instant?
        var isCurrent = false
        var wasOutAtFirst = false

        mutating func restore(_ services: [ServiceName: Service], age: Duration = .seconds(30)) {
            tree.take(.restored(Registry(services: services), asOf: tree.now - age))
            publish()
        }

        mutating func connect() { tree.connect() }

        mutating func read() {
            tree.settle()
            publish()
        }

        private mutating func publish() {
            for update in tree.discovery.takeOutput(at: tree.now).updates {
                switch update {
                case .complete(let registry):
                    delivered = registry.services
                    wasOutAtFirst = outSince != nil
                case .changed(let change): for (name, service) in change.services { delivered?[name] = service }
                case .connected: isCurrent = true
                case .disconnected(let instant): (outSince, isCurrent) = (instant, false)
                case .unusable, .mended, .repaired: break
                }
            }
        }
    }

    private func service(_ ports: UInt16...) -> Service {
        Service(
            registrations: Dictionary(
                uniqueKeysWithValues: ports.map {
                    let provider = Provider(host: .ipv4(IPv4Address(value: 0x0A00_0001)), port: $0)
                    return (InstanceName("\($0)"), Registration(creationZxid: 1, provider: provider))
                }))
    }

    private func held(_ port: UInt16) -> Service {
        Service(held: service(port).registrations.map { HeldProvider(instance: $0, registration: $1) })
    }

    private func znodes(_ ports: Int...) -> Tree.Providers {
        Dictionary(uniqueKeysWithValues: ports.map { (InstanceName("\($0)"), (#"{"host":"10.0.0.1","port":\#($0)}"#, Int64(1))) })
    }

    @Test func `without a connection all of it is served, out of reach since it was right`() {
        var scene = Scene()
        scene.restore(["a": service(80), "b": service(81)])
        #expect(scene.delivered == ["a": service(80), "b": service(81)])
        #expect(scene.outSince == scene.tree.now - .seconds(30))
        #expect(!scene.isCurrent)
        #expect(scene.wasOutAtFirst)
    }

    @Test func `a session replaces it service by service`() {
        var scene = Scene()
        scene.restore(["a": service(80), "b": service(81), "c": service(82)])
        scene.tree.services = ["a": znodes(90), "b": znodes(81)]
        scene.tree.withheld = [.listProviders("b")]
        scene.connect()
        scene.read()
        #expect(scene.delivered?["a"]?.registrations["90"] != nil)
        #expect(scene.delivered?["b"] == service(81))
        #expect(!scene.isCurrent)
        scene.tree.withheld = []
        scene.tree.answer(.listProviders("b"))
        scene.read()
        #expect(scene.isCurrent)
        #expect(scene.delivered?["b"]?.held == [])
    }

    @Test func `providers that are missing after it are held, and held ones that are back are not`() {
        var scene = Scene()
        let saved: [ServiceName: Service] = ["gone": service(80), "held": held(81), "lost": held(82)]
        scene.restore(saved)
        #expect(scene.delivered == saved)
        scene.tree.services = ["gone": [:], "held": znodes(81), "lost": [:]]
        scene.connect()
        scene.read()
        #expect(scene.isCurrent)
        #expect(scene.delivered?["gone"]?.held.map(\.instance) == ["80"])
        #expect(scene.delivered?["held"] == scene.tree.state.service("held"))
        #expect(scene.delivered?["lost"]?.held.map(\.instance) == ["82"])
    }

    @Test func `what has been read whole is not replaced by it`() {
        var scene = Scene()
        scene.tree.services = ["a": znodes(90)]
        scene.connect()
        scene.read()
        let delivered = scene.delivered
        scene.restore(["a": service(80), "b": service(81)])
        #expect(scene.delivered == delivered)
        #expect(scene.isCurrent)
    }

    @Test func `in the midst of the first reading it fills what is still to come, and nothing that is gone`() {
        var scene = Scene()
        scene.tree.services = ["read": znodes(80), "half": znodes(81, 82), "listed": znodes(83), "new": znodes(84)]
        scene.tree.withheld = [.read("half", instance: "82"), .listProviders("listed"), .listProviders("new")]
        scene.connect()
        scene.read()
        #expect(scene.delivered == nil)
        scene.restore(["read": service(70), "half": service(71, 82), "listed": service(83), "deleted": service(85)])
        #expect(scene.delivered?["read"]?.registrations.keys.map(\.text) == ["80"])
        #expect(Set(scene.delivered?["half"]?.registrations.keys.map(\.text) ?? []) == ["81", "82"])
        #expect(scene.delivered?["listed"] == service(83))
        #expect(scene.delivered?["new"]?.reach == .unknown)
        #expect(scene.delivered?["deleted"] == nil)
        for request in scene.tree.withheld { scene.tree.answer(request) }
        scene.tree.withheld = []
        scene.read()
        #expect(scene.isCurrent)
        #expect(scene.delivered?["new"]?.reach == .current)
        #expect(scene.delivered?["new"]?.registrations.count == 1)
    }

    @Test func `what it brings is read again in time like the rest`() {
        var scene = Scene()
        scene.restore(["a": service(80)])
        scene.tree.services = ["a": znodes(80)]
        scene.connect()
        scene.read()
        let asked = scene.tree.pass(Rereading.period + .seconds(2), step: .seconds(1))
        #expect(asked.contains(.read("a", instance: "80")))
    }
}
