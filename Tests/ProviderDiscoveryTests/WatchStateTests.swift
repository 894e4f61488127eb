import ProviderRegistry
import TestSupport
import Testing

@testable import ProviderDiscovery
@testable import ZooKeeperClient

@Suite struct WatchStateTests {
    private let good = Tree.good

    @Test func `nothing is asked without a connection`() {
        var tree = Tree()
        tree.settle()
        #expect(tree.asked == [])
    }

    @Test func `a registry is complete when all of it has been read`() {
        var tree = Tree()
        tree.services = ["a": ["1": good, "2": good], "empty": [:]]
        tree.connect()
        #expect(!tree.state.reach.isComplete)
        tree.settle()
        #expect(tree.state.takeOutput().isNewlyComplete)
        #expect(tree.state.registry.services.keys.sorted() == ["a", "empty"])
        #expect(tree.state.service("a")?.registrations.count == 2)
    }

    @Test func `a missing root is an empty registry that is waited for`() {
        var tree = Tree()
        tree.services = nil
        tree.connect()
        tree.settle()
        #expect(tree.state.takeOutput().isNewlyComplete)
        #expect(tree.asked == [.listServices, .awaitRoot])
        tree.services = ["a": ["1": good]]
        tree.take(.session(.watch(path: "/providers")))
        tree.settle()
        #expect(tree.state.takeOutput().changed == ["a"])
    }

    @Test func `a lost connection has requests repeated in the same session`() {
        var tree = Tree()
        tree.services = ["a": ["1": good]]
        tree.connect()
        let first = tree.state.takeRequests(at: tree.now).map(\.request)
        tree.take(.session(.disconnected))
        tree.take(.answer(.failed(.connectionLoss), to: first[0], generation: tree.state.generation))
        #expect(tree.state.takeRequests(at: tree.now).isEmpty)
        tree.connect(isNew: false)
        tree.settle()
        #expect(tree.state.takeOutput().isNewlyComplete)
    }

    @Test func `answers of an earlier session are ignored`() {
        var tree = Tree()
        tree.connect()
        let earlier = tree.state.generation
        _ = tree.state.takeRequests(at: tree.now)
        tree.connect()
        tree.take(.answer(.names(["ghost"]), to: .listServices, generation: earlier))
        tree.settle()
        #expect(tree.state.registry == Registry())
    }

    @Test func `a bad znode costs itself, is reported once a version, and comes back when mended`() {
        var tree = Tree()
        tree.services = ["a": ["1": good, "bad": ("nope", 1)]]
        tree.connect()
        tree.settle()
        #expect(tree.state.takeOutput().reports.map(\.path) == ["/providers/a/bad"])
        #expect(tree.state.service("a")?.registrations.count == 1)
        tree.take(.session(.watch(path: "/providers/a/bad")))
        tree.settle()
        #expect(tree.state.takeOutput().reports == [])
        tree.services?["a"]?["bad"] = (good.text, 2)
        tree.take(.session(.watch(path: "/providers/a/bad")))
        tree.settle()
        let output = tree.state.takeOutput()
        #expect(output.changed == ["a"])
        #expect(output.mended.map(\.path) == ["/providers/a/bad"] && output.mended.map(\.reason) == ["not a JSON object"])
        #expect(tree.state.service("a")?.registrations.count == 2)
    }

    @Test func `of each reported znode the last word is that it is mended, however much came at once`() {
        var tree = Tree.settled(["a": ["1": good, "bad": ("nope", 1), "worse": ("", 1)], "b": ["x": ("nope", 1)]])
        // Reported for another reason, then mended, before anybody looks.
        for (text, version) in [("{}", Int64(2)), (good.text, 3)] {
            tree.services?["a"]?["bad"] = (text, version)
            tree.fire("/providers/a/bad")
            tree.settle()
        }
        tree.services?["a"]?["worse"] = nil
        tree.services?["b"] = nil
        tree.fire("/providers/a")
        tree.fire("/providers")
        tree.settle()
        let output = tree.state.takeOutput()
        #expect(output.reports == [])
        #expect(output.mended.map(\.reason).sorted() == ["no data", "not a JSON object", "not a JSON object"])
        #expect(tree.state.reported.isEmpty)
    }

