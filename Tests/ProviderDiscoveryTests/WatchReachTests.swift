import ProviderRegistry
import TestSupport
import Testing

@testable import ProviderDiscovery
@testable import ZooKeeperClient

@Suite struct WatchReachTests {
    private let good = Tree.good

    /// Whether the registry has come within reach, or gone out of it, since that was asked last.
    private func news(_ tree: inout Tree) -> Bool? { tree.state.takeOutput().reach }

    @Test func `a connection proves nothing, the root's list over it does`() {
        var tree = Tree.settled(["a": ["1": good]])
        let lostAt = tree.now
        tree.disconnect()
        #expect(news(&tree) == false)
        for _ in 0..<3 {
            tree.now += .seconds(7)
            tree.withheld = [.listServices]
            tree.connect(isNew: false)
            tree.settle()
            #expect(tree.asked == [.listServices])
            #expect(news(&tree) == nil)
            tree.disconnect()
        }
        #expect(tree.state.reach.outSince == lostAt)
        tree.withheld = []
        tree.connect(isNew: false)
        // It has been lost with three connections.
        _ = tree.pass(.seconds(1))
        #expect(news(&tree) == true)
        #expect(tree.state.reach.isWithin)
    }

    @Test func `nothing else is asked for over a connection before the root has been answered`() {
        var tree = Tree.settled(["a": ["1": good]])
        tree.withheld = [.listServices, .listProviders("a")]
        for path in ["/providers", "/providers/a"] { tree.fire(path) }
        tree.settle()
        for _ in 0..<5 {
            tree.disconnect()
            tree.connect(isNew: false)
            // However long the pause before the root is asked for again.
            #expect(Set(tree.pass(.seconds(6))) == [.listServices])
        }
        tree.disconnect()
        tree.withheld = [.listProviders("a")]
        tree.connect(isNew: false)
        let asked = tree.pass(.seconds(6))
        #expect(asked.first == .listServices)
        #expect(asked.contains(.listProviders("a")))
        #expect(tree.state.reach.isWithin)
    }

    @Test func `a root that may not be listed is out of reach, asked for after growing pauses, and back when it may be`() {
        var tree = Tree.settled(["a": ["1": good]])
        tree.failures = [.listServices: .other(-102)]
        tree.fire("/providers")
        tree.settle()
        #expect(news(&tree) == false)
        #expect(tree.state.reach.outSince == tree.now)
        #expect(tree.state.service("a")?.registrations.count == 1)
        let asked = tree.pass(.seconds(300)).count { $0 == .listServices }
        #expect(10...30 ~= asked, "\(asked)")
        tree.failures = [:]
        _ = tree.pass(.seconds(31))
        #expect(news(&tree) == true)
    }

    @Test func `a root that is not answered while connected is out of reach since it was asked for`() {
        var tree = Tree.settled(["a": ["1": good]])
        tree.withheld = [.listServices]
        let askedAt = tree.now
        tree.fire("/providers")
        tree.settle()
        _ = tree.pass(.seconds(9))
        #expect(news(&tree) == nil)
        _ = tree.pass(.seconds(2))
        #expect(news(&tree) == false)
        #expect(tree.state.reach.outSince == askedAt)
    }

    @Test func `a service whose list never comes, however often there is a connection, is lost since it was asked for`() {
        var tree = Tree.settled(["a": ["1": good], "b": ["1": good]])
        tree.withheld = [.listProviders("a")]
        let askedAt = tree.now
        tree.fire("/providers/a")
        tree.settle()
        for _ in 0..<3 {
            _ = tree.pass(.seconds(6))
            tree.disconnect()
            tree.now += .milliseconds(100)
            tree.connect(isNew: false)
            tree.settle()
        }
        let output = tree.state.takeOutput()
        #expect(output.lost == ["a"])
        #expect(output.changed == ["a"])
        #expect(output.reach == true)
        #expect(tree.state.service("a")?.reach == .lost(since: askedAt))
        #expect(tree.state.service("a")?.registrations.count == 1)
        #expect(tree.state.service("b")?.reach == .current)
        tree.withheld = []
        tree.answer(.listProviders("a"))
        tree.settle()
        #expect(tree.state.takeOutput().regained == 1)
        #expect(tree.state.service("a")?.reach == .current)
    }

