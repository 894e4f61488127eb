import ProviderRegistry
import TestSupport
import Testing

@testable import ProviderDiscovery
@testable import ZooKeeperClient

/// Nothing that a server or a registrant does makes requests follow each other without a pause.
@Suite struct WatchPaceTests {
    private let good = Tree.good
    /// Most requests for one path in ten seconds: ten a second, and a burst.
    private let most = 100 + RequestPacing.burst

    private func most(_ asked: [WatchRequest]) -> Int { Dictionary(grouping: asked) { $0 }.values.map(\.count).max() ?? 0 }

    @Test func `a change after a quiet time is asked for at once, and so are some more`() {
        var tree = Tree.settled(["a": ["1": good]])
        for number in 0..<RequestPacing.burst {
            tree.services?["a"]?["new-\(number)"] = good
            tree.fire("/providers/a")
            tree.settle()
            #expect(tree.state.service("a")?.registrations.count == number + 2)
        }
    }

    @Test func `creations and deletions without a pause in a short list are each asked for at once`() {
        var tree = Tree.settled(["a": ["1": good]])
        for _ in 0..<200 {
            for isThere in [true, false] {
                tree.services?["a"]?["new"] = isThere ? good : nil
                // Of a deletion both watches tell.
                if !isThere { tree.fire("/providers/a/new") }
                tree.fire("/providers/a")
                _ = tree.pass(.milliseconds(3), step: .milliseconds(1))
                #expect(tree.state.service("a")?.registrations.count == (isThere ? 2 : 1))
            }
        }
    }

    @Test(arguments: [1, 50, RequestPacing.shortList])
    func `lists that bring something new all the time have a bound together`(_ length: Int) {
        var pacing = RequestPacing()
        let start = ContinuousClock.now
        let services = (0..<50).map { WatchRequest.listProviders("s\($0)") }
        var count = 0
        for tick in 0..<10_000 {
            let now = start + .milliseconds(tick)
            let due = pacing.takeDue(at: now)
            for request in due { pacing.broughtNews(request) }
            let admitted = services.filter { pacing.admits($0, length: length, at: now) }
            for request in admitted { pacing.broughtNews(request) }
            count += due.count + admitted.count
        }
        let quick = RequestPacing.quickNamesPerSecond * 11 / (length + RequestPacing.quickListCost)
        #expect(count <= quick + services.count * (100 + RequestPacing.burst), "\(count)")
        #expect(count >= quick * 8 / 10, "\(count)")
        // Once they have used all up, none waits longer than it would without.
        #expect(pacing.deadline.map { $0 <= start + .seconds(10) + RequestPacing.interval * RequestPacing.burst } ?? true)
    }

    @Test(arguments: ["/providers", "/providers/a", "/providers/a/1"]) func `watches that fire all the time cost ten requests a second`(
        _ path: String
    ) {
        var tree = Tree.settled(["a": ["1": good]])
        let asked = tree.pass(.seconds(10), step: .milliseconds(1)) { $0.fire(path) }
        #expect(90...most ~= asked.count, "\(asked.count)")
    }

    @Test func `a list that names what is not there does not make a loop run hot`() {
        var tree = Tree.settled(["a": ["1": good]])
        tree.services?["a"]?["ghost"] = good
        tree.failures = [.read("a", instance: "ghost"): .noNode]
        tree.fire("/providers/a")
        tree.settle()
        _ = tree.pass(.seconds(10))
        // The pauses have grown.
        let asked = tree.pass(.seconds(10))
        #expect(1...4 ~= most(asked), "\(asked)")
    }

    @Test(arguments: [ZooKeeperError.other(-127), .other(-102), .connectionLoss, .sessionEnded])
    func `what is refused at once is asked for after growing pauses`(_ error: ZooKeeperError) {
        for request in [WatchRequest.listServices, .listProviders("a")] {
            var tree = Tree.settled(["a": ["1": good]])
            tree.failures = [request: error]
            tree.fire("/providers")
            tree.fire("/providers/a")
            tree.settle()
            _ = tree.pass(.seconds(10))
            let asked = tree.pass(.seconds(10))
            #expect(most(asked) <= 4, "\(asked)")
            tree.failures = [:]
            tree.services?["a"]?["2"] = good
            tree.fire("/providers/a")
            _ = tree.pass(.seconds(31))
            #expect(tree.state.reach.isWithin)
            #expect(tree.state.service("a")?.registrations.count == 2)
        }
    }

    @Test func `sessions that are new each time do not make the root's list run hot`() {
        var tree = Tree.settled(["a": ["1": good]])
        tree.withheld = [.listServices]
        let asked = tree.pass(.seconds(30), step: .milliseconds(100)) { tree in
            tree.disconnect()
            tree.connect()
        }
        #expect(asked.count <= 30, "\(asked.count)")
        tree.withheld = []
        _ = tree.pass(.seconds(6))
        #expect(tree.state.reach.isWithin)
    }

