import ProviderRegistry
import Testing

@testable import ProviderDiscovery

@Suite struct LossLedgerTests {
    private let a = ServiceName("a")
    private let b = ServiceName("b")

    private func member(_ number: Int) -> HeldProvider {
        let host = ProviderHost("10.\(number >> 16).\(number >> 8 & 255).\(number & 255)")
        let provider = Provider(host: host ?? .name("none"), port: 80)
        return HeldProvider(instance: InstanceName("\(number)"), registration: Registration(creationZxid: 1, provider: provider))
    }

    private func change(gone: some Sequence<Int> = [], come: some Sequence<Int> = []) -> OfferChange {
        OfferChange(gone: gone.map(member).map { ($0.provider.offer, $0) }, come: come.map { member($0).provider.offer })
    }

    private func lost(_ ledger: LossLedger, _ name: ServiceName) -> [String] { ledger.lost(by: name).map(\.instance.text).sorted() }

    @Test func `a service that lost too many keeps those that it lost last`() {
        var ledger = LossLedger(lifetime: .seconds(10), bounds: .init(ofService: 3, inAll: 100))
        ledger.take(change(gone: 1...3), of: a, at: .zero)
        ledger.take(change(gone: 4...5), of: a, at: .seconds(1))
        #expect(lost(ledger, a) == ["3", "4", "5"])
        #expect(ledger.takeDropped() == 2)
        #expect(ledger.takeDropped() == 0)
    }

    @Test func `a service that lost more than its share pays itself, and for one that lost less the longest lost go`() {
        var ledger = LossLedger(lifetime: .seconds(10), bounds: .init(ofService: 100, inAll: 6))
        ledger.take(change(gone: [1]), of: b, at: .zero)
        ledger.take(change(gone: 10...14), of: a, at: .seconds(1))
        ledger.take(change(gone: 15...17), of: a, at: .seconds(2))
        #expect(lost(ledger, b) == ["1"])
        #expect(lost(ledger, a) == ["13", "14", "15", "16", "17"])
        #expect(ledger.takeDisturbed() == [])
        ledger.take(change(gone: [2]), of: b, at: .seconds(3))
        #expect(lost(ledger, b) == ["2"])
        ledger.take(change(gone: [3]), of: ServiceName("c"), at: .seconds(4))
        #expect(lost(ledger, a) == ["14", "15", "16", "17"])
        #expect(ledger.takeDisturbed() == [a])
        #expect(ledger.missing == 6)
    }

    @Test func `one new provider takes along one loss, whichever is forgotten first`() {
        var ledger = LossLedger(lifetime: .seconds(10))
        ledger.take(change(gone: 1...2), of: a, at: .zero)
        ledger.take(change(come: [3]), of: a, at: .seconds(5))
        ledger.take(change(gone: [4]), of: a, at: .seconds(8))
        #expect(ledger.expire(at: .seconds(10)) == [a])
        // The new one stood in for one of the first two.
        #expect(lost(ledger, a) == ["4"])
        var early = LossLedger(lifetime: .seconds(10))
        early.take(change(come: [3]), of: a, at: .zero)
        early.take(change(gone: [1]), of: a, at: .seconds(5))
        #expect(early.expire(at: .seconds(10)) == [])
        #expect(early.missing == 0)
        #expect(early.size == 0)
    }

    @Test func `a second lifetime ends when something comes, or is over`() {
        var ledger = LossLedger(lifetime: .seconds(10))
        ledger.take(change(gone: [1]), of: a, at: .zero)
        ledger.take(change(gone: [2]), of: a, at: .seconds(5))
        ledger.take(change(gone: [3]), of: b, at: .seconds(5))
        #expect(ledger.expire(at: .seconds(10)) { _ in true } == [])
        #expect(ledger.nextEnd == .seconds(15))
        ledger.endOvertime(of: a)
        #expect(lost(ledger, a) == ["2"])
        #expect(ledger.expire(at: .seconds(15)) { $0 == b } == [a])
        #expect(ledger.nextEnd == .seconds(25))
        #expect(ledger.expire(at: .seconds(25)) { _ in true } == [b])
        #expect(ledger.size == 0)
    }

    @Test func `the same offer lost again in its second lifetime begins with the first`() {
        var ledger = LossLedger(lifetime: .seconds(10))
        ledger.take(change(gone: [1]), of: a, at: .zero)
        ledger.take(change(come: [1]), of: a, at: .seconds(4))
        ledger.take(change(gone: [1]), of: a, at: .seconds(8))
        #expect(ledger.expire(at: .seconds(10)) { _ in true } == [])
        #expect(ledger.nextEnd == .seconds(18))
        #expect(ledger.expire(at: .seconds(18)) == [a])
    }

    @Test func `what vanishes and returns again and again takes no memory`() {
        var ledger = LossLedger(lifetime: .seconds(10))
        ledger.take(change(gone: [0]), of: b, at: .zero)
        for _ in 0..<20_000 {
            ledger.take(change(gone: [1]), of: a, at: .seconds(1))
            ledger.take(change(come: [1]), of: a, at: .seconds(1))
            ledger.take(change(come: [2]), of: a, at: .seconds(1))
            ledger.take(change(gone: [2]), of: a, at: .seconds(1))
            ledger.take(change(come: [2]), of: a, at: .seconds(1))
        }
        #expect(ledger.size < 3000)
        #expect(ledger.services.count == 1)
    }

    @Test(arguments: [false, true])
    func `replacing all providers of a service again and again costs time in proportion to them`(areReplaced: Bool) {
        func time(_ count: Int) -> Duration {
            ContinuousClock().measure {
                var ledger = LossLedger(lifetime: .seconds(10), bounds: .init(ofService: 2 * count, inAll: 2 * count))
                for round in 0..<4 {
                    for number in 0..<count {
                        let time = Duration.seconds(6 * round) + .nanoseconds(number)
                        let (old, new) = (round * count + number, (round + 1) * count + number)
                        ledger.take(change(gone: [old], come: areReplaced ? [new] : []), of: a, at: time)
                        _ = ledger.expire(at: time)
                    }
                }
            }
        }
        // Tenfold providers take tenfold time; a search for each of them would take a hundredfold.
        let (few, many) = ((0..<3).map { _ in time(500) }.min(), (0..<2).map { _ in time(5000) }.min())
        if let few, let many { #expect(many < few * 35) }
    }
}
