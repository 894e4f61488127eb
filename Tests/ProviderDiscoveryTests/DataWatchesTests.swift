import ProviderRegistry
import TestSupport
import Testing

@testable import ProviderDiscovery
@testable import ZooKeeperClient

/// Who has a watch on its data when there are not enough for all.
@Suite struct DataWatchesTests {
    private let good = Tree.good

    private func many(_ count: Int, _ document: (text: String, version: Int64) = Tree.good) -> Tree.Providers {
        Dictionary(uniqueKeysWithValues: (0..<count).map { (InstanceName("\($0)"), document) })
    }

    /// How many providers of a service have a watch.
    private func watched(_ tree: Tree, _ name: ServiceName) -> Int {
        tree.watched.count { if case .read(name, _) = $0 { true } else { false } }
    }

    /// A registry in which one service has more providers than there are watches.
    private func flooded() -> Tree {
        var tree = Tree.settled(["good": ["a": good], "flood": [:]])
        tree.services?["flood"] = many(DataWatches.mostShared + 2000)
        tree.fire("/providers/flood")
        tree.settle()
        _ = tree.state.takeOutput()
        return tree
    }

    @Test func `a service of thousands leaves others their watches, and small ones that come after it find some`() {
        var tree = flooded()
        tree.services?["new"] = many(DataWatches.mostReservedOfService)
        tree.fire("/providers")
        tree.settle()
        #expect(watched(tree, "new") == DataWatches.mostReservedOfService)
        #expect(watched(tree, "flood") == DataWatches.mostShared - 1)
        for version in Int64(2)..<5 {
            tree.services?["good"]?["a"] = (#"{"host":"10.0.0.\#(version)","port":80}"#, version)
            tree.fire("/providers/good/a")
            tree.settle()
            #expect(tree.watched.contains(.read("good", instance: "a")))
        }
    }

    @Test func `after a restart a service of thousands leaves watches to others, small or not`() {
        var tree = Tree()
        tree.services = ["flood": many(DataWatches.mostShared + 2000), "small": many(100), "medium": many(1000)]
        tree.connect()
        tree.settle()
        #expect(watched(tree, "small") == 100)
        #expect(watched(tree, "medium") == 1000)
        #expect(tree.watched.count <= DataWatches.mostShared + DataWatches.mostReserved)
    }

    @Test func `a service of thousands that has the first turn leaves watches to those that wait, and has the rest`() {
        var watches = DataWatches(zones: 1)
        func takeAll(_ name: ServiceName, _ most: Int, besides waiting: ReadingTurns.Size) -> Int {
            var count = 0
            while count < most, watches.hasRoom(for: name, besides: waiting, isPreferred: false) {
                watches.grant(InstanceName("\(count)"), of: name, besides: waiting)
                count += 1
            }
            return count
        }
        let most = DataWatches.mostShared
        #expect(takeAll("flood", 2 * most, besides: .init(services: 2, reads: 1100)) == most - 1100)
        #expect(takeAll("medium", 1000, besides: .init(services: 1, reads: 100)) == 1000)
        #expect(takeAll("small", 100, besides: .init(services: 0, reads: 0)) == 100)
        // Two floods that wait keep a service from no watch that it has a share in.
        watches = DataWatches(zones: 1)
        #expect(takeAll("medium", 1000, besides: .init(services: 2, reads: 2 * most)) == 1000)
        #expect(takeAll("flood", most, besides: .init(services: 1, reads: most)) == (most - 1000) / 2)
        #expect(takeAll("other", most, besides: .init(services: 0, reads: 0)) == (most - 1000) / 2)
    }

    @Test func `data that cannot be used is watched, as far as one service can have reserved watches`() {
        var tree = flooded()
        tree.services?["bad"] = many(DataWatches.mostReservedOfService + 50, ("bad", 1))
        tree.fire("/providers")
        tree.settle()
        #expect(watched(tree, "bad") == DataWatches.mostReservedOfService)
        // A mended one makes room for another when it changes again.
        guard case .read(_, let mended)? = tree.watched.first(where: { if case .read("bad", _) = $0 { true } else { false } }) else {
            return #expect(Bool(false))
        }
        for version in Int64(2)...3 {
            tree.services?["bad"]?[mended] = (good.text, version)
            tree.fire("/providers/bad/\(mended.text)")
            tree.settle()
        }
        #expect(!tree.watched.contains(.read("bad", instance: mended)))
        #expect(watched(tree, "bad") == DataWatches.mostReservedOfService - 1)
    }

    @Test func `no more than the reserved watches are given to many services together`() {
        var tree = flooded()
        let services = DataWatches.mostReserved / 50 + 10
        for number in 0..<services { tree.services?[ServiceName("s\(number)")] = many(50) }
        tree.fire("/providers")
        tree.settle()
        #expect(tree.watched.count == DataWatches.mostShared + DataWatches.mostReserved)
        // Those who go leave room.
        tree.services?["flood"] = [:]
        tree.fire("/providers/flood")
        tree.settle()
        tree.rereads = true
        _ = tree.pass(Rereading.period + .seconds(1), step: .seconds(1))
        for number in 0..<services { #expect(watched(tree, ServiceName("s\(number)")) == 50) }
    }

    @Test func `watches that are lost are set again, and no others`() {
        var tree = flooded()
        let before = tree.watched
        tree.take(.session(.disconnected))
        tree.connect(isNew: false)
        tree.take(.session(.watchesLost))
        tree.watched = []
        tree.settle()
        #expect(tree.watched == before)
        #expect(!tree.asked.contains { if case .read = $0 { !before.contains($0) } else { false } })
    }

    /// Otherwise it would count as watched without a watch, and a mended document be seen minutes later.
    @Test func `whether there is a watch is decided when a request is sent`() {
        var tree = flooded()
        let unwatched = tree.services?["flood"]?.keys.first { !tree.watched.contains(.read("flood", instance: $0)) }
        let watched = tree.services?["flood"]?.keys.first { tree.watched.contains(.read("flood", instance: $0)) }
        guard let unwatched, let watched else { return #expect(Bool(false)) }
        let request = WatchRequest.read("flood", instance: unwatched)
        tree.services?["flood"]?[unwatched] = ("bad", 2)
        tree.withheld = [request]
        tree.fire("/providers/flood/\(unwatched.text)")
        tree.settle()
        #expect(tree.asked == [request])
        tree.services?["flood"]?[watched] = nil
        tree.fire("/providers/flood")
        // A long list waits for the one before it.
        _ = tree.pass(.milliseconds(500), step: .milliseconds(100))
        #expect(tree.state.service("flood")?.registrations[watched] == nil)
        tree.withheld = []
        tree.answer(request)
        tree.settle()
        #expect(tree.asked == [request])
        #expect(tree.watched.contains(request))
    }
}