    @Test func `what is only late, while others are answered, is not lost`() {
        var tree = Tree.settled(["a": ["1": good], "b": ["1": good]])
        tree.withheld = [.listProviders("a")]
        tree.fire("/providers/a")
        tree.settle()
        _ = tree.pass(.seconds(30), step: .seconds(1)) { $0.fire("/providers/b") }
        #expect(tree.state.takeOutput().lost == [])
        _ = tree.pass(.seconds(11))
        #expect(tree.state.takeOutput().lost == ["a"])
    }

    @Test func `a service of which a busy server says nothing is lost while others are answered`() {
        var tree = Tree.settled(["a": ["1": good], "b": ["1": good]])
        tree.failures = [.listProviders("a"): .other(-127)]
        tree.fire("/providers/a")
        _ = tree.pass(.seconds(11)) { $0.fire("/providers/b") }
        #expect(tree.state.takeOutput().lost == ["a"])
    }

    @Test func `one that is asked for just before an outage is not lost by it`() {
        var tree = Tree.settled(["a": ["1": good]])
        tree.withheld = [.listProviders("a")]
        tree.fire("/providers/a")
        tree.settle()
        tree.disconnect()
        tree.now += .seconds(100)
        tree.withheld = []
        tree.connect(isNew: false)
        tree.state.tick(at: tree.now)
        tree.settle()
        #expect(tree.state.takeOutput().lost == [])
        #expect(tree.state.service("a")?.reach == .current)
    }

    @Test func `connections that are lost as soon as a service is asked for make that service stale`() {
        var tree = Tree.settled(["a": ["1": good]])
        tree.withheld = [.listProviders("a")]
        tree.fire("/providers/a")
        tree.settle()
        for _ in 0..<30 {
            tree.disconnect()
            tree.now += .milliseconds(500)
            tree.connect(isNew: false)
            tree.settle()
        }
        #expect(tree.state.takeOutput().lost == ["a"])
    }

    @Test func `a service that may not be listed is lost for itself, and never empty`() {
        var tree = Tree.settled(["a": ["1": good], "b": ["1": good]])
        tree.failures = [.listProviders("a"): .other(-102), .listProviders("c"): .other(-102)]
        tree.services?["c"] = ["1": good]
        tree.fire("/providers/a")
        tree.fire("/providers")
        tree.settle()
        let output = tree.state.takeOutput()
        #expect(Set(output.lost) == ["a", "c"])
        #expect(output.reach == nil)
        #expect(output.reports.count == 2)
        #expect(tree.state.service("a")?.reach == .lost(since: tree.now))
        #expect(tree.state.service("a")?.registrations.count == 1)
        #expect(tree.state.service("c")?.reach == .unknown)
        #expect(tree.state.service("b")?.reach == .current)
        tree.failures = [:]
        _ = tree.pass(.seconds(31))
        #expect(tree.state.service("a")?.reach == .current)
        #expect(tree.state.service("c") == Service(registrations: tree.state.service("a")?.registrations ?? [:]))
    }

    @Test func `a service is not there before its list is`() {
        var tree = Tree.settled(["a": ["1": good]])
        tree.services?["new"] = ["1": good, "2": good]
        tree.withheld = [.read("new", instance: "2")]
        tree.fire("/providers")
        tree.settle()
        #expect(tree.state.service("new") == nil)
        tree.withheld = []
        tree.answer(.read("new", instance: "2"))
        #expect(tree.state.service("new")?.registrations.count == 2)
        #expect(tree.state.takeOutput().changed == ["new"])
    }

