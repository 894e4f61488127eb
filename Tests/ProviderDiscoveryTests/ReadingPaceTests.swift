import ProviderRegistry
import TestSupport
import Testing

@testable import ProviderDiscovery
@testable import ZooKeeperClient

/// Sessions and connections that come and go cost ZooKeeper no reading of everything each.
@Suite struct ReadingPaceTests {
    private static let services = 40
    private static let providersOfService = 100
    private static let providers = services * providersOfService

    private static func registry() -> [ServiceName: Tree.Providers] {
        let providers = Dictionary(uniqueKeysWithValues: (0..<providersOfService).map { (InstanceName("\($0)"), Tree.good) })
        return Dictionary(uniqueKeysWithValues: (0..<services).map { (ServiceName("\($0)"), providers) })
    }

    private func reads(_ asked: [WatchRequest]) -> Int { asked.count { if case .read = $0 { true } else { false } } }

    /// How a connection comes back.
    enum Return: CaseIterable {
        case newSession
        case sameSessionWithoutWatches
    }

    private func come(back kind: Return, _ tree: inout Tree) {
        tree.connect(isNew: kind == .newSession)
        if kind == .sameSessionWithoutWatches { tree.take(.session(.watchesLost)) }
    }

    @Test(arguments: Return.allCases) func `what flaps three times a second has everything read seven times in 25 s`(_ kind: Return) {
        var tree = Tree.settled(Self.registry())
        tree.now += ReadingPace.quietTime
        var asked: [WatchRequest] = []
        for _ in 0..<83 {
            tree.disconnect()
            come(back: kind, &tree)
            asked += tree.pass(.milliseconds(300), step: .milliseconds(50))
        }
        #expect(2 * Self.providers...8 * Self.providers ~= reads(asked), "\(reads(asked))")
        // The last pause ends: all is proved again.
        asked = tree.pass(ReadingPace.longestPause, step: .milliseconds(50))
        // With some that are read again in their turn.
        #expect(reads(asked) <= Self.providers * 11 / 10)
        #expect(tree.state.reach.isWithin)
    }

    @Test(arguments: Return.allCases) func `one return after a quiet time is followed by the reading at once`(_ kind: Return) {
        var tree = Tree.settled(Self.registry())
        tree.now += ReadingPace.quietTime
        tree.disconnect()
        come(back: kind, &tree)
        tree.settle()
        #expect(reads(tree.asked) == Self.providers)
        #expect(tree.state.reach.isWithin)
    }

    @Test func `a return in a session whose watches are still there waits for nothing, however often`() {
        var tree = Tree.settled(Self.registry())
        for number in 0..<10 {
            tree.disconnect()
            tree.connect(isNew: false)
            tree.services?["0"]?["new-\(number)"] = Tree.good
            tree.fire("/providers/0")
            _ = tree.pass(.milliseconds(300), step: .milliseconds(50))
            #expect(tree.state.service("0")?.registrations.count == Self.providersOfService + number + 1)
        }
    }

    @Test func `pauses grow to the longest, and begin short again after a quiet time`() {
        var pace = ReadingPace()
        var now = ContinuousClock.now
        var pauses: [Duration] = []
        for _ in 0..<10 {
            pace.want(at: now)
            let due = pace.due ?? now
            pauses.append(now.duration(to: due))
            now = due
            let isAdmitted = pace.admits(at: now)
            #expect(isAdmitted)
        }
        #expect(pauses[0] == .zero && pauses[1] == .zero)
        #expect(.milliseconds(500) ... .seconds(1) ~= pauses[2])
        #expect(ReadingPace.longestPause / 2...ReadingPace.longestPause ~= pauses[9])
        pace.want(at: now + ReadingPace.quietTime)
        #expect(pace.due == now + ReadingPace.quietTime)
    }
}