    @Test func `a busy server is asked again soon`() {
        var tree = Tree.settled(["a": ["1": good]])
        tree.failures = [.read("a", instance: "1"): .other(-127)]
        tree.services?["a"]?["1"] = (#"{"host":"10.0.0.2","port":80}"#, 2)
        tree.fire("/providers/a/1")
        tree.settle()
        #expect(tree.asked == [.read("a", instance: "1")])
        tree.failures = [:]
        _ = tree.pass(.milliseconds(200))
        #expect(tree.state.takeOutput().changed == ["a"])
    }

    @Test func `documents that are bad and change all the time cost ten reads a second in a large registry`() {
        let many = Dictionary(uniqueKeysWithValues: (0...DataWatches.mostShared).map { (InstanceName("\($0)"), good) })
        var tree = Tree.settled(["a": many])
        tree.services?["a"]?["0"] = ("bad", 2)
        tree.take(.answer(.failed(.connectionLoss), to: .read("a", instance: "0"), generation: tree.state.generation))
        let asked = tree.pass(.seconds(10)) { tree in
            tree.services?["a"]?["0"]?.version += 1
            tree.fire("/providers/a/0")
        }
        #expect(asked.count { $0 == .read("a", instance: "0") } <= most, "\(asked.count)")
    }

    private static let seconds = Int(Rereading.period.components.seconds)

    @Test(arguments: [1, 7, 5000]) func `each provider is read again once in ten minutes, evenly, however they are spread`(_ services: Int)
    {
        let count = 5000
        var rereading = Rereading()
        for number in 0..<count { rereading.add([InstanceName("\(number)")], of: ServiceName("s\(number % services)")) }
        for _ in 0..<2 {
            var seen: [InstanceName: Int] = [:]
            for _ in 0..<Self.seconds {
                let chosen = rereading.next()
                // Eight on average, by hashes: seven times the standard deviation above that.
                #expect(chosen.count <= 30)
                for (_, instance) in chosen { seen[instance, default: 0] += 1 }
            }
            #expect(seen.count == count)
            #expect(seen.values.allSatisfy { $0 == 1 })
        }
    }

    @Test func `a provider that comes at any time is read again within ten minutes, however many come to another service meanwhile`() {
        var rereading = Rereading()
        for start in [0, 1, 299, 599] {
            for _ in 0..<start { _ = rereading.next() }
            let new = InstanceName("new-\(start)")
            rereading.add([new], of: "good")
            var seen = 0
            for second in 0..<Self.seconds {
                for number in 0..<10 { rereading.add([InstanceName("\(start)-\(second)-\(number)")], of: "flood") }
                seen += rereading.next().count { $0.0 == "good" && $0.1 == new }
            }
            #expect(seen == 1)
        }
    }

    @Test func `providers that come and go again and again are read again once`() {
        var rereading = Rereading()
        for _ in 0..<100 {
            rereading.add(["1", "2"], of: "a")
            rereading.remove("2", of: "a")
        }
        let all = (0..<Self.seconds).flatMap { _ in rereading.next() }
        #expect(all.map(\.1) == ["1"])
    }

    @Test func `services that are just short enough have a rate together, and shorter ones wait for none`() {
        var pacing = RequestPacing()
        let start = ContinuousClock.now
        let length = RequestPacing.longList - 1
        var names = 0
        for tick in 0..<100 {
            let now = start + .milliseconds(100) * tick
            names += length * pacing.takeDue(at: now).count
            for number in 0..<1000 where pacing.admits(.listProviders("s\(number)"), length: length, at: now) { names += length }
            #expect(pacing.admits(.listProviders("short-\(tick)"), length: RequestPacing.shortList, at: now) == true)
            #expect(pacing.admits(.listServices, length: RequestPacing.shortList + 1, at: now) == true)
        }
        // In ten seconds, with the second before them.
        #expect(RequestPacing.allNamesPerSecond * 10...RequestPacing.allNamesPerSecond * 11 + length ~= names, "\(names)")
    }

    @Test func `one change of a large service, and ordinary changes of a hundred, are asked for at once`() {
        var pacing = RequestPacing()
        let now = ContinuousClock.now
        #expect(pacing.admits(.listProviders("large"), length: 5000, at: now) == true)
        for number in 0..<100 {
            for _ in 0..<RequestPacing.burst { #expect(pacing.admits(.listProviders("s\(number)"), length: 20, at: now) == true) }
        }
        for number in 0..<100 { #expect(pacing.admits(.listProviders("t\(number)"), length: 500, at: now) == true) }
    }

    @Test func `an idle registry of one large service costs its share of requests`() {
        let many = Dictionary(uniqueKeysWithValues: (0..<5000).map { (InstanceName("\($0)"), good) })
        var tree = Tree.settled(["a": many])
        tree.rereads = true
        let asked = tree.pass(.seconds(120), step: .milliseconds(200))
        // A thousand on average, by hashes.
        #expect(800...1200 ~= asked.count { if case .read = $0 { true } else { false } }, "\(asked.count)")
        #expect(asked.count { if case .read = $0 { false } else { true } } == 4)
    }
}