    @Test func `a provider that is new and never answered for costs itself`() {
        var tree = Tree.settled(["a": ["old": good]])
        tree.services?["a"] = ["new": good, "stuck": good]
        tree.withheld = [.read("a", instance: "stuck")]
        tree.fire("/providers/a")
        tree.settle()
        #expect(tree.state.service("a")?.registrations.count == 2)
        _ = tree.pass(.seconds(11))
        #expect(tree.state.service("a")?.registrations.keys.map(\.text) == ["new"])
        #expect(tree.state.service("a")?.reach == .current)
        #expect(tree.state.takeOutput().reports.map(\.reason) == ["no answer"])
        tree.withheld = []
        tree.answer(.read("a", instance: "stuck"))
        #expect(tree.state.service("a")?.registrations.count == 2)
    }

    @Test func `a provider that is served and not answered for makes its service stale`() {
        var tree = Tree.settled(["a": ["1": good, "2": good]])
        tree.withheld = [.read("a", instance: "1")]
        let askedAt = tree.now
        tree.fire("/providers/a/1")
        tree.settle()
        _ = tree.pass(.seconds(11))
        #expect(tree.state.service("a")?.reach == .lost(since: askedAt))
        #expect(tree.state.service("a")?.registrations.count == 2)
        tree.withheld = []
        tree.answer(.read("a", instance: "1"))
        #expect(tree.state.service("a")?.reach == .current)
    }

    @Test func `a provider that may not be read any more is left out, the last one kept and stale`() {
        var tree = Tree.settled(["a": ["1": good, "2": good]])
        for instance in ["1", "2"] as [InstanceName] {
            tree.failures[.read("a", instance: instance)] = .other(-102)
            tree.fire("/providers/a/\(instance.text)")
            tree.settle()
            #expect(tree.state.service("a")?.registrations.count == 1)
        }
        #expect(tree.state.service("a")?.reach == .lost(since: tree.now))
        tree.failures = [:]
        _ = tree.pass(.seconds(121))
        #expect(tree.state.service("a")?.registrations.count == 2)
        #expect(tree.state.service("a")?.reach == .current)
    }

    @Test func `in a new session all that may not be read makes a service stale, not empty`() {
        var tree = Tree.settled(["a": ["1": good, "2": good, "3": good], "b": ["1": good]])
        tree.disconnect()
        for instance in ["1", "2", "3"] as [InstanceName] { tree.failures[.read("a", instance: instance)] = .other(-102) }
        tree.connect()
        tree.settle()
        #expect(tree.state.service("a")?.registrations.count == 3)
        #expect(tree.state.service("a")?.reach != .current)
        #expect(tree.state.reach.isWithin)
    }

    @Test func `in a new session each service takes its place when it has been read, others keep theirs`() {
        var tree = Tree.settled(["a": ["1": good], "b": ["1": good], "gone": ["1": good]])
        tree.disconnect()
        _ = tree.state.takeOutput()
        tree.services = ["a": ["2": good], "b": ["2": good]]
        tree.withheld = [.listProviders("b")]
        tree.connect()
        tree.settle()
        var output = tree.state.takeOutput()
        #expect(output.changed == ["a", "gone"])
        #expect(output.reach == nil)
        #expect(tree.state.service("a")?.registrations.keys.map(\.text) == ["2"])
        #expect(tree.state.service("b")?.registrations.keys.map(\.text) == ["1"])
        #expect(!tree.state.reach.isWithin)
        tree.withheld = []
        tree.answer(.listProviders("b"))
        tree.settle()
        output = tree.state.takeOutput()
        #expect(output.changed == ["b"])
        #expect(output.reach == true)
        #expect(!output.isNewlyComplete)
    }

    @Test func `one that a new session has no answer for is lost since the outage began, and does not hold back the others`() {
        var tree = Tree.settled(["a": ["1": good], "b": ["1": good]])
        let lostAt = tree.now
        tree.disconnect()
        tree.now += .seconds(60)
        tree.withheld = [.listProviders("b")]
        tree.connect()
        tree.settle()
        #expect(!tree.state.reach.isWithin)
        _ = tree.pass(.seconds(11))
        #expect(tree.state.reach.isWithin)
        #expect(tree.state.service("b")?.reach == .lost(since: lostAt))
        // Its data may have changed in the meantime, without a watch.
        tree.services?["b"]?["1"] = (good.text, 2)
        tree.withheld = []
        tree.answer(.listProviders("b"))
        tree.settle()
        #expect(tree.asked.contains(.read("b", instance: "1")))
        #expect(tree.state.service("b")?.reach == .current)
    }

