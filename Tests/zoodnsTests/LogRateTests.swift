import Testing

@testable import zoodns

@Suite struct LogRateTests {
    private let start = ContinuousClock.now

    @Test func `each kind has a rate of its own, and what is over is counted by kind`() {
        var rate = LogRate(linesPerSecond: 3)
        let bad = (0..<100).map { _ in rate.judge("bad", at: start) }
        #expect(bad.filter { $0 == .passes }.count == 3)
        #expect(bad[3] == .isLeftOut(isFirst: true))
        #expect(bad[4] == .isLeftOut(isFirst: false))
        #expect(rate.judge("good", at: start) == .passes)
        #expect(rate.takeOver(at: start + .milliseconds(999)).isEmpty)
        let over = rate.takeOver(at: start + .seconds(1))
        #expect(over.map(\.kind) == ["bad"])
        #expect(over.map(\.count) == [97])
        #expect(rate.judge("bad", at: start + .seconds(1)) == .passes)
        #expect(rate.takeOver(at: start + .seconds(5)).isEmpty, "what was written is not left out")
    }

    @Test func `kinds without end share a rate, and none is lost`() {
        var rate = LogRate(linesPerSecond: 2)
        var passed = 0
        for number in 0..<10_000 where rate.judge("kind \(number)", at: start) == .passes { passed += 1 }
        #expect(passed < 300)
        #expect(rate.takeOver(at: start + .seconds(1)).reduce(0) { $0 + $1.count } == 10_000 - passed)
    }

    @Test func `zero is no limit`() {
        var rate = LogRate(linesPerSecond: 0)
        #expect((0..<1000).allSatisfy { _ in rate.judge("kind", at: start) == .passes })
    }
}