    @Test func `a change says when the event came that reported it`() {
        var tree = Tree.settled(["a": ["1": good]])
        let event = tree.now
        tree.services?["a"]?["2"] = good
        tree.services?["new"] = ["1": good]
        tree.take(.session(.watch(path: "/providers/a")))
        tree.take(.session(.watch(path: "/providers")))
        tree.now += .seconds(2)
        // A second event of the same change is later.
        tree.take(.session(.watch(path: "/providers/a")))
        tree.settle()
        #expect(tree.state.takeOutput().heard == ["a": event, "new": event])
        #expect(tree.state.heard.isEmpty)
        // An event without a change leaves nothing behind for the next one.
        tree.fire("/providers/a/1")
        tree.settle()
        tree.now += .seconds(100)
        tree.services?["a"]?["1"] = (#"{"host":"10.0.0.2","port":80}"#, 7)
        tree.fire("/providers/a/1")
        tree.settle()
        #expect(tree.state.takeOutput().heard == ["a": tree.now])
        // What is found without an event is reported without one.
        tree.services?["a"]?["2"] = nil
        _ = tree.pass(.seconds(120), step: .seconds(1))
        let found = tree.state.takeOutput()
        #expect(found.changed == ["a"] && found.heard == [:] && found.repairs == 1)
    }

    @Test func `a lost watch is repaired and counted`() {
        var tree = Tree.settled(["a": ["1": good]])
        tree.services = ["a": ["2": good], "b": [:]]
        tree.now += .seconds(61)
        tree.state.tick(at: tree.now)
        tree.settle()
        let output = tree.state.takeOutput()
        #expect(output.repairs == 3)
        #expect(output.changed == ["a", "b"])
    }

    /// Has the time for a reconciliation come.
    private func reconcile(_ tree: inout Tree) {
        tree.now += .seconds(61)
        tree.state.tick(at: tree.now)
    }

    @Test func `what a watch reported before the reconciliation is no repair, waiting or under way`() {
        for isSent in [false, true] {
            var tree = Tree.settled(["a": ["1": good]])
            tree.services = ["a": ["2": good], "b": ["1": good]]
            tree.take(.session(.watch(path: "/providers")))
            tree.take(.session(.watch(path: "/providers/a")))
            let sent = isSent ? tree.state.takeRequests(at: tree.now).map(\.request) : []
            reconcile(&tree)
            for request in sent { tree.answer(request) }
            tree.settle()
            #expect(tree.state.takeOutput().repairs == 0)
            #expect(tree.state.service("a")?.registrations.keys.map(\.text) == ["2"])
        }
    }

    @Test func `what a watch tells of during the reconciliation is no repair`() {
        var tree = Tree.settled(["a": ["1": good]])
        reconcile(&tree)
        let sent = tree.state.takeRequests(at: tree.now).map(\.request)
        tree.services = ["a": ["2": good], "b": [:]]
        // ZooKeeper tells of a change before it answers with it.
        tree.take(.session(.watch(path: "/providers")))
        tree.take(.session(.watch(path: "/providers/a")))
        for request in sent { tree.answer(request) }
        tree.settle()
        #expect(tree.state.takeOutput().repairs == 0)
    }

    @Test func `a large service's change that waits for its pause is no repair`() {
        let many = Dictionary(uniqueKeysWithValues: (0...RequestPacing.longList).map { (InstanceName("\($0)"), good) })
        var tree = Tree.settled(["a": many])
        // Listed by a reconciliation, so the watch that fires next has to wait.
        reconcile(&tree)
        tree.settle()
        tree.now += .seconds(60) - RequestPacing.interval / 2
        tree.take(.session(.watch(path: "/providers/a")))
        tree.settle()
        tree.services?["a"]?["0"] = nil
        tree.now += .milliseconds(1)
        tree.take(.session(.watch(path: "/providers/a")))
        tree.now += RequestPacing.interval / 2
        tree.state.tick(at: tree.now)
        tree.settle()
        #expect(tree.state.takeOutput().repairs == 0)
    }

    @Test func `many services that come and go are listed once in a while`() {
        let many = Dictionary(
            uniqueKeysWithValues: (0...RequestPacing.longList).map {
                (ServiceName("\($0)"), [InstanceName: (text: String, version: Int64)]())
            }
        )
        var tree = Tree.settled(many)
        tree.now += .seconds(1)
        for number in 0..<3 {
            tree.services?["new-\(number)"] = [:]
            tree.fire("/providers")
            tree.settle()
            #expect(tree.asked.contains(.listServices) == (number == 0))
        }
        tree.now += RequestPacing.interval
        tree.state.tick(at: tree.now)
        tree.settle()
        #expect(tree.asked.first == .listServices)
        #expect(tree.state.registry.services.count == many.count + 3)
    }

    @Test func `the first list of services is no repair, however late`() {
        var tree = Tree()
        tree.services = ["a": ["1": good]]
        tree.connect()
        _ = tree.state.takeRequests(at: tree.now)
        tree.take(.answer(.failed(.other(-102)), to: .listServices, generation: tree.state.generation))
        reconcile(&tree)
        tree.settle()
        #expect(tree.state.takeOutput().repairs == 0)
    }

    @Test func `watches that are lost with a connection are armed again, and what was read stays`() {
        var tree = Tree.settled(["a": ["1": good], "b": ["1": good]])
        tree.take(.session(.disconnected))
        tree.services = ["a": ["2": good], "b": ["1": good]]
        tree.connect(isNew: false)
        tree.take(.session(.watchesLost))
        #expect(tree.state.service("a")?.registrations.keys.map(\.text) == ["1"])
        tree.settle()
        #expect(tree.asked.contains(.listServices))
        for request in [WatchRequest.listProviders("a"), .listProviders("b"), .read("b", instance: "1")] {
            #expect(tree.asked.contains(request))
        }
        let output = tree.state.takeOutput()
        #expect(output.changed == ["a"])
        #expect(output.repairs == 0)
        #expect(tree.state.service("a")?.registrations.keys.map(\.text) == ["2"])
    }

    @Test func `a list of services that cannot be had is asked for again`() {
        var tree = Tree()
        tree.services = ["a": ["1": good]]
        tree.connect()
        let first = tree.state.takeRequests(at: tree.now).map(\.request)
        #expect(first == [.listServices])
        tree.take(.answer(.failed(.other(-102)), to: .listServices, generation: tree.state.generation))
        #expect(tree.state.takeOutput().reports.map(\.path) == ["/providers"])
        tree.now += .seconds(61)
        tree.state.tick(at: tree.now)
        tree.settle()
        #expect(tree.state.takeOutput().isNewlyComplete)
    }

    @Test func `a provider that gives way to another is served until that one has been read`() {
        var tree = Tree.settled(["a": ["old": good]])
        tree.services = ["a": ["new": good]]
        tree.take(.session(.watch(path: "/providers/a/old")))
        tree.take(.session(.watch(path: "/providers/a")))
        while true {
            let requests = tree.state.takeRequests(at: tree.now).map(\.request)
            if requests.isEmpty { break }
            for request in requests {
                tree.answer(request)
                #expect(tree.state.service("a")?.registrations.count ?? 0 > 0, "after \(request)")
            }
        }
        #expect(tree.state.service("a")?.registrations.keys.map(\.text) == ["new"])
    }

    @Test func `a provider that is gone for good is gone`() {
        var tree = Tree.settled(["a": ["1": good, "2": good]])
        tree.services?["a"]?["2"] = nil
        tree.take(.session(.watch(path: "/providers/a/2")))
        tree.settle()
        #expect(tree.state.service("a")?.registrations.keys.map(\.text) == ["1"])
    }

    @Test func `what comes while the registry is first read does not keep it from being complete`() {
        var tree = Tree()
        tree.services = ["a": ["1": good]]
        tree.connect()
        tree.answer(.listServices)
        tree.answer(.listProviders("a"))
        tree.services?["a"]?["2"] = good
        tree.take(.session(.watch(path: "/providers/a")))
        tree.answer(.listProviders("a"))
        tree.answer(.read("a", instance: "1"))
        #expect(tree.state.takeOutput().isNewlyComplete)
        tree.settle()
        #expect(tree.state.service("a")?.registrations.count == 2)
    }

    @Test func `two spellings of one letter are two services`() {
        var tree = Tree()
        let composed: ServiceName = "caf\u{E9}"
        let decomposed: ServiceName = "cafe\u{301}"
        tree.services = [composed: ["1": good], decomposed: [:]]
        tree.connect()
        tree.settle()
        #expect(tree.state.registry.services.count == 2)
        tree.services?[decomposed]?["2"] = good
        tree.take(.session(.watch(path: "/providers/\(decomposed.text)")))
        tree.settle()
        #expect(tree.state.service(decomposed)?.registrations.keys.map(\.text) == ["2"])
    }
}