    @Test(arguments: [nil, ZooKeeperError.other(-102)]) func `a first reading is complete without a service that has no answer`(
        _ failure: ZooKeeperError?
    ) {
        var tree = Tree()
        tree.services = ["a": ["1": good], "b": ["1": good]]
        if let failure { tree.failures[.listProviders("b")] = failure } else { tree.withheld = [.listProviders("b")] }
        tree.connect()
        tree.settle()
        #expect(tree.state.reach.isComplete == (failure != nil))
        _ = tree.pass(.seconds(11))
        #expect(tree.state.takeOutput().isNewlyComplete)
        #expect(tree.state.registry.services["a"]?.registrations.count == 1)
        #expect(tree.state.registry.services["b"] == Service(reach: .unknown))
    }

    /// A connection that is lost over one document, or a busy server, brings no answer ever.
    @Test func `a first reading is complete without a provider that has no answer`() {
        var tree = Tree()
        tree.services = ["a": ["1": good], "b": ["1": good, "2": good]]
        tree.failures[.read("b", instance: "2")] = .other(-1)
        tree.connect()
        tree.settle()
        for _ in 0..<15 { _ = tree.pass(.seconds(1)) }
        #expect(tree.state.reach.isComplete)
        #expect(tree.state.registry.services["b"]?.registrations.keys.map(\.text) == ["1"])
    }

    @Test func `a service whose providers may none be read is not known, rather than empty`() {
        var tree = Tree()
        tree.services = ["a": ["1": good, "2": good]]
        for instance in ["1", "2"] { tree.failures[.read("a", instance: InstanceName(instance))] = .other(-102) }
        tree.connect()
        tree.settle()
        #expect(tree.state.registry.services["a"]?.reach == .unknown)
    }

    @Test func `services that keep changing do not keep the first reading from being complete`() {
        var tree = Tree()
        tree.services = ["a": ["0": good]]
        tree.connect()
        var number = 0
        for _ in 0..<100 where !tree.state.reach.isComplete {
            for (request, _) in tree.state.takeRequests(at: tree.now) {
                tree.answer(request)
                number += 1
                tree.services?["a"] = ["0": good, "\(number)": good]
                tree.fire("/providers/a")
            }
        }
        #expect(tree.state.reach.isComplete)
    }

    @Test func `a root whose list waits for a long pause is listed within a second after a reconnect`() {
        var tree = Tree.settled(["a": ["1": good]])
        tree.withheld = [.listServices]
        tree.fire("/providers")
        tree.settle()
        for _ in 0..<10 {
            tree.disconnect()
            tree.connect(isNew: false)
            _ = tree.pass(RequestPacing.longestPause, step: .milliseconds(500))
        }
        tree.disconnect()
        tree.withheld = []
        tree.connect(isNew: false)
        _ = tree.pass(.seconds(1))
        #expect(tree.state.reach.isWithin)
    }

    @Test(arguments: [false, true]) func `a slow server has no service lost after an outage of a large registry`(_ isNew: Bool) {
        let names = (0..<RequestQueue.window).map { ServiceName("s\($0)") }
        var tree = Tree.settled(Dictionary(uniqueKeysWithValues: names.map { ($0, ["1": good]) }))
        tree.withheld = Set(names.map(WatchRequest.listProviders))
        for name in names { tree.fire("/providers/\(name.text)") }
        tree.settle()
        #expect(tree.asked.count == names.count)
        tree.disconnect()
        tree.now += .seconds(60)
        tree.connect(isNew: isNew)
        // The first answer comes late, and two hundred and fifty a second then, in order.
        let asked = tree.pass(.milliseconds(900), step: .milliseconds(100)).filter(tree.withheld.contains)
        #expect(Set(asked) == tree.withheld)
        for request in asked {
            tree.withheld.remove(request)
            tree.now += .milliseconds(4)
            tree.answer(request)
            tree.settle()
        }
        #expect(tree.state.takeOutput().lost == [])
        #expect(tree.state.reach.isWithin)
    }
}
